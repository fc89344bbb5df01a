import { compress } from './compress.ts'
import type { Compression, CompressOptions } from './strategy.ts'

/** One result of a conversation. */
export interface Part {
  /** Unique; what later parts call it by. */
  readonly id: string
  /** Turns count up. */
  readonly turn: number
  readonly text: string
  /** What it shows, a file or a query: a later part of the same name supersedes it. */
  readonly name?: string
  /** As it was sent. It is sent so again, as caches of prompts hold only while nothing before them changes. */
  readonly sent?: string
}

/** How a conversation is shortened. */
export interface TurnOptions extends Omit<CompressOptions, 'target' | 'earlier'> {
  /** Whether what was sent may be written anew: only where the cache of the prompt is lost anyway, as after a compaction. */
  readonly rewrite?: boolean
}

/** Of its tokens that a part may keep in the newest turn; each turn of age takes a fifth of that, down to the least. */
const NEWEST_SHARE = 0.6
const AGING = 0.8
const LEAST_SHARE = 0.1

/**
 * The parts as they are to be sent, in their order. What was sent stays as it is, so a conversation that grows changes nothing before its end.
 * With `rewrite` all is written anew: parts that a later one of the same name supersedes first and hardest, then older turns harder than newer.
 * Each that was sent whole before is one that later parts may refer to.
 */
export async function compressTurns(
  parts: readonly Part[],
  { rewrite = false, ...options }: TurnOptions,
): Promise<readonly Compression[]> {
  const newest = parts.reduce((turn, part) => Math.max(turn, part.turn), 0)
  const latest = new Map(parts.flatMap(({ name, id }) => (name === undefined ? [] : [[name, id] as const])))
  const done: Compression[] = []
  const whole: { id: string; text: string }[] = []
  for (const part of parts) {
    const isOld = rewrite && part.name !== undefined && latest.get(part.name) !== part.id
    const one =
      part.sent !== undefined && !rewrite
        ? asSent(part, part.sent, options)
        : isOld
          ? superseded(part, latest.get(part.name!)!, options)
          : await compress(part.text, {
              ...options,
              earlier: whole,
              target: Math.ceil(options.count(part.text) * shareOf(rewrite ? newest - part.turn : 0)),
            })
    done.push(one)
    if (one.content === part.text) whole.push({ id: part.id, text: part.text })
  }
  return done
}

/** Share of its tokens that a part of so many turns ago may keep. */
function shareOf(age: number): number {
  return Math.max(LEAST_SHARE, NEWEST_SHARE * AGING ** age)
}

function asSent({ text }: Part, sent: string, { count }: Pick<CompressOptions, 'count'>): Compression {
  return { ...unchanged(text, count), content: sent, tokensAfter: count(sent) }
}

/** Only what came later is true now; the text itself is one `expand` away. */
function superseded(
  { text, name }: Part,
  by: string,
  { count, keep }: Pick<CompressOptions, 'count' | 'keep'>,
): Compression {
  const tokensBefore = count(text)
  try {
    const handle = keep(text)
    const content = `[superseded: ${name} was had again, see ${by}. Original: mycelium optimization expand ${handle}]`
    const tokensAfter = count(content)
    if (tokensAfter >= tokensBefore) return unchanged(text, count)
    const because = 'a later result shows the same thing as it is now'
    const step = {
      strategy: 'superseded',
      lossless: false,
      exactness: 'handle',
      tokensBefore,
      tokensAfter,
      taken: true,
      because,
    } as const
    const leftOut = [{ from: 1, to: text.split('\n').length, what: 'superseded' }]
    return {
      ...unchanged(text, count),
      content,
      handle,
      tokensAfter,
      strategies: ['superseded'],
      lossless: false,
      steps: [step],
      leftOut,
    }
  } catch {
    return unchanged(text, count)
  }
}

function unchanged(text: string, count: CompressOptions['count']): Compression {
  const tokens = count(text)
  return {
    content: text,
    handle: undefined,
    kind: 'text',
    tokensBefore: tokens,
    tokensAfter: tokens,
    strategies: [],
    lossless: true,
    steps: [],
    leftOut: [],
  }
}
