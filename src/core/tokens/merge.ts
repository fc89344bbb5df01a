import { type ByteMap, get } from './byte-map.ts'

/** What joining works in, so that nothing is allocated for a piece. One user at a time. */
export interface MergeSpace {
  /** Where each part begins; after the last one, where it ends. */
  readonly starts: Int32Array
  /** Rank of each part joined with the next one. */
  readonly pairs: Int32Array
}

/** Space for pieces of up to `maxBytes`. */
export function mergeSpace(maxBytes: number): MergeSpace {
  return { starts: new Int32Array(maxBytes + 1), pairs: new Int32Array(maxBytes) }
}

/** Above every rank. */
const NONE = 0x7fffffff

/**
 * How many tokens the bytes from `from` to before `to` become: as long as there is one, the leftmost pair of neighbours that together are the
 * token of lowest rank is joined. Quadratic in the bytes; pieces are short.
 */
export function mergedLength(
  ranks: ByteMap,
  { starts, pairs }: MergeSpace,
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  let parts = to - from
  for (let part = 0; part <= parts; part++) starts[part] = from + part
  for (let part = 0; part < parts - 1; part++)
    pairs[part] = rankOf(ranks, bytes, from + part, from + part + 2)
  for (;;) {
    let lowest = NONE
    let best = 0
    for (let part = 0; part < parts - 1; part++) {
      if (pairs[part]! >= lowest) continue
      lowest = pairs[part]!
      best = part
    }
    if (lowest === NONE) return parts
    parts--
    for (let part = best + 1; part <= parts; part++) {
      starts[part] = starts[part + 1]!
      pairs[part] = pairs[part + 1]!
    }
    if (best + 1 < parts) pairs[best] = rankOf(ranks, bytes, starts[best]!, starts[best + 2]!)
    if (best > 0) pairs[best - 1] = rankOf(ranks, bytes, starts[best - 1]!, starts[best + 1]!)
  }
}

function rankOf(ranks: ByteMap, bytes: Uint8Array, from: number, to: number): number {
  const rank = get(ranks, bytes, from, to)
  return rank < 0 ? NONE : rank
}
