/** Shares of the repository's tokens at which rankings are compared. */
export const BUDGETS = [0.1, 0.25, 0.5] as const

/** Places of files, best first: by log odds less `perToken` · log(tokens + 1). With 0 it is by importance alone, with 1 by importance per token. Ties keep the order of the files. */
export function orderBy(
  logOdds: ArrayLike<number>,
  tokens: ArrayLike<number>,
  perToken: number,
): Uint32Array {
  const n = logOdds.length
  const value = Float64Array.from({ length: n }, (_, i) => logOdds[i]! - perToken * Math.log(tokens[i]! + 1))
  return Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => value[b]! - value[a]! || a - b)
}

/**
 * For each file the smallest of the rising budgets (shares of the tokens of all files in `order`) that keeps it, by its place in `budgets`; budgets.length for none. Files
 * are taken in order, and one that does not fit is passed over. A larger budget keeps what a smaller one keeps, so recall cannot fall with it.
 */
export function keptWithin(
  order: ArrayLike<number>,
  tokens: ArrayLike<number>,
  budgets: readonly number[] = BUDGETS,
): Uint8Array {
  let total = 0
  for (let at = 0; at < order.length; at += 1) total += tokens[order[at]!]!
  const kept = new Uint8Array(tokens.length).fill(budgets.length)
  let used = 0
  for (const [b, share] of budgets.entries()) {
    for (let at = 0; at < order.length; at += 1) {
      const i = order[at]!
      if (kept[i]! < budgets.length || used + tokens[i]! > share * total) continue
      used += tokens[i]!
      kept[i] = b
    }
  }
  return kept
}

/** Share of the wanted files that each budget keeps. */
export function recallAt(
  kept: Uint8Array,
  wanted: readonly number[],
  budgets: readonly number[] = BUDGETS,
): readonly number[] {
  return budgets.map((_, b) => wanted.filter((i) => kept[i]! <= b).length / wanted.length)
}
