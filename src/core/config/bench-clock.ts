import { JumpClock } from '../jump-clock.ts'
import { textIfRegular } from '../regular-file.ts'

/**
 * The daemon's clock in a benchmark: MYCELIUM_BENCH_CLOCK names a file with the whole milliseconds that it is ahead of the machine's.
 * Undefined in every other daemon. Pairs with bench/week/sim-clock.ts.
 */
export function benchClock(): JumpClock | undefined {
  const file = process.env.MYCELIUM_BENCH_CLOCK
  if (!file) return undefined
  const aheadMs = Number(textIfRegular(file) ?? Number.NaN)
  return Number.isSafeInteger(aheadMs) ? new JumpClock(aheadMs) : undefined
}
