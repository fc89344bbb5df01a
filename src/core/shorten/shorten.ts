import { compress } from '../compress/compress.ts'
import type { Compression, CompressOptions } from '../compress/strategy.ts'
import { shownTokens } from '../tokens/shown.ts'
import { saidAgain, saidOtherwise } from './again.ts'
import { fileReadBy, sourceAskedFor } from './file-read.ts'
import type { SessionMemory } from './memory.ts'
import type { NotedCompression } from './noted.ts'
import { type Order, type Shortened, wholeEffect } from './order.ts'

/** What shortening works with. */
export interface Means extends Pick<CompressOptions, 'count' | 'judge' | 'keep' | 'parse'> {
  /** Puts down what became of an original, for `optimization inspect`. */
  readonly note: (handle: string, done: NotedCompression) => void
  /** What a session was sent before. */
  readonly memoryOf: (session: string) => SessionMemory
  /** Wall clock, ms. */
  readonly now: () => number
}

/** Texts in fewer tokens are not worth a mark. */
const MIN_TOKENS = 200

/** Does one order. Rejects where its means do; each text that cannot be shortened stays. */
export async function shortenOrder(order: Order, means: Means): Promise<Shortened> {
  const { texts, client } = order
  const isLate = () => means.now() >= order.untilMs
  // Nobody waits for it any more, but for what comes behind it.
  if (isLate())
    return { id: order.id, texts: texts.map(() => null), effect: wholeEffect('failed', 'it came too late') }
  const memory = means.memoryOf(order.session)
  const counts = texts.map((text) => means.count(text))
  const before = sum(counts)
  // Clients cut results, not texts: many short ones of one result are cut as a long one is.
  const shown = shownTokens(client, texts.join('\n'), before)
  const whole = (because: string): Shortened => ({
    id: order.id,
    texts: texts.map(() => null),
    effect: wholeEffect('whole', because, before, shown),
  })
  if (before < MIN_TOKENS) {
    saidOtherwise(memory, order)
    return whole('short')
  }
  const done: (Sent | undefined)[] = []
  // One after the other: what was sent is remembered in that order.
  for (const [i] of texts.entries())
    done.push(counts[i]! < MIN_TOKENS || isLate() ? undefined : await sentFor(order, i, counts[i]!, means))
  saidOtherwise(memory, order, (place) => done[place]?.isRemembered !== true)
  const taken = done.flatMap((one) => (one?.content === undefined ? [] : [one]))
  if (taken.length === 0) return whole(refusalOf(done) ?? 'nothing makes it shorter')
  const verdicts = taken.flatMap(({ compression }) => compression?.verdict ?? [])
  const similarity = Math.min(1, ...verdicts.map((verdict) => verdict.similarity))
  return {
    id: order.id,
    texts: done.map((one) => one?.content ?? null),
    effect: {
      handle: taken.map(({ handle }) => handle).join(' '),
      strategies: [...new Set(taken.flatMap(({ strategies }) => strategies))].join(','),
      outcome: 'taken',
      tier: verdicts[0]?.tier ?? '',
      lossless: taken.every(({ lossless }) => lossless),
      tokensBefore: before,
      tokensAfter: sum(
        done.map((one, i) => (one?.content === undefined ? counts[i]! : means.count(one.content))),
      ),
      shownTokens: shown,
      similarity: verdicts.length === 0 ? -1 : Math.round(similarity * 1e6),
      lost: sum(verdicts.map(({ lost }) => lost.length)),
      because: '',
    },
  }
}

/** What becomes of one text; without `content` it stays. */
interface Sent {
  readonly content: string | undefined
  readonly handle: string
  readonly strategies: readonly string[]
  readonly lossless: boolean
  readonly compression: Compression | undefined
  /** What is sent of it next may build upon it. */
  readonly isRemembered: boolean
  readonly because?: string
}

async function sentFor(order: Order, place: number, tokens: number, means: Means): Promise<Sent> {
  const text = order.texts[place]!
  // What an agent may be about to edit must match byte for byte.
  const isEdited = fileReadBy(order, text) !== undefined
  const target = Math.ceil(tokens * (1 - order.targetReduction))
  const path = sourceAskedFor(order)
  const compression = isEdited
    ? undefined
    : await compress(text, { ...means, target, ...(path !== undefined && { path }) })
  const handle = compression?.handle
  if (handle !== undefined)
    means.note(handle, { ...compression!, target, ...(path !== undefined && { path }) })
  const content = compression?.content ?? text
  const keep = () => handle ?? means.keep(text)
  const isRemembered = order.diffs && !isEdited && means.now() < order.untilMs
  const again = isRemembered
    ? await saidAgain(means.memoryOf(order.session), order, place, content, {
        handle: keep,
        keep: means.keep,
        count: means.count,
      })
    : undefined
  return {
    content: again?.text ?? (handle === undefined ? undefined : content),
    handle: again === undefined ? (handle ?? '') : keep(),
    strategies: [...(compression?.strategies ?? []), ...(again ? [again.strategy] : [])],
    lossless: compression?.lossless ?? true,
    compression,
    isRemembered,
    ...(isEdited && { because: 'an agent may edit it' }),
  }
}

/** Why none of them is shorter. */
function refusalOf(done: readonly (Sent | undefined)[]): string | undefined {
  const looked = done.filter((one) => one !== undefined)
  const edited = looked.find(({ because }) => because !== undefined)
  if (edited !== undefined && looked.length === 1) return edited.because
  return looked
    .flatMap(({ compression }) => compression?.steps ?? [])
    .map(({ because }) => because)
    .find((because) => because.startsWith('taken back'))
    ?.slice(0, 200)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
