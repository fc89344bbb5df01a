import { systemClock } from '../core/clock.ts'
import { compress } from '../core/compress/compress.ts'
import { type Compression, KINDS } from '../core/compress/strategy.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { MyceliumError } from '../core/errors.ts'
import { recordOne } from '../core/hook/record.ts'
import { isHandle, type Originals } from '../core/originals/store.ts'
import { compressionText, inspectionText } from '../core/report/compression-report.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import {
  compressionMeans,
  type MeansOptions,
  oneOf,
  originalsOf,
  refuseUnknownStrategies,
  tokensIn,
} from '../core/shorten/command-means.ts'
import { readTextInput } from '../core/text-input.ts'

interface Common {
  readonly json?: boolean
  readonly config?: readonly string[]
}

/** Options of `mycelium optimization compress` for one text. */
export interface CompressCommandOptions extends MeansOptions {
  readonly pinLines?: readonly { readonly from: number; readonly to: number }[]
}

/** `mycelium optimization compress`. Throws path_missing, text_expected, usage; a store that cannot be written lets the text out as it is. */
export async function runCompress(io: Io, file: string, options: CompressCommandOptions): Promise<void> {
  const kind = oneOf('kind', options.kind, KINDS)
  refuseUnknownStrategies(options.strategy)
  const text = await readTextInput(io.cwd, file)
  const pinned = pinnedIn(text, options)
  const { originals, means, failures, close } = await compressionMeans(io, options)
  // Originals are kept whole or not at all, and nothing else is written before the end.
  io.endBySignals()
  const done = await compress(text, {
    ...means,
    ...(file !== '-' && { path: file }),
    ...(kind && { kind }),
    ...(options.target && { target: tokensIn(options.target, means.count(text)) }),
    pinned,
  }).finally(close)
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
  const originals = originalsOf(io, options.config)
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
  const originals = originalsOf(io, options.config)
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
