import { join } from 'node:path'
import { parsedBy } from '../core/budget/outline-cache.ts'
import { systemClock } from '../core/clock.ts'
import { STRATEGY_NAMES } from '../core/compress/strategies.ts'
import type { Compression, CompressOptions } from '../core/compress/strategy.ts'
import { compressTurns, type Part } from '../core/compress/temporal.ts'
import { resolveSettings } from '../core/config/layers.ts'
import { packageRoot } from '../core/config/package-root.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { MyceliumError } from '../core/errors.ts'
import { openOriginals } from '../core/originals/open.ts'
import type { Originals } from '../core/originals/store.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { type TurnRow, turnsText } from '../core/report/turns-report.ts'
import { readTextInput } from '../core/text-input.ts'
import { loadCounter } from '../core/tokens/count.ts'
import { readConversation, type Spoken, writtenWith } from '../core/turns/conversation.ts'
import { judgeIn, nearIn } from '../core/verdict/judge-by.ts'
import { openJudging } from '../core/verdict/open-judge.ts'

/** Options of `mycelium optimization compress --turns`. */
export interface TurnsOptions {
  readonly target?: { readonly tokens: number } | { readonly share: number }
  readonly strategy?: readonly string[]
  readonly query?: string
  readonly pin?: readonly string[]
  readonly pinLines?: unknown
  readonly kind?: string
  readonly judge?: boolean
  /** What was handed on of the conversation before. */
  readonly sent?: string
  readonly rewrite?: boolean
  readonly json?: boolean
  readonly config?: readonly string[]
}

/** Shares that the newest turn may keep, each tried where the one before it left more than the target. */
const NEWEST_SHARES = [0.6, 0.4, 0.2, 0.1]

/** `mycelium optimization compress --turns`: a conversation for another agent. Throws path_missing, text_expected, turns_invalid, usage. */
export async function runTurns(io: Io, file: string, options: TurnsOptions): Promise<void> {
  const { strategy, query, pin = [] } = options
  for (const name of ['kind', 'pinLines'] as const)
    if (options[name] !== undefined)
      throw new MyceliumError(
        'usage',
        `--${name === 'kind' ? 'kind' : 'pin-lines'} is for one text, not for turns`,
      )
  const unknown = strategy?.find((name) => !STRATEGY_NAMES.includes(name))
  if (unknown !== undefined)
    throw new MyceliumError('usage', `there is no strategy ${unknown}`, {
      hint: `one of ${STRATEGY_NAMES.join(', ')}`,
    })
  const conversation = readConversation(Buffer.from(await readTextInput(io.cwd, file)))
  const { spoken } = conversation
  const missing = pin.find((one) => one === '' || !spoken.some(({ text }) => text.includes(one)))
  if (missing !== undefined)
    throw new MyceliumError('usage', `--pin ${JSON.stringify(missing)} is in no text of it`)
  const paths = pathsFrom(io.env)
  const settings = resolveSettings({ flags: options.config ?? [], env: io.env, cwd: io.cwd, paths })
  const originals = openOriginals(paths, settings, () => systemClock.wall())
  const sent = options.sent === undefined ? [] : await sentOf(io, options.sent, spoken, originals)
  const count = await loadCounter()
  const before = spoken.map(({ text }) => count(text))
  const tokensBefore = sum(before)
  const target = options.target && tokensIn(options.target, tokensBefore)
  const judging = openJudging({ clock: systemClock, env: io.env, models: paths.models })
  const failures: unknown[] = []
  const means: CompressOptions = {
    count,
    pinned: pin,
    keep: (text) => kept(originals, text, failures),
    parse: (path, text) => parsedBy(join(packageRoot(), 'dist/parsers.js'), path, text),
    ...(options.judge !== false && { judge: judgeIn(judging) }),
    ...(strategy && { strategies: strategy }),
    ...(query !== undefined && { query, near: nearIn(judging) }),
  }
  const rewrite = options.rewrite === true || options.sent === undefined
  const done = await withinTarget(spoken, sent, { ...means, rewrite }, target).finally(() => judging.close())
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

function tokensIn(target: NonNullable<TurnsOptions['target']>, tokens: number): number {
  return 'tokens' in target ? target.tokens : Math.ceil(tokens * target.share)
}

function kept(originals: Originals, text: string, failures: unknown[]): string {
  try {
    return originals.keep(text)
  } catch (error) {
    failures.push(error)
    throw error
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
