import { evidenceAt } from './evidence.ts'
import { afterUse, type IdleHistory, readHistory } from './history.ts'
import { chanceOf, learn, newOdds, type Odds, oddsData, readOdds } from './odds.ts'
import {
  type Demand,
  EMPTY_PURSE,
  fade,
  newDemand,
  type Purse,
  priceOf,
  readDemand,
  readPurse,
  settle,
  unused,
} from './price.ts'

/** What a server costs, measured or supposed. */
export interface ServerCosts {
  /** What a cold start costs the one who waits, ms; above 0. */
  readonly coldMs: number
  /** What it holds while warm, MB; above 0. */
  readonly memoryMb: number
}

/** What is thought of a server's next slot. */
export interface Wish {
  /** Warm in the slot: it avoids at least the price in ms of waiting for each MB held; twice that where it would have to be started. */
  readonly warm: boolean
  /** The chance of a use, 0 … 1. */
  readonly chance: number
  readonly because: string
}

/** Servers unused for longer are forgotten: 45 days of minutes. */
const FORGET_SLOTS = 45 * 1_440
const MAX_SERVERS = 500

/**
 * Which servers are worth being warm, slot by slot: it learns when each is used, and spends as much memory × time as keeping each for `windowSlots`
 * after its use would, `windowOf` slots. A slot is a minute. Knows neither clock nor file.
 */
export class Keeper {
  readonly #odds: Odds
  readonly #histories: Map<string, IdleHistory>
  readonly #demand: Demand
  #purse: Purse
  #price: number
  #slot: number | undefined
  /** Servers that are warm by what was wished: used in the slot that passed last, or worth it since. */
  readonly #warm: Set<string>

  constructor(
    odds: Odds = newOdds(),
    histories: ReadonlyMap<string, IdleHistory> = new Map(),
    demand: Demand = newDemand(),
    purse: Purse = EMPTY_PURSE,
    warm: readonly string[] = [],
  ) {
    this.#odds = odds
    this.#histories = new Map(histories)
    this.#demand = demand
    this.#purse = purse
    this.#warm = new Set(warm)
    this.#price = priceOf(demand, purse)
  }

  /**
   * The slot is over, and these servers were used in it. `windowOf`: slots after a use that the budget has for a server. `held`: servers that sessions had all the
   * slot, which costs nobody anything. A slot that comes no later than the last one is passed over; slots that nobody saw teach nothing.
   */
  pass(
    slot: number,
    used: ReadonlySet<string>,
    costsOf: (server: string) => ServerCosts,
    windowOf: (server: string) => number,
    held: ReadonlySet<string>,
  ): void {
    if (this.#slot !== undefined && slot <= this.#slot) return
    this.#slot = slot
    let [allowed, spent] = [0, 0]
    fade(this.#demand)
    for (const [server, history] of this.#histories) {
      const age = slot - history.lastSlot
      if (age <= 0) continue
      const evidence = evidenceAt(history, age)
      const { coldMs, memoryMb } = costsOf(server)
      const worth = (chanceOf(this.#odds, evidence) * coldMs) / memoryMb
      learn(this.#odds, evidence, used.has(server))
      if (used.has(server)) continue
      if (held.has(server)) {
        this.#warm.add(server)
        continue
      }
      unused(this.#demand, worth, memoryMb)
      if (worth >= this.#priceFor(server)) {
        this.#warm.add(server)
        spent += memoryMb
      } else this.#warm.delete(server)
      if (age <= windowOf(server)) allowed += memoryMb
      if (age > FORGET_SLOTS) {
        this.#histories.delete(server)
        this.#warm.delete(server)
      }
    }
    for (const server of used) {
      if (!this.#histories.has(server) && this.#histories.size >= MAX_SERVERS) continue
      this.#histories.set(server, afterUse(this.#histories.get(server), slot))
      this.#warm.add(server)
    }
    this.#purse = settle(this.#purse, allowed, spent)
    this.#price = priceOf(this.#demand, this.#purse)
  }

  /** What is thought of a server in a slot after the last one that passed; undefined where nothing is known of it. */
  wishFor(server: string, slot: number, { coldMs, memoryMb }: ServerCosts): Wish | undefined {
    const history = this.#histories.get(server)
    if (history === undefined || history.gaps.length < LEAST_GAPS) return undefined
    const chance = chanceOf(this.#odds, evidenceAt(history, Math.max(1, slot - history.lastSlot)))
    const worth = (chance * coldMs) / memoryMb
    const price = this.#priceFor(server)
    return {
      warm: worth >= price,
      chance,
      because: `used in the next minute with a chance of ${percent(chance)}; warm it is worth ${figure(worth)} ms/MB at a price of ${figure(price)}`,
    }
  }

  /** The least worth at which a server is warm, ms of waiting for a MB and a minute: 0 while there is no demand, infinite where nothing may be spent. */
  get price(): number {
    return this.#price
  }

  /**
   * Whether who may start these servers ahead, and takes `ownMb` itself, is worth staying: there is a slot within `horizonSlots` in which those that would be
   * started avoid more waiting than their memory then and its own until then are worth.
   */
  isWorthStaying(
    servers: Iterable<string>,
    slot: number,
    costsOf: (server: string) => ServerCosts,
    ownMb: number,
    horizonSlots: number,
  ): boolean {
    // What is owed now is repaid by then.
    const price = priceOf(this.#demand, { ...this.#purse, left: 0 })
    const known = [...servers].map((server) => ({ server, costs: costsOf(server) }))
    for (let ahead = 1; ahead <= horizonSlots; ahead++) {
      let gainMs = 0
      for (const { server, costs } of known) {
        const spareMs = (this.wishFor(server, slot + ahead, costs)?.chance ?? 0) * costs.coldMs
        const costMs = price * costs.memoryMb
        if (spareMs >= START_MARKUP * costMs) gainMs += spareMs - costMs
      }
      if (gainMs > price * ownMb * ahead) return true
    }
    return false
  }

  #priceFor(server: string): number {
    return this.#warm.has(server) ? this.#price : START_MARKUP * this.#price
  }

  /** Plain data, for keeperOf(). */
  data(): object {
    return {
      format: FORMAT,
      odds: oddsData(this.#odds),
      demand: [...this.#demand.cost],
      purse: this.#purse,
      warm: [...this.#warm],
      servers: [...this.#histories],
    }
  }
}

/** With fewer idle times than this, what all servers taught says more of others than of this one. */
const LEAST_GAPS = 3
/** Starting takes processor time that keeping does not: what is cold must be worth so much more. Without, two in three starts ahead end within minutes, unused. */
const START_MARKUP = 2
const FORMAT = 1

/** The keeper that was kept as data; a new one for anything that none of ours can be. */
export function keeperOf(value: unknown): Keeper {
  const { format, odds: keptOdds, demand: keptDemand, purse, warm, servers } = Object(value)
  const odds = format === FORMAT ? readOdds(keptOdds) : undefined
  const demand = readDemand(keptDemand)
  if (odds === undefined || demand === undefined || !Array.isArray(servers)) return new Keeper()
  const histories = new Map<string, IdleHistory>()
  for (const [server, one] of servers.filter(Array.isArray)) {
    const history = readHistory(one)
    if (typeof server === 'string' && history !== undefined) histories.set(server, history)
  }
  const isWarm = (server: unknown): server is string => histories.has(server as string)
  return new Keeper(odds, histories, demand, readPurse(purse), Array.isArray(warm) ? warm.filter(isWarm) : [])
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function figure(value: number): string {
  return Number.isFinite(value) ? Number(value.toPrecision(2)).toString() : 'more than any'
}
