import { readFileSync, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { switchesIn } from '../config/switches.ts'
import { hasErrno } from '../errors.ts'
import type { Fired } from '../fired.ts'
import { fingerprint } from '../hash.ts'
import { removeOld } from '../line-log.ts'
import { claudeRead, ownOutput, replacing, textAsRead, textOutput } from './claude-read.ts'
import type { Answer, Ask } from './gate.ts'
import { mcpRead, replacingMcp } from './mcp-read.ts'
import { outlineOf, type Ways } from './outline.ts'
import { treeOf } from './outline-cache.ts'
import { type PlannedFile, planNames, plannedFile } from './plan-file.ts'
import { SessionLog } from './session-log.ts'
import type { Parse } from './source.ts'
import type { ToolRead } from './tool-read.ts'

/** What a hook has to decide by. */
export interface BudgetPlace {
  /** Directory of budgets below the root. */
  readonly dir: string
  readonly userFile: string
  readonly env: NodeJS.ProcessEnv
  /** A module that exports `analyzerFor`. */
  readonly parsers: string
  readonly parse?: Parse | undefined
  readonly nowMs: number
  /** Whatever plan there is, and if there is none: no file is given whole that has more tokens than this, by four bytes a token. */
  readonly atMostTokens?: number
}

/** What a read is answered by instead, and what that is worth. */
export interface ReadAnswer {
  /** For stdout; undefined where the client's own answer stands. */
  readonly output: string | undefined
  readonly action: Exclude<Answer, 'whole' | 'stub'>
  /** Tokens kept from the context; negative for what a second question brought into it after all. */
  readonly savedTokens: number
  readonly because: string
}

/** Larger files are given as they are: reading them would take longer than an agent likes to wait. */
const MAX_FILE_BYTES = 8 * 1024 * 1024
const WRITERS: readonly string[] = ['Edit', 'Write', 'MultiEdit', 'NotebookEdit']
const FORGETS: readonly string[] = ['PreCompact', 'PostCompact']
/** Where a session begins without its context being what it was; `startup` has none yet. */
const NEW_START = /"source"\s*:\s*"startup"/

/**
 * What a read in Claude Code, by its own tool or by one of an MCP server, is answered by: nothing (undefined) unless budgets are on here and the file is planned and over its budget, or has
 * been read before and may be pointed to. Everything cheap is looked at first, the parser last. Throws the system's errors.
 */
export async function answerRead(fired: Fired, place: BudgetPlace): Promise<ReadAnswer | undefined> {
  const names = planNames(place.dir)
  const { atMostTokens = Number.POSITIVE_INFINITY } = place
  const isBounded = Number.isFinite(atMostTokens)
  if (names.size === 0 && !isBounded) return undefined
  const log = new SessionLog(join(place.dir, 'sessions'), fired.clientSession)
  if (fired.event === 'SessionStart' || FORGETS.includes(fired.event)) return forget(fired, place, log)
  if (fired.event !== 'PostToolUse') return undefined
  const isWrite = WRITERS.includes(fired.tool)
  const isMcp = fired.tool.startsWith('mcp__')
  if (!isWrite && !isMcp && fired.tool !== 'Read') return undefined
  const isOn = switchesIn({ userFile: place.userFile, cwd: fired.project, env: place.env })
  const isPlanOn = isOn('budget.enabled', false)
  if (!isPlanOn && !isBounded) return undefined

  const input: unknown = JSON.parse(fired.input.toString('utf8'))
  if (isWrite) {
    const { file_path, notebook_path } = Object(Object(input).tool_input)
    const path = file_path ?? notebook_path
    const file = typeof path === 'string' ? realFile(resolve(fired.project, path)) : undefined
    const lines = editedLines(input)
    if (file !== undefined)
      log.note({ kind: 'edit', context: fired.agent, file: fingerprint([file]), ...(lines && { lines }) })
    return undefined
  }
  const read = isMcp ? mcpRead(input) : claudeRead(input)
  const file = read && realFile(resolve(fired.project, read.file))
  const size = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false })?.size
  if (read === undefined || file === undefined || size === undefined || size > MAX_FILE_BYTES)
    return undefined
  const planned = within(isPlanOn ? plannedFile(place.dir, names, file) : undefined, atMostTokens, size)
  // What is not planned is small, or was not there: either way there is little to save.
  if (planned === undefined) return undefined
  const over = tokensNow(planned, size) > planned.budget
  const mayPoint = isPlanOn && isOn('budget.unchanged_answers', false)
  if (!over && !mayPoint) return undefined

  const text = textAsRead(readFileSync(file))
  // A tool that says something else of a file than what is in it is not reading it.
  if (!read.numbered && (read.answer === 'stub' || read.answer.content !== text)) return undefined
  const seen = { read, lines: text.split('\n'), tokensOf: estimator(planned) }
  const content = fingerprint([text], 32)
  const [from, to] = linesOf(seen)
  const ask: Ask = {
    kind: 'ask',
    context: fired.agent,
    file: fingerprint([file]),
    content,
    from,
    to,
    whole: read.whole,
    over,
    mayPoint,
    stub: read.answer === 'stub',
  }
  const outlineFor = async () =>
    outlineOf({
      path: read.file,
      text,
      parsed: await treeOf(file, text, content, {
        dir: join(place.dir, 'outlines'),
        parsers: place.parsers,
        parse: place.parse,
      }),
      budget: planned.budget,
      tokensOf: seen.tokensOf,
      ways: waysOf(read),
      ...log.wanted(ask),
    })
  // Made before the read is recorded: of those that run side by side, none takes for outlined what turns out not to be worth an outline.
  const outline = log.foresee(ask) === 'outline' ? await outlineFor() : undefined
  const answer = log.ask({ ...ask, over: outline !== undefined })
  if (answer !== 'outline' || outline === undefined)
    return granted(answer === 'outline' ? 'whole' : answer, seen, from, to)
  return {
    output: instead(read, outline.text),
    action: 'outline',
    savedTokens: Math.round(outline.wholeTokens - outline.tokens),
    because: `${Math.round(outline.wholeTokens)} tokens, budget ${planned.budget}, ${Math.round(outline.tokens)} given`,
  }
}

const BYTES_PER_TOKEN = 4

/** What is planned for a file, with a bound of the moment. */
function within(planned: PlannedFile | undefined, atMost: number, size: number): PlannedFile | undefined {
  if (!Number.isFinite(atMost)) return planned
  const known = planned ?? {
    budget: Number.POSITIVE_INFINITY,
    tokens: Math.ceil(size / BYTES_PER_TOKEN),
    bytes: size,
  }
  return { ...known, budget: Math.min(known.budget, atMost) }
}

/** From the first to the last line that Claude Code's Edit, Write or MultiEdit says it wrote. */
function editedLines(input: unknown): readonly [from: number, to: number] | undefined {
  const { structuredPatch: hunks } = Object(Object(input).tool_response)
  const lines = (Array.isArray(hunks) ? hunks : []).flatMap((hunk) => {
    const { newStart, newLines } = Object(hunk)
    return [newStart, newStart + newLines - 1]
  })
  if (lines.length === 0 || !lines.every(Number.isSafeInteger)) return undefined
  const [from, to] = [lines.reduce((a, b) => Math.min(a, b)), lines.reduce((a, b) => Math.max(a, b))]
  return from >= 1 ? [from, to] : undefined
}

/** What may have left the context is no longer pointed to, and a day that begins is one to tidy up on. */
function forget(fired: Fired, place: BudgetPlace, log: SessionLog): undefined {
  if (fired.event === 'SessionStart' && NEW_START.test(fired.input.toString('utf8'))) {
    removeOld(join(place.dir, 'sessions'), place.nowMs)
    removeOld(join(place.dir, 'outlines'), place.nowMs)
  } else log.note({ kind: 'reset' })
}

interface Seen {
  readonly read: ToolRead
  readonly lines: readonly string[]
  readonly tokensOf: (text: string) => number
}

/** What is given besides an outline. The client's answer stands where it is the text; where it is only its word that it gave the text, it is given. */
function granted(
  answer: Exclude<Answer, 'outline'>,
  seen: Seen,
  from: number,
  to: number,
): ReadAnswer | undefined {
  const { read, lines, tokensOf } = seen
  if (answer === 'stub') return undefined
  const text = read.answer === 'stub' ? lines.slice(from - 1, to).join('\n') : read.answer.content
  const tokens = Math.round(tokensOf(text))
  if (answer === 'point') {
    const pointer = `${read.file}, lines ${from}-${to}: unchanged since you read them in this conversation, and what you read is still right. \
Read them once more to get them again.`
    return {
      output: instead(read, pointer),
      action: answer,
      savedTokens: tokens - Math.round(tokensOf(pointer)),
      because: `${tokens} tokens that are in the context already`,
    }
  }
  const output = read.answer === 'stub' ? replacing(textOutput(read.file, lines, from, to)) : undefined
  if (answer !== 'whole')
    return { output, action: answer, savedTokens: -tokens, because: 'asked for after all' }
  return output === undefined
    ? undefined
    : { output, action: 'again', savedTokens: 0, because: 'given again: it may have left the context' }
}

function instead({ file, numbered }: ToolRead, text: string): string {
  return numbered ? replacing(ownOutput(file, text)) : replacingMcp(text)
}

/** The lines that the agent gets, counted as the client counts them. */
function linesOf({ read, lines }: Seen): readonly [from: number, to: number] {
  if (read.answer !== 'stub') return [read.answer.from, read.answer.to]
  if (read.whole) return [1, lines.length]
  const from = Math.min(read.offset, lines.length)
  const end = read.limit === undefined ? lines.length : Math.min(lines.length, from + read.limit - 1)
  return [from, Math.max(from, end)]
}

/** The client's own limit cuts what is longer, and takes such a cut for no reading of the file: an edit has to read its lines first. */
function waysOf({ answer, numbered }: ToolRead): Ways {
  if (!numbered)
    return {
      part: 'Ask this tool, or the one you read files with, for the lines that you need.',
      whole: 'Call it again with the same arguments for the whole file.',
    }
  const isCut = answer !== 'stub' && answer.to < answer.of
  return {
    part: `Read it with offset and limit for any lines${isCut ? '; do so for the lines that you edit, before you edit them' : ''}.`,
    whole: isCut
      ? 'Read it again without them for its beginning: it is too long to be read at once.'
      : 'Read it again without them for the whole file.',
  }
}

function tokensNow({ tokens, bytes }: PlannedFile, size: number): number {
  return bytes > 0 ? (tokens * size) / bytes : tokens
}

/** By bytes, at the rate that was counted for this very file. */
function estimator(planned: PlannedFile): (text: string) => number {
  return (text) => tokensNow(planned, Buffer.byteLength(text))
}

function realFile(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP')) return undefined
    throw error
  }
}
