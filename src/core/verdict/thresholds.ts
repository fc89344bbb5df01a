/**
 * What a compression must reach, in one place. Measured on 30 documents of 625 words with the full model: a dropped sentence leaves a mean
 * of 0.989 but a least match of 0.59, a sentence without its stop words 0.86, a flipped number or negation 0.96 and more. So the mean alone
 * lets everything pass, the least match finds what was dropped, and flips are for the ledger of facts.
 */
export const THRESHOLDS = {
  /** Of the whole: mean over statements by their length. The mean must be above it. */
  similarity: 0.95,
  /** Of the 5th percentile of statements: a few may be said in other words, not one in twenty differently. Fewer than 20 have none. */
  p5: 0.85,
  p5From: 20,
  /** Of the statement that is covered least: between a shortened sentence and a dropped one. */
  min: 0.8,
} as const

/**
 * Spearman's correlation of each model with people's judgements, STS-B test, 1,379 pairs: `npm run bench -- --only verdict --sts FILE`.
 * The screen knows words only, and is no full model.
 */
export const FIDELITY = { native: 0.816, wasm: 0.82, static: 0.595, none: 0 } as const

/**
 * Word pieces that one verdict may embed where somebody waits for it; statements beyond that count as their words in common, which is less.
 * By pieces and not by time, so that the same texts get the same verdict on every machine.
 */
export const MAX_EMBEDDED_PIECES = 1_000
