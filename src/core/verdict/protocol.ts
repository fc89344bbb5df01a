import type { Verdict } from '../compress/verdict-type.ts'
import type { FullVerdict, JudgeOptions } from './judge.ts'
import type { TierOptions } from './model/tier.ts'

/** What a worker is asked; pairs with main.ts and open-judge.ts. */
export type ToWorker =
  | ({ readonly what: 'open' } & TierOptions)
  | {
      readonly what: 'judge'
      readonly id: number
      readonly original: string
      readonly compressed: string
      readonly options: JudgeOptions
    }
  | { readonly what: 'alike'; readonly id: number; readonly pairs: readonly (readonly [string, string])[] }

/** What it answers, to each question with an id once. */
export type FromWorker =
  | { readonly what: 'verdict'; readonly id: number; readonly verdict: FullVerdict }
  | {
      readonly what: 'cosines'
      readonly id: number
      readonly tier: Verdict['tier']
      readonly cosines: readonly number[]
      readonly rssMb: number
    }
  | { readonly what: 'failed'; readonly id: number; readonly message: string }
