import type { Lost, Verdict } from '../compress/verdict-type.ts'
import { coverageOf } from './coverage.ts'
import { factLedger, type LedgerOptions } from './facts/ledger.ts'
import type { Tier } from './model/tier.ts'
import { wordPieces } from './model/wordpiece.ts'
import { FIDELITY, MAX_EMBEDDED_PIECES, THRESHOLDS } from './thresholds.ts'

/** A verdict, and what it rests on. */
export interface FullVerdict extends Verdict {
  /** Spearman's correlation of the tier with people's judgements. */
  readonly fidelity: number
  /** Facts that are one `expand` away. */
  readonly reachable: number
  /** The compressed text leads to the original. */
  readonly reversible: boolean
  /** Statements that were not embedded, beyond the bound. */
  readonly estimated: number
}

/** What a caller may say of one pair of texts. */
export interface JudgeOptions extends LedgerOptions {
  /** Word pieces to embed at most; 1,000 by default, which is what a request can wait for. */
  readonly maxPieces?: number
}

const EXACT = { mean: 1, p5: 1, min: 1 }
/** A loss shows this much of a statement. */
const SHOWN = 160

/**
 * The verdict on a compressed text: meaning, coverage and facts must all hold. Texts that say the same in another notation pass by the ledger
 * alone; of others nothing passes without a model. What stands behind a handle is not asked of the compressed text, but what is said of it must
 * be true.
 */
export async function judgeWith(
  tier: Tier,
  original: string,
  compressed: string,
  options: JudgeOptions = {},
): Promise<FullVerdict> {
  const ledger = factLedger(original, compressed, options)
  const { alike, dropped, moved, added } = ledger.statements
  const isExact =
    ledger.lost.length +
      ledger.reachable.length +
      alike.length +
      dropped.length +
      moved.length +
      added.length ===
    0
  const base = {
    tier: tier.name,
    fidelity: FIDELITY[tier.name],
    reachable: ledger.reachable.length,
    reversible: ledger.isReversible,
    facts: { kept: ledger.kept, lost: ledger.lost.length },
  }
  if (isExact) return { ...base, pass: true, similarity: 1, coverage: EXACT, lost: [], estimated: 0 }
  const { model } = tier
  if (model === undefined)
    return {
      ...base,
      pass: false,
      similarity: 0,
      coverage: { mean: 0, p5: 0, min: 0 },
      lost: ledger.lost,
      estimated: 0,
    }
  const coverage = await coverageOf(ledger.statements, {
    embed: model.embed,
    pieces: (text) => wordPieces(text, model.vocabulary).length + 2,
    maxPieces: options.maxPieces ?? MAX_EMBEDDED_PIECES,
    withoutDropped: ledger.isReversible,
    bound: THRESHOLDS.min,
  })
  const { mean, p5, min, estimated } = coverage
  const uncovered = coverage.uncovered.map(
    ({ text, line }): Lost => ({ kind: 'sentence', text: text.trim().slice(0, SHOWN), line }),
  )
  return {
    ...base,
    pass:
      ledger.lost.length === 0 &&
      mean > THRESHOLDS.similarity &&
      (p5 >= THRESHOLDS.p5 || coverage.statements < THRESHOLDS.p5From) &&
      min >= THRESHOLDS.min,
    similarity: mean,
    coverage: { mean, p5, min },
    lost: [...ledger.lost, ...uncovered].sort((a, b) => a.line - b.line),
    estimated,
  }
}
