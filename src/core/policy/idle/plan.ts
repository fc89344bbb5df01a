import { evidenceAt } from './evidence.ts'
import type { IdleHistory } from './history.ts'
import { chanceOf, type Odds } from './odds.ts'

/** A plan looks this far ahead: a day of minutes. */
const HORIZON_SLOTS = 1_440
/** Beyond the longest idle time that is known, it looks only this much further. */
const MARGIN_SLOTS = 5
/** And always this far. */
const LEAST_SLOTS = 60

/** A server as the policy sees it. */
export interface IdleServer {
  readonly history: IdleHistory
  /** What a cold start costs the one who waits, ms, measured; above 0. */
  readonly coldMs: number
  /** What it holds while warm, MB, measured; above 0. */
  readonly memoryMb: number
}

/** What a server is worth warm in a slot: cold milliseconds avoided for each MB held for the slot. 0 or more. */
export function worthAt(odds: Odds, { history, coldMs, memoryMb }: IdleServer, age: number): number {
  return (chanceOf(odds, evidenceAt(history, age)) * coldMs) / memoryMb
}

/** Until when a server stays warm, when it is started again ahead of its next use, and why. Times in ms of the clock that was given. */
export interface IdlePlan {
  readonly keepWarmUntilMs: number
  /** After keepWarmUntilMs, early enough to be warm when it is needed; left out where no time ahead is worth it. */
  readonly startAheadAtMs?: number
  readonly because: string
}

/**
 * The plan for a server that is not used until further notice; make it anew after each use, and as prices change. It is warm in the slots
 * whose worth is at least `price` (priceOf in price.ts, of worths as worthAt gives them). A pause no longer than a start takes is not taken.
 * Slots are `slotMs` long and counted from 0 of the clock; history.lastSlot is in them. Raising the price never keeps it warm longer.
 */
export function planOf(
  odds: Odds,
  server: IdleServer,
  price: number,
  { nowMs, slotMs }: { readonly nowMs: number; readonly slotMs: number },
): IdlePlan {
  const { history, coldMs } = server
  const slot = Math.floor(nowMs / slotMs)
  const last = history.lastSlot
  const end = Math.max(slot, last + horizonOf(history))
  const pause = Math.ceil(coldMs / slotMs)
  const isWorth = (at: number) => at <= last || worthAt(odds, server, at - last) >= price
  let next = firstOf(slot, end, isWorth)
  // It runs now: up to the last slot of an unbroken run, short pauses included.
  let warmTo: number | undefined
  while (next !== undefined && next <= (warmTo ?? slot - 1) + 1 + (warmTo === undefined ? 0 : pause)) {
    warmTo = next
    next = firstOf(next + 1, end, isWorth)
  }
  const keepWarmUntilMs = warmTo === undefined ? nowMs : (warmTo + 1) * slotMs
  const because = reasonOf(odds, server, price, slot)
  if (next === undefined) return { keepWarmUntilMs, because }
  return { keepWarmUntilMs, startAheadAtMs: Math.max(keepWarmUntilMs, next * slotMs - coldMs), because }
}

function horizonOf({ gaps }: IdleHistory): number {
  const longest = Math.max(0, ...gaps) + MARGIN_SLOTS
  return Math.min(HORIZON_SLOTS, Math.max(LEAST_SLOTS, longest))
}

function firstOf(from: number, to: number, is: (slot: number) => boolean): number | undefined {
  for (let slot = from; slot <= to; slot++) if (is(slot)) return slot
  return undefined
}

/** The figures that the plan came by, for the log of decisions. */
function reasonOf(odds: Odds, server: IdleServer, price: number, slot: number): string {
  const { history } = server
  const age = Math.max(1, slot + 1 - history.lastSlot)
  const evidence = evidenceAt(history, age)
  const worth = (chanceOf(odds, evidence) * server.coldMs) / server.memoryMb
  return (
    `${evidence.longer} of the last ${history.gaps.length} idle times were as long as this one; ` +
    `the next slot is worth ${figure(worth)} ms/MB at a price of ${figure(price)}`
  )
}

function figure(value: number): string {
  return Number.isFinite(value) ? Number(value.toPrecision(2)).toString() : 'more than any'
}
