import type { Verdict } from '../compress/verdict-type.ts'
import type { SessionResult } from './session-results.ts'

/** A shortened result with what the judge says of it now; no verdict where its original is not kept any more. */
export interface JudgedResult extends SessionResult {
  readonly verdict: Verdict | undefined
}

/** A loss, and where to look for it. */
export interface SessionLoss {
  readonly handle: string
  readonly server: string
  readonly tool: string
  readonly kind: string
  readonly text: string
  /** Of the original, from 1: `optimization expand HANDLE --lines LINE-LINE`. */
  readonly line: number
}

/** What all verdicts of a session come to. Shares and similarities are 0 to 1, null where nothing was judged. */
export interface Validation {
  /** Every result that could be judged passes; true where there was none. */
  readonly pass: boolean
  readonly results: number
  readonly judged: number
  /** Results whose original is not kept any more. */
  readonly unavailable: number
  readonly failed: number
  readonly similarity: { readonly mean: number; readonly min: number } | null
  readonly coverage: Verdict['coverage'] | null
  readonly facts: { readonly kept: number; readonly lost: number }
  /** Facts lost, of all facts. */
  readonly informationLoss: number | null
  /** Mean over results by their tokens of the lesser of similarity and coverage, times the share of facts that is kept. */
  readonly quality: number | null
  /** Of the tokens that were kept from the context, the share by steps that lose nothing. */
  readonly losslessShare: number | null
  readonly tiers: readonly string[]
  readonly losses: readonly SessionLoss[]
}

/** Adds up the verdicts of a session; pure. */
export function validationOf(results: readonly JudgedResult[]): Validation {
  const judged = results.flatMap((result) =>
    result.verdict === undefined ? [] : [{ ...result, verdict: result.verdict }],
  )
  const failed = judged.filter(({ verdict }) => !verdict.pass).length
  const verdicts = judged.map(({ verdict }) => verdict)
  const weight = judged.reduce((sum, { tokensBefore }) => sum + tokensBefore, 0)
  const mean = (of: (verdict: Verdict) => number) =>
    judged.reduce((sum, { verdict, tokensBefore }) => sum + of(verdict) * tokensBefore, 0) / weight
  const least = (of: (verdict: Verdict) => number) => Math.min(...verdicts.map(of))
  const facts = {
    kept: verdicts.reduce((sum, verdict) => sum + verdict.facts.kept, 0),
    lost: verdicts.reduce((sum, verdict) => sum + verdict.facts.lost, 0),
  }
  const saved = (of: readonly SessionResult[]) =>
    of.reduce((sum, { tokensBefore, tokensAfter }) => sum + tokensBefore - tokensAfter, 0)
  const all = saved(results)
  const hasAny = judged.length > 0 && weight > 0
  return {
    pass: failed === 0 && (judged.length > 0 || results.length === 0),
    results: results.length,
    judged: judged.length,
    unavailable: results.length - judged.length,
    failed,
    similarity: hasAny
      ? { mean: mean(({ similarity }) => similarity), min: least(({ similarity }) => similarity) }
      : null,
    coverage: hasAny
      ? {
          mean: mean(({ coverage }) => coverage.mean),
          p5: least(({ coverage }) => coverage.p5),
          min: least(({ coverage }) => coverage.min),
        }
      : null,
    facts,
    informationLoss: facts.kept + facts.lost === 0 ? null : facts.lost / (facts.kept + facts.lost),
    quality: hasAny
      ? mean(
          ({ similarity, coverage, facts: { kept, lost } }) =>
            Math.min(similarity, coverage.mean) * (kept + lost === 0 ? 1 : kept / (kept + lost)),
        )
      : null,
    losslessShare: all === 0 ? null : saved(results.filter(({ lossless }) => lossless)) / all,
    tiers: [...new Set(verdicts.map(({ tier }) => tier))],
    losses: judged.flatMap(({ handle, server, tool, verdict }) =>
      verdict.lost.map(({ kind, text, line }) => ({ handle, server, tool, kind, text, line })),
    ),
  }
}
