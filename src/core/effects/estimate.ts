import { median, quantile, seededRandom } from '../bench/statistics.ts'

/** A measured effect. `low` and `high` hold it in 95 of 100 repetitions; null, with the reason in `note`, where there is too little to say so. */
export interface Estimate {
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  /** Observations that it rests on. */
  readonly n: number
  /** Why value or interval is missing; empty when nothing is. */
  readonly note: string
}

/** Below this many observations an interval by resampling is an accident of a few. */
export const MIN_RESAMPLED = 30
/** The fewest values whose smallest and largest hold their median in 95 of 100 repetitions. */
export const MIN_FOR_MEDIAN = 6

const ROUNDS = 400
/** More than these make the interval no better worth the wait. */
const MAX_OBSERVATIONS = 1_000
const MAX_STARTS = 60

/** Nothing was measured, and why. */
export function unknown(note: string, n = 0): Estimate {
  return { value: null, low: null, high: null, n, note }
}

/**
 * The median of some values with the interval between two order statistics that holds it with at least 95 % (David and Nagaraja, Order
 * Statistics, 2003, §7.1): no assumption about how the values are spread, and null below six of them. Same unit as the values.
 */
export function medianEstimate(values: readonly number[]): Estimate {
  const n = values.length
  if (n === 0) return unknown('not measured')
  if (n < MIN_FOR_MEDIAN) return { value: median(values), low: null, high: null, n, note: `too few: ${n}` }
  const sorted = [...values].sort((a, b) => a - b)
  const below = ranksBelowMedian(n)
  return { value: median(sorted), low: sorted[below]!, high: sorted[n - 1 - below]!, n, note: '' }
}

/** The largest k with P(Binomial(n, 1/2) ≤ k) ≤ 2.5 %: so many values may be left out at each end. */
function ranksBelowMedian(n: number): number {
  let probability = 0.5 ** n
  let sum = probability
  let k = 0
  // Where 2^-n underflows, the normal approximation is exact to less than a rank.
  if (n > 1_000) return Math.floor((n - 1.96 * Math.sqrt(n)) / 2) - 1
  while (sum + (probability * (n - k)) / (k + 1) <= 0.025) {
    probability *= (n - k) / (k + 1)
    sum += probability
    k++
  }
  return k
}

/** A session's greeting that did not wait for a start, ms. */
export interface Greeting {
  readonly server: string
  readonly ms: number
}

/**
 * What the mean greeting spared its session, ms: the median start of its server less the greeting itself; negative when greeting took longer.
 * Greetings of servers without a measured start are left out of value and n. The interval is by resampling greetings and starts alike
 * (percentile bootstrap; Efron and Tibshirani, 1993, §13.3), seeded; it takes 30 greetings and six starts of each server.
 */
export function sparedPerGreeting(
  greetings: readonly Greeting[],
  startsMs: ReadonlyMap<string, readonly number[]>,
): Estimate {
  const counted = greetings
    .filter(({ server }) => (startsMs.get(server)?.length ?? 0) > 0)
    .slice(0, MAX_OBSERVATIONS)
  const n = counted.length
  if (n === 0)
    return unknown(greetings.length === 0 ? 'nothing happened' : 'no start of these servers was measured')
  const servers = [...new Set(counted.map(({ server }) => server))]
  const starts = servers.map((server) => startsMs.get(server)!)
  const mediansMs = starts.map(median)
  const at = new Map(servers.map((server, i) => [server, i]))
  const value = meanOf(counted.map(({ server, ms }) => mediansMs[at.get(server)!]! - ms))
  const fewest = Math.min(...starts.map(({ length }) => length))
  if (n < MIN_RESAMPLED) return { value, low: null, high: null, n, note: `too few: ${n}` }
  if (fewest < MIN_FOR_MEDIAN)
    return { value, low: null, high: null, n, note: `too few starts of a server: ${fewest}` }
  const random = seededRandom(0x5eed)
  const pick = (length: number) => Math.floor(random() * length)
  const some = counted.map(({ server, ms }) => ({ server: at.get(server)!, ms }))
  const few = starts.map((values) => values.slice(0, MAX_STARTS))
  const values = Array.from({ length: ROUNDS }, () => {
    const resampled = few.map((own) => median(own.map(() => own[pick(own.length)]!)))
    let sum = 0
    for (let i = 0; i < some.length; i++) {
      const one = some[pick(some.length)]!
      sum += resampled[one.server]! - one.ms
    }
    return sum / some.length
  })
  return { value, low: quantile(values, 0.025), high: quantile(values, 0.975), n, note: '' }
}

/** The mean of some differences with its interval by resampling (percentile bootstrap, seeded), from 30 of them on. Same unit as the values. */
export function meanEstimate(all: readonly number[]): Estimate {
  const values = all.slice(0, MAX_OBSERVATIONS)
  const n = values.length
  if (n === 0) return unknown('nothing happened')
  const value = meanOf(values)
  if (n < MIN_RESAMPLED) return { value, low: null, high: null, n, note: `too few: ${n}` }
  const random = seededRandom(0x5eed)
  const means = Array.from({ length: ROUNDS }, () =>
    meanOf(values.map(() => values[Math.floor(random() * n)]!)),
  )
  return { value, low: quantile(means, 0.025), high: quantile(means, 0.975), n, note: '' }
}

/** The sum of some values of one kind with its interval, as meanEstimate() has it of their mean. Same unit as the values. */
export function totalEstimate(values: readonly number[]): Estimate {
  const mean = meanEstimate(values)
  const total = (of: number | null) => (of === null ? null : of * values.length)
  return { ...mean, value: total(mean.value), low: total(mean.low), high: total(mean.high), n: values.length }
}

/** Two groups beside each other. */
export interface Difference {
  readonly treated: { readonly n: number; readonly mean: number | null }
  readonly control: { readonly n: number; readonly mean: number | null }
  /** Treated less control. */
  readonly difference: Estimate
}

/** The difference of the means of two groups; its interval by resampling both (percentile bootstrap, seeded), from 30 of each on. */
export function differenceEstimate(treated: readonly number[], control: readonly number[]): Difference {
  const groups = [treated.slice(0, MAX_OBSERVATIONS), control.slice(0, MAX_OBSERVATIONS)] as const
  const [one, two] = groups.map((values) => ({
    n: values.length,
    mean: values.length === 0 ? null : meanOf(values),
  })) as [Difference['treated'], Difference['control']]
  const n = Math.min(one.n, two.n)
  const tell = (difference: Estimate): Difference => ({ treated: one, control: two, difference })
  if (one.mean === null || two.mean === null)
    return tell(unknown(two.n === 0 ? 'there is no control' : 'nothing happened'))
  const value = one.mean - two.mean
  if (n < MIN_RESAMPLED) return tell({ value, low: null, high: null, n, note: `too few: ${n}` })
  const random = seededRandom(0x5eed)
  const resampled = (values: readonly number[]) =>
    meanOf(values.map(() => values[Math.floor(random() * values.length)]!))
  const values = Array.from({ length: ROUNDS }, () => resampled(groups[0]) - resampled(groups[1]))
  return tell({ value, low: quantile(values, 0.025), high: quantile(values, 0.975), n, note: '' })
}

/** The sum of values, and of the ends of their intervals when all have one. */
export function sumOf(estimates: readonly Estimate[], n: number): Estimate {
  if (estimates.length === 0) return unknown('nothing happened', n)
  const known = estimates.filter(({ value }) => value !== null)
  if (known.length === 0) return unknown(estimates[0]!.note, n)
  const total = (key: 'value' | 'low' | 'high') => known.reduce((sum, one) => sum + one[key]!, 0)
  const open = known.find(({ low }) => low === null)
  return {
    value: total('value'),
    low: open === undefined ? total('low') : null,
    high: open === undefined ? total('high') : null,
    n,
    note: open?.note ?? '',
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
