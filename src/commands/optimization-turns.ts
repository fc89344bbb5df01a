import type { Compression, CompressOptions } from '../core/compress/strategy.ts'
import { compressTurns, type Part } from '../core/compress/temporal.ts'
import { MyceliumError } from '../core/errors.ts'
import type { Originals } from '../core/originals/store.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { type TurnRow, turnsText } from '../core/report/turns-report.ts'
import {
  compressionMeans,
  type MeansOptions,
  originalsOf,
  refuseUnknownStrategies,
  tokensIn,
} from '../core/shorten/command-means.ts'
import { readTextInput } from '../core/text-input.ts'
import { readConversation, type Spoken, writtenWith } from '../core/turns/conversation.ts'

/** Options of `mycelium optimization compress --turns`. */
export interface TurnsOptions extends MeansOptions {
  readonly pinLines?: unknown
  /** What was handed on of the conversation before. */
  readonly sent?: string
  readonly rewrite?: boolean
}

/** Shares that the newest turn may keep, each tried where the one before it left more than the target. */
const NEWEST_SHARES = [0.6, 0.4, 0.2, 0.1]

/** `mycelium optimization compress --turns`: a conversation for another agent. Throws path_missing, text_expected, turns_invalid, usage. */
export async function runTurns(io: Io, file: string, options: TurnsOptions): Promise<void> {
  const { pin = [] } = options
  for (const name of ['kind', 'pinLines'] as const)
    if (options[name] !== undefined)
      throw new MyceliumError(
        'usage',
        `--${name === 'kind' ? 'kind' : 'pin-lines'} is for one text, not for turns`,
      )
  refuseUnknownStrategies(options.strategy)
  const conversation = readConversation(Buffer.from(await readTextInput(io.cwd, file)))
  const { spoken } = conversation
  const missing = pin.find((one) => one === '' || !spoken.some(({ text }) => text.includes(one)))
  if (missing !== undefined)
    throw new MyceliumError('usage', `--pin ${JSON.stringify(missing)} is in no text of it`)
  const sent =
    options.sent === undefined ? [] : await sentOf(io, options.sent, spoken, originalsOf(io, options.config))
  const { originals, means, failures, close } = await compressionMeans(io, options)
  const before = spoken.map(({ text }) => means.count(text))
  const tokensBefore = sum(before)
  const target = options.target && tokensIn(options.target, tokensBefore)
  // Originals are kept whole or not at all, and nothing else is written before the end.
  io.endBySignals()
  const rewrite = options.rewrite === true || options.sent === undefined
  const done = await withinTarget(spoken, sent, { ...means, pinned: pin, rewrite }, target).finally(close)
  // What an agent got of the same text in a session is judged by its note: that one stays.
  for (const one of done)
    if (one?.handle !== undefined && originals.noteOf(one.handle) === undefined)
      originals.note(one.handle, one)
  const texts = spoken.map(({ text }, i) => done[i]?.content ?? text)
  const rows = spoken.map((one, i): TurnRow => rowOf(one, before[i]!, done[i]))
  const sums = { tokensBefore, tokensAfter: sum(rows.map(({ tokensAfter }) => tokensAfter)) }
  const content = writtenWith(conversation, texts)
  if (options.json) return io.write(jsonText({ ...sums, target: target ?? null, turns: rows, content }))
  io.write(content)
  io.talk(turnsText(rows, sums, io.width))
  if (target !== undefined && sums.tokensAfter > target)
    io.talk(`${target} tokens cannot be had: the judge passes no less, or people said more\n`)
  const failure = failures.find((one) => one instanceof MyceliumError)
  if (failure instanceof MyceliumError)
    io.talk(`not all was shortened: ${failure.message}\n  next: ${failure.hint}\n`)
}

/** Undefined for what a person said, which stays word for word. */
async function withinTarget(
  spoken: readonly Spoken[],
  sent: readonly string[],
  options: CompressOptions & { readonly rewrite: boolean },
  target: number | undefined,
): Promise<readonly (Compression | undefined)[]> {
  const places = spoken.flatMap(({ by }, i) => (by === 'person' ? [] : [i]))
  const parts = places.map((i): Part => {
    const { turn, text, name, path } = spoken[i]!
    const shown = { ...(name !== undefined && { name }), ...(path !== undefined && { path }) }
    return { turn, text, ...shown, ...(sent[i] !== undefined && { sent: sent[i] }) }
  })
  const asked = sum(spoken.map(({ by, text }) => (by === 'person' ? options.count(text) : 0)))
  const whole = asked + sum(parts.map(({ text }) => options.count(text)))
  if (target !== undefined && whole <= target && options.rewrite) return []
  let done: readonly Compression[] = []
  for (const newestShare of NEWEST_SHARES) {
    done = await compressTurns(parts, { ...options, newestShare })
    if (target === undefined || asked + sum(done.map(({ tokensAfter }) => tokensAfter)) <= target) break
  }
  const all: (Compression | undefined)[] = spoken.map(() => undefined)
  for (const [at, i] of places.entries()) all[i] = done[at]
  return all
}

/** The texts that were handed on before, each as it was. Throws usage where they are not the beginning of the conversation. */
async function sentOf(
  io: Io,
  file: string,
  spoken: readonly Spoken[],
  originals: Originals,
): Promise<readonly string[]> {
  const before = readConversation(Buffer.from(await readTextInput(io.cwd, file))).spoken
  const isOther = ({ text }: Spoken, i: number): boolean => {
    const whole = spoken[i]?.text
    if (whole === text) return false
    const [, handle] = /optimization expand (my:[0-9a-f]+)/.exec(text) ?? []
    return whole === undefined || handle === undefined || originals.read(handle)?.toString('utf8') !== whole
  }
  const other = before.findIndex(isOther)
  if (other >= 0)
    throw new MyceliumError(
      'usage',
      `--sent ${file} is not the beginning of it: text ${other + 1} is another one`,
    )
  return before.map(({ text }) => text)
}

function rowOf({ turn, role, name, text }: Spoken, tokens: number, done: Compression | undefined): TurnRow {
  const { tokensAfter = tokens, handle = null, strategies = [], lossless = true } = done ?? {}
  return {
    ...{ turn, role, name: name ?? null, tokensBefore: tokens, tokensAfter, handle, strategies },
    lossless: done?.content === text || lossless,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
