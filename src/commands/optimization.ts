import { join } from 'node:path'
import { parsedBy } from '../core/budget/outline-cache.ts'
import { systemClock } from '../core/clock.ts'
import { compress } from '../core/compress/compress.ts'
import { STRATEGY_NAMES } from '../core/compress/strategies.ts'
import { type Compression, KINDS, type Kind } from '../core/compress/strategy.ts'
import { resolveSettings } from '../core/config/layers.ts'
import { packageRoot } from '../core/config/package-root.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { MyceliumError } from '../core/errors.ts'
import { recordOne } from '../core/hook/record.ts'
import { openOriginals } from '../core/originals/open.ts'
import { isHandle, type Originals } from '../core/originals/store.ts'
import { compressionText, inspectionText } from '../core/report/compression-report.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { readTextInput } from '../core/text-input.ts'
import { loadCounter } from '../core/tokens/count.ts'
import { judgeIn, nearIn } from '../core/verdict/judge-by.ts'
import { openJudging } from '../core/verdict/open-judge.ts'

interface Common {
  readonly json?: boolean
  readonly config?: readonly string[]
}

/** Options of `mycelium optimization compress`. */
export interface CompressCommandOptions extends Common {
  readonly target?: { readonly tokens: number } | { readonly share: number }
  readonly strategy?: readonly string[]
  readonly query?: string
  readonly pin?: readonly string[]
  readonly pinLines?: readonly { readonly from: number; readonly to: number }[]
  readonly kind?: string
  /** False with --no-judge: only what loses nothing. */
  readonly judge?: boolean
}

/** `mycelium optimization compress`. Throws path_missing, text_expected, usage; a store that cannot be written lets the text out as it is. */
export async function runCompress(io: Io, file: string, options: CompressCommandOptions): Promise<void> {
  const kind = oneOf('kind', options.kind, KINDS)
  for (const name of options.strategy ?? []) oneOf('strategy', name, STRATEGY_NAMES)
  const text = await readTextInput(io.cwd, file)
  const pinned = pinnedIn(text, options)
  const originals = originalsOf(io, options)
  const count = await loadCounter()
  const target = options.target
  const tokens =
    target === undefined
      ? undefined
      : 'tokens' in target
        ? target.tokens
        : Math.ceil(count(text) * target.share)
  const failures: unknown[] = []
  // Its process starts with the first step that leaves something out, and ends with the command.
  const judging = openJudging({ clock: systemClock, env: io.env, models: pathsFrom(io.env).models })
  const parsers = join(packageRoot(), 'dist/parsers.js')
  const done = await compress(text, {
    count,
    ...(options.judge !== false && { judge: judgeIn(judging) }),
    parse: (path, source) => parsedBy(parsers, path, source),
    keep: (original) => kept(originals, original, failures),
    ...(file !== '-' && { path: file }),
    ...(kind && { kind }),
    ...(tokens !== undefined && { target: tokens }),
    ...(options.strategy && { strategies: options.strategy }),
    ...(options.query !== undefined && { query: options.query, near: nearIn(judging) }),
    pinned,
  }).finally(() => judging.close())
  if (done.handle !== undefined) originals.note(done.handle, done)
  if (options.json) return io.write(jsonText({ ...done, handle: done.handle ?? null }))
  io.write(done.content)
  io.talk(compressionText(done, io.width))
  for (const failure of failures)
    if (failure instanceof MyceliumError)
      io.talk(`not shortened: ${failure.message}\n  next: ${failure.hint}\n`)
}

/** What is to stay as it is. Throws usage for what is not in the text: it would be left out unseen. */
function pinnedIn(text: string, { pin = [], pinLines = [] }: CompressCommandOptions): readonly string[] {
  for (const one of pin)
    if (one === '' || !text.includes(one))
      throw new MyceliumError('usage', `--pin ${JSON.stringify(one)} is not in the text`)
  const lines = text.split('\n')
  const ofLines = pinLines.map(({ from, to }) => {
    if (to > lines.length) throw new MyceliumError('usage', `the text has ${lines.length} lines, not ${to}`)
    return lines.slice(from - 1, to).join('\n')
  })
  return [...pin, ...ofLines].filter((one) => one !== '')
}

/** `mycelium optimization inspect`. Throws handle_invalid, original_unknown. */
export function runInspect(io: Io, handle: string, options: Common): void {
  const originals = originalsOf(io, options)
  const original = bytesOf(originals, handle).toString('utf8')
  const done = originals.noteOf(handle) as Compression | undefined
  io.write(
    options.json
      ? jsonText({ handle, original, compression: done ?? null })
      : inspectionText(handle, original, done, io.width),
  )
}

/** `mycelium optimization expand`. Throws handle_invalid, original_unknown, lines_missing. */
export function runExpand(
  io: Io,
  handle: string,
  options: Common & { readonly lines?: { readonly from: number; readonly to: number } },
): void {
  const originals = originalsOf(io, options)
  const bytes = bytesOf(originals, handle, options.lines)
  if (options.lines !== undefined && bytes.length === 0)
    throw new MyceliumError('lines_missing', `${handle} has no line ${options.lines.from}`)
  const text = bytes.toString('utf8')
  io.write(options.json ? jsonText({ handle, lines: options.lines ?? null, text }) : text)
  recordExpansion(io, originals, handle, bytes)
}

/** Bytes of a token, where the text was not counted when it was shortened: the table that counts takes 0.1 s to load, and an agent waits. */
const TOKEN_BYTES = 4

/** Inside an agent an original that is asked for comes into its context: that is taken off what shortening saved. */
function recordExpansion(io: Io, originals: Originals, handle: string, given: Buffer): void {
  const clientSession = io.env.CLAUDE_CODE_SESSION_ID
  if (!clientSession) return
  try {
    const whole = originals.read(handle)?.length ?? 0
    const noted = (originals.noteOf(handle) as Partial<Compression> | undefined)?.tokensBefore
    const perByte = noted !== undefined && whole > 0 ? noted / whole : 1 / TOKEN_BYTES
    recordOne(pathsFrom(io.env), 'expansion', {
      at: Math.round(systemClock.wall() * 1_000),
      session: '',
      clientSession,
      client: 'claude-code',
      project: io.env.CLAUDE_PROJECT_DIR || io.cwd,
      handle,
      tokens: Math.round(given.length * perByte),
      via: 'command',
    })
  } catch {
    // What cannot be recorded is given all the same.
  }
}

function bytesOf(originals: Originals, handle: string, range?: { from: number; to: number }): Buffer {
  if (!isHandle(handle)) throw new MyceliumError('handle_invalid', `${handle} is not a handle`)
  const bytes = originals.read(handle, range)
  if (bytes === undefined) throw new MyceliumError('original_unknown', `no original is kept under ${handle}`)
  return bytes
}

function kept(originals: Originals, text: string, failures: unknown[]): string {
  try {
    return originals.keep(text)
  } catch (error) {
    failures.push(error)
    throw error
  }
}

function originalsOf(io: Io, { config }: Common): Originals {
  const paths = pathsFrom(io.env)
  const settings = resolveSettings({ flags: config ?? [], env: io.env, cwd: io.cwd, paths })
  return openOriginals(paths, settings, () => systemClock.wall())
}

function oneOf<T extends string>(what: string, word: string | undefined, words: readonly T[]): T | undefined {
  if (word === undefined || (words as readonly string[]).includes(word)) return word as Kind & T
  throw new MyceliumError('usage', `there is no ${what} ${word}`, { hint: `one of ${words.join(', ')}` })
}
