import type { RankedFile } from '../score/ranked.ts'
import { waterFill } from '../water-fill.ts'
import { roomOf, SLACK, steadyBudget } from './steps.ts'

/** What budgets are reckoned against. */
export interface PlanOptions {
  /** Tokens of the agent's window. */
  readonly window: number
  /** Part of the window that reads may take. */
  readonly share?: number
  /** Files that an agent reads until a window is full. */
  readonly reads?: number
  /** Rooms given before, by path: budgets stay while nothing much has changed. */
  readonly former?: ReadonlyMap<string, number>
}

/** The budget of one file and what it was made of. */
export interface FileBudget {
  readonly path: string
  readonly bytes: number
  readonly tokens: number
  /** Tokens; as many as the file has where it is given whole. */
  readonly budget: number
  /** Tokens up to which it is given whole should it grow: where it is whole more than it has, Infinity where everything fits; else its budget. */
  readonly room: number
  readonly importance: number
  readonly weight: number
  /** What decided: the file fits, the floor for small files or outlines, or its share by weight. */
  readonly because: 'small' | 'fits' | 'share' | 'floor'
  readonly kept: boolean
}

/** All budgets of a repository. */
export interface BudgetPlan {
  readonly window: number
  readonly share: number
  /** What all budgets together may be: a window takes `reads` of these files. */
  readonly capacity: number
  /** Tokens per unit of weight. */
  readonly level: number
  /** By path. */
  readonly files: readonly FileBudget[]
}

/** The other half is for the task, answers and what tools print. */
export const DEFAULT_SHARE = 0.5
/** Distinct files of a long session; what a window holds of more is old by then. */
export const DEFAULT_READS = 40
/** An outline of less saves too little to be worth a second question. */
export const SMALL_TOKENS = 1_500
/** Room for signatures and one function. */
export const OUTLINE_TOKENS = 600

/**
 * A budget in tokens for each file by water-filling: weight is importance and, up to twice, complexity, because a file that is hard to follow
 * loses more by being cut. Where a repository has more files than `reads`, an average window holds reads ÷ files of the budgets, so they may
 * add up to share × window × files ÷ reads; otherwise to share × window. Files without tokens (binaries) have none.
 */
export function planBudgets(ranked: readonly RankedFile[], options: PlanOptions): BudgetPlan {
  const { window, share = DEFAULT_SHARE, reads = DEFAULT_READS, former } = options
  const files = ranked.filter(({ tokens }) => tokens > 0).sort((a, b) => (a.path < b.path ? -1 : 1))
  const capacity = window * share * Math.max(1, files.length / reads)
  const vessels = files.map((file) => ({
    size: file.tokens,
    weight: weightOf(file),
    floor: file.tokens <= SMALL_TOKENS ? file.tokens : OUTLINE_TOKENS,
  }))
  const { level, floorCap } = waterFill(vessels, capacity * SLACK)
  return {
    window,
    share,
    capacity,
    level,
    files: files.map((file, i) => {
      const { size, weight, floor: whole } = vessels[i]!
      const floor = Math.min(whole, floorCap)
      const wanted = Math.max(floor, level * weight)
      const old = former?.get(file.path)
      const budget = steadyBudget({ wanted, size, floor }, old)
      const because =
        budget < size ? (budget <= floor ? 'floor' : 'share') : size <= SMALL_TOKENS ? 'small' : 'fits'
      const kept = old !== undefined && budget !== steadyBudget({ wanted, size, floor }, undefined)
      const room = budget < size ? budget : roomOf(wanted)
      const { path, bytes, tokens, importance } = file
      return { path, bytes, tokens, budget, room, importance, weight, because, kept }
    }),
  }
}

/** Above 0, so that what was never touched still has an outline; between once and twice by complexity, which is half of that at 50. */
function weightOf({ importance, cognitive }: RankedFile): number {
  return (0.05 + importance) * (1 + cognitive / (cognitive + 50))
}
