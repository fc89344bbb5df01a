import { type Evidence, evidenceAt } from './evidence.ts'
import { afterUse, type IdleHistory } from './history.ts'
import { chanceOf, learn, newOdds } from './odds.ts'
import { type Demand, EMPTY_PURSE, fade, newDemand, type Purse, priceOf, settle, unused } from './price.ts'
import { type IdleTrace, isUsed } from './trace.ts'
import { count, hybridWindow, type IdleCounts, newCounts, type WarmWindow } from './windows.ts'

/** Minutes that a fixed policy keeps a server warm after each use. */
export const WINDOWS = [1, 5, 10, 20, 60, 240] as const
/** The learned policy may spend what this fixed window spends, where nothing else is asked. */
export const BUDGET_WINDOW = 20
/** Fixed windows whose warm time the learned policy is given in turn: the points of its Pareto curve. */
const CURVE = [2, 5, 10, 20, 40, 60, 120, 240] as const
/** What the hybrid histogram does where its histogram says nothing. */
const FALLBACKS = [10, 240] as const

/** One policy over the judged half. */
export interface Outcome {
  /** Invoked minutes that began cold. */
  readonly coldMinutes: number
  /** Of all invoked minutes of the half; null where there are none. */
  readonly coldMinutesShare: number | null
  /** Function-minutes in which it was warm: kept or made so beforehand, or because it was invoked. */
  readonly warmMinutes: number
}

/** A point of the learned policy's curve: what it did with the warm time of a fixed window, and what that window did. */
export interface CurvePoint {
  readonly budgetWindow: number
  readonly learned: Outcome
  readonly fixed: Outcome
}

/** What all policies did on one trace. */
export interface IdleEvaluation {
  readonly functions: number
  readonly minutes: number
  /** The first judged minute, counted from 0. */
  readonly judgedFrom: number
  readonly invokedMinutes: number
  readonly learned: Outcome
  /** fixed1 … fixed240, hybrid10, hybrid240. */
  readonly baselines: Readonly<Record<string, Outcome>>
  readonly pareto: readonly CurvePoint[]
}

/** Running sums of one policy. */
interface Tally {
  cold: number
  warm: number
}

/** The learned policy at one budget. */
interface Buyer extends Tally {
  readonly window: number
  purse: Purse
  price: number
  /** Of the minute at hand, slots that nobody used: what the budget's window spent, what this one did. */
  allowed: number
  spent: number
}

/** One function of the trace. */
interface Watched {
  history: IdleHistory | undefined
  /** What its history says of the minute at hand. */
  evidence: Evidence | undefined
  readonly counts: IdleCounts
  hybrid: readonly WarmWindow[]
}

/**
 * Replays a trace minute by minute. Each decision about a minute is made by the minutes before it alone; every policy learns all the way, and
 * the second half is judged. A function is never warm before its first use. Time: about 2 µs for each function and minute.
 */
export function judge(trace: IdleTrace, budgetWindow = BUDGET_WINDOW): IdleEvaluation {
  const { minutes, rows } = trace
  const judgedFrom = Math.floor(minutes / 2)
  const odds = newOdds()
  const demand = newDemand()
  const buyers = [...new Set([budgetWindow, ...CURVE])].map(buyerOf)
  const fixed = [...new Set([...WINDOWS, ...buyers.map(({ window }) => window)])].map((window) => ({
    window,
    cold: 0,
    warm: 0,
  }))
  const hybrids: Tally[] = FALLBACKS.map(() => ({ cold: 0, warm: 0 }))
  const watched: Watched[] = rows.map(watch)
  let invokedMinutes = 0

  for (let minute = 0; minute < minutes; minute++) {
    const judged = minute >= judgedFrom
    openMinute(buyers, demand, minute === judgedFrom)
    // All decisions of the minute come before any use of it: one function's use tells of another's.
    for (const [i, one] of watched.entries()) {
      const used = isUsed(rows[i]!, minute)
      const age = one.history === undefined ? Number.POSITIVE_INFINITY : minute - one.history.lastSlot
      if (one.history !== undefined) one.evidence = evidenceAt(one.history, age)
      const chance = one.evidence === undefined ? undefined : chanceOf(odds, one.evidence)
      for (const buyer of buyers) buy(buyer, { chance, age, used, judged })
      if (chance !== undefined && !used) unused(demand, chance, 1)
      if (!judged) continue
      if (used) invokedMinutes++
      for (const tally of fixed) mark(tally, age <= tally.window, used)
      for (const [at, tally] of hybrids.entries()) {
        const window = one.hybrid[at]
        mark(tally, window !== undefined && window.from <= age && age <= window.to, used)
      }
    }
    for (const [i, one] of watched.entries()) {
      const used = isUsed(rows[i]!, minute)
      if (one.evidence !== undefined) learn(odds, one.evidence, used)
      if (used) see(one, minute)
    }
    for (const buyer of buyers) buyer.purse = settle(buyer.purse, buyer.allowed, buyer.spent)
  }

  const outcome = ({ cold, warm }: Tally): Outcome => ({
    coldMinutes: cold,
    coldMinutesShare: invokedMinutes === 0 ? null : cold / invokedMinutes,
    warmMinutes: warm,
  })
  const fixedAt = (window: number) => outcome(fixed.find((tally) => tally.window === window)!)
  return {
    functions: rows.length,
    minutes,
    judgedFrom,
    invokedMinutes,
    learned: outcome(buyers[0]!),
    baselines: Object.fromEntries([
      ...WINDOWS.map((window) => [`fixed${window}`, fixedAt(window)]),
      ...FALLBACKS.map((fallback, i) => [`hybrid${fallback}`, outcome(hybrids[i]!)]),
    ]),
    pareto: buyers
      .map((buyer) => ({ budgetWindow: buyer.window, learned: outcome(buyer), fixed: fixedAt(buyer.window) }))
      .sort((a, b) => a.budgetWindow - b.budgetWindow),
  }
}

function watch(): Watched {
  return { history: undefined, evidence: undefined, counts: newCounts(), hybrid: [] }
}

function buyerOf(window: number): Buyer {
  return { window, purse: EMPTY_PURSE, price: 0, allowed: 0, spent: 0, cold: 0, warm: 0 }
}

/** Prices of the minute, by the minutes before. What the first half left over or owes does not count in the second. */
function openMinute(buyers: readonly Buyer[], demand: Demand, isFirstJudged: boolean): void {
  for (const buyer of buyers) {
    if (isFirstJudged) buyer.purse = { ...buyer.purse, left: 0 }
    buyer.price = priceOf(demand, buyer.purse)
    buyer.allowed = 0
    buyer.spent = 0
  }
  fade(demand)
}

/** One function's minute at one budget: warm by its chance, never before its first use. Functions cost the same here. */
function buy(
  buyer: Buyer,
  { chance, age, used, judged }: { chance: number | undefined; age: number; used: boolean; judged: boolean },
): void {
  const warm = chance !== undefined && chance >= buyer.price
  if (judged) mark(buyer, warm, used)
  if (used) return
  if (warm) buyer.spent++
  if (age <= buyer.window) buyer.allowed++
}

function mark(tally: Tally, warm: boolean, used: boolean): void {
  if (warm || used) tally.warm++
  if (used && !warm) tally.cold++
}

/** Takes a use in. */
function see(one: Watched, minute: number): void {
  const known = one.history
  one.history = afterUse(known, minute)
  if (known !== undefined) count(one.counts, minute - known.lastSlot)
  one.hybrid = FALLBACKS.map((fallback) => hybridWindow(one.counts, fallback))
}
