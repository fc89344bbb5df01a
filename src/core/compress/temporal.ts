import { compress } from './compress.ts'
import { referring } from './refer.ts'
import type { Compression, CompressOptions } from './strategy.ts'

/** One text of a conversation. */
export interface Part {
  /** Turns count up. */
  readonly turn: number
  readonly text: string
  /** What it shows, a file or a query: a later part of the same name supersedes it. */
  readonly name?: string
  /** Of the file that was asked for. */
  readonly path?: string
  /** As it was sent. It is sent so again, as caches of prompts hold only while nothing before them changes. */
  readonly sent?: string
}

/** How a conversation is shortened. */
export interface TurnOptions extends Omit<CompressOptions, 'target' | 'earlier'> {
  /** Whether what was sent may be written anew: only where the cache of the prompt is lost anyway, as after a compaction. */
  readonly rewrite?: boolean
  /** Of its tokens that a part may keep in the newest turn. */
  readonly newestShare?: number
}

/** Each turn of age takes a fifth of what a part may keep, down to the least. */
const NEWEST_SHARE = 0.6
const AGING = 0.8
const LEAST_OF_NEWEST = 1 / 6
/** Characters of earlier parts that one is held against, and what it must save to be said by them. */
const MAX_EARLIER = 200_000
const MIN_SAVED = 100
/** How a text begins that was written by references; pairs with copies.ts and head.ts. */
const REFERRED = '[shortened: [= ID'
const HANDLE = /optimization expand (my:[0-9a-f]+)/

/**
 * The parts as they are to be sent, in their order. What was sent stays as it is, so a conversation that grows changes nothing before its end.
 * With `rewrite` all is written anew: parts that a later one of the same name supersedes first and hardest, then older turns harder than newer. Passages
 * that stand in a part before are named by their lines there.
 */
export async function compressTurns(
  parts: readonly Part[],
  { rewrite = false, newestShare = NEWEST_SHARE, ...options }: TurnOptions,
): Promise<readonly Compression[]> {
  const newest = parts.reduce((turn, part) => Math.max(turn, part.turn), 0)
  const latest = new Map(parts.flatMap(({ name }, i) => (name === undefined ? [] : [[name, i] as const])))
  const done: Compression[] = []
  /** Those that stand there word for word. */
  const literal: string[] = []
  for (const [i, part] of parts.entries()) {
    if (part.sent !== undefined && !rewrite) {
      done.push(asSent(part, part.sent, options))
      if (!part.sent.startsWith(REFERRED)) literal.push(part.sent)
      continue
    }
    const isOld = rewrite && part.name !== undefined && latest.get(part.name) !== i
    if (isOld && options.judge !== undefined && !holdsPinned(part, options)) {
      done.push(superseded(part, options))
      continue
    }
    const share = shareOf(rewrite ? newest - part.turn : 0, newestShare)
    const target = Math.ceil(options.count(part.text) * share)
    const path = part.path === undefined ? {} : { path: part.path }
    const one = await compress(part.text, { ...options, ...path, target })
    const referred = await byEarlier(part, one, newestOf(literal), options)
    done.push(referred ?? one)
    if (referred === undefined) literal.push(one.content)
  }
  return done
}

/** Share of its tokens that a part of so many turns ago may keep. */
function shareOf(age: number, newestShare: number): number {
  return newestShare * Math.max(LEAST_OF_NEWEST, AGING ** age)
}

function holdsPinned({ text }: Part, { pinned = [] }: Pick<CompressOptions, 'pinned'>): boolean {
  return pinned.some((one) => one !== '' && text.includes(one))
}

function newestOf(texts: readonly string[]): readonly string[] {
  let characters = 0
  return texts.toReversed().filter(({ length }) => {
    characters += length
    return characters <= MAX_EARLIER
  })
}

async function byEarlier(
  { text }: Part,
  one: Compression,
  earlier: readonly string[],
  { count, keep, pinned = [] }: Pick<CompressOptions, 'count' | 'keep' | 'pinned'>,
): Promise<Compression | undefined> {
  const content = await referring(one.content, earlier, {
    count,
    keep,
    pinned,
    handle: () => one.handle ?? keep(text),
  })
  if (content === undefined) return undefined
  const tokensAfter = count(content)
  const [, handle] = HANDLE.exec(content) ?? []
  const isPinned = pinned.some((pin) => one.content.includes(pin) && !content.includes(pin))
  if (isPinned || tokensAfter > one.tokensAfter - MIN_SAVED) return undefined
  return { ...one, content, handle, tokensAfter, strategies: [...one.strategies, 'earlier'] }
}

function asSent({ text }: Part, sent: string, { count }: Pick<CompressOptions, 'count'>): Compression {
  const [, handle] = sent === text ? [] : (HANDLE.exec(sent) ?? [])
  return {
    ...unchanged(text, count),
    content: sent,
    handle,
    lossless: sent === text,
    tokensAfter: count(sent),
  }
}

/** Only what came later is true now; the text itself is one `expand` away. */
function superseded(
  { text, name }: Part,
  { count, keep }: Pick<CompressOptions, 'count' | 'keep'>,
): Compression {
  const tokensBefore = count(text)
  try {
    const handle = keep(text)
    const content = `[superseded: ${name} was had again below. Original: mycelium optimization expand ${handle}]`
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
