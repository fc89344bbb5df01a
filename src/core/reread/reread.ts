import { readFileSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { claudeRead, ownOutput, replacing, textAsRead, textOutput } from '../budget/claude-read.ts'
import type { ToolRead } from '../budget/tool-read.ts'
import { switchesIn } from '../config/switches.ts'
import { type Ask, answerTo, TERMS } from '../diff/plan-answer.ts'
import { type Happening, happened } from '../diff/seen.ts'
import { fileSource } from '../diff/source.ts'
import { textHash } from '../diff/text.ts'
import { hasErrno } from '../errors.ts'
import type { Fired } from '../fired.ts'
import { removeOld } from '../line-log.ts'
import { contextTokens } from './context-size.ts'
import { keepText, keptText, tidyTexts } from './held-texts.ts'
import { type SeenLog, seenLog } from './seen-log.ts'

/** What a hook has to decide by. */
export interface RereadPlace {
  /** Directory of what sessions hold, below the root. */
  readonly dir: string
  readonly userFile: string
  readonly env: NodeJS.ProcessEnv
  readonly nowMs: number
  /** Something else was put in the place of this answer already. */
  readonly isReplaced: boolean
}

/** What a read is answered by instead. */
export interface RereadAnswer {
  readonly output: string
  readonly action: 'patch' | 'same' | 'full'
  /** Tokens kept from the context, by characters; negative for a text that was given after all. */
  readonly savedTokens: number
  readonly because: string
}

/** Larger texts would take longer than an agent likes to wait. */
const MAX_CHARS = 1024 * 1024
/** Code and numbered lines, roughly; the same measure for both sides. */
const CHARS_PER_TOKEN = 3
const FORGETS: readonly string[] = ['PreCompact', 'PostCompact']
/** Where a session begins without its context being what it was; `startup` has none yet. */
const NEW_START = /"source"\s*:\s*"startup"/

/**
 * What a read of a whole file in Claude Code is answered by: a patch where this very context was given the text of the file before, nothing says that
 * it was lost, and the patch saves enough; undefined where the client's own answer stands. The tool has read the file by then, so an edit is not refused;
 * whoever reads it once more has the text. Throws the system's errors.
 */
export function answerReread(fired: Fired, place: RereadPlace): RereadAnswer | undefined {
  const log = seenLog(join(place.dir, 'sessions'), fired.clientSession, fired.toolUse)
  if (fired.event === 'SessionStart' || FORGETS.includes(fired.event)) return forget(fired, place, log)
  if (fired.event !== 'PostToolUse' || fired.tool !== 'Read') return undefined
  const isOn = switchesIn({ userFile: place.userFile, cwd: fired.project, env: place.env })
  if (!isOn('diff.enabled', false)) return undefined
  const input: unknown = JSON.parse(fired.input.toString('utf8'))
  const read = claudeRead(input)
  const path = read && realFile(resolve(fired.project, read.file))
  // What names lines gets them, and is no reading of the whole.
  if (read === undefined || path === undefined || !read.whole) return undefined
  const source = fileSource(path)
  if (place.isReplaced) return unsure(log, fired.agent, source)
  const { transcript_path: main } = Object(input)
  const tokens = typeof main === 'string' ? contextTokens(main, fired.agent) : undefined
  if (read.answer === 'stub') return textForStub(fired, read, place, { log, path, source })
  const { content, from, to, of } = read.answer
  // Without the size of the context nobody would notice that something left it.
  if (tokens === undefined || from !== 1 || to !== of || content.length > MAX_CHARS)
    return unsure(log, fired.agent, source)

  const size: Happening = { kind: 'size', context: fired.agent, tokens }
  const { seen: before, turn } = log.read()
  const seen = happened(before, size)
  const ask: Ask = { context: fired.agent, source, version: textHash(content), turn, exact: true }
  const texts = join(place.dir, 'texts')
  const answer = answerTo(
    seen,
    ask,
    content,
    {
      textOf: (version) => keptText(texts, version),
      count: (text) => Math.ceil(text.length / CHARS_PER_TOKEN),
      words: { patch: () => introduction(read.file), same: () => sameText(read.file) },
    },
    TERMS,
  )
  const isKept = log.note(size)
  if (answer.as === 'full') keepText(texts, ask.version, content, place.nowMs)
  // Kept before it is given: a hook that dies in between leaves an agent with more than is known of it.
  const isNoted =
    isKept &&
    log.note({ kind: 'given', context: ask.context, source, version: ask.version, turn, as: answer.as })
  if (answer.as === 'full' || answer.text === undefined || !isNoted) return undefined
  const { savedTokens, because } = answer
  return { output: replacing(ownOutput(read.file, answer.text)), action: answer.as, savedTokens, because }
}

function introduction(path: string): string {
  return `${path} has changed since you read all of it in this conversation. This is the difference, exactly: what it does not name is as you read it. \
Lines that go begin with -, new ones with +; -FROM,COUNT are lines as you read them, +FROM,COUNT as they are now. >A-B are lines A to B as you read them. \
Nothing is kept from you: read it again for the whole file.
`
}

function sameText(path: string): string {
  return `${path} is as you read it in this conversation. Read it again for the whole file.\n`
}

/** The client says that it gave this before. That is so, unless its answer was a patch: then the text is given, as it was asked for twice. */
function textForStub(
  { agent }: Fired,
  read: ToolRead,
  { dir, nowMs }: RereadPlace,
  { log, path, source }: { readonly log: SeenLog; readonly path: string; readonly source: string },
): RereadAnswer | undefined {
  const { seen, turn } = log.read()
  const held = seen.get(agent)?.held.get(source)
  if (held === undefined || held.answered === 'full') return undefined
  const text = textAsRead(readFileSync(path))
  const lines = text.split('\n')
  const version = textHash(text)
  keepText(join(dir, 'texts'), version, text, nowMs)
  log.note({ kind: 'given', context: agent, source, version, turn, as: 'full' })
  return {
    output: replacing(textOutput(read.file, lines, 1, lines.length)),
    action: 'full',
    savedTokens: -Math.ceil(text.length / CHARS_PER_TOKEN),
    because: 'it asks again',
  }
}

function unsure(log: SeenLog, context: string, source: string): undefined {
  log.noteIfKnown({ kind: 'unsure', context, source })
}

/** What may have left the context is not built upon, and a day that begins is one to tidy up on. */
function forget(fired: Fired, place: RereadPlace, log: SeenLog): undefined {
  if (fired.event === 'SessionStart' && NEW_START.test(fired.input.toString('utf8'))) {
    removeOld(join(place.dir, 'sessions'), place.nowMs)
    tidyTexts(join(place.dir, 'texts'), place.nowMs)
  } else log.noteIfKnown({ kind: 'lost' })
}

function realFile(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP')) return undefined
    throw error
  }
}
