import { fingerprint } from '../hash.ts'
import { planted } from './plant.ts'

/** An original and a text that may stand for it. */
export interface Pair {
  readonly id: string
  readonly handle: string
  readonly original: string
  readonly candidate: string
  /** Kind of what was turned round; null for what the agent got. */
  readonly planted: string | null
}

/** A text that was shortened. */
export interface Shortening {
  readonly handle: string
  readonly original: string
  readonly content: string
}

/** The two pairs of each text: as it was sent, and with one statement turned round, where it has one. The same pairs each time. */
export function pairsOf(texts: readonly Shortening[]): readonly Pair[] {
  return texts.flatMap(({ handle, original, content }): Pair[] => {
    const flip = planted(content, Number.parseInt(fingerprint([handle], 7), 16))
    const pair = (candidate: string, kind: string | null): Pair => ({
      id: fingerprint([handle, candidate], 8),
      ...{ handle, original, candidate, planted: kind },
    })
    return [pair(content, null), ...(flip === undefined ? [] : [pair(flip.text, flip.kind)])]
  })
}

/** Pairs in an order that `random` chooses and that says nothing of which is which: one of each text, as the two beside each other would show what was turned round. */
export function blinded(pairs: readonly Pair[], random: () => number): readonly Pair[] {
  const drawn = pairs
    .map((pair) => ({ pair, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ pair }) => pair)
  return [...new Map(drawn.map((pair) => [pair.handle, pair])).values()]
}
