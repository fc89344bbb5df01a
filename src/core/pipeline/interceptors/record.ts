import type { Interceptor, Settled } from '../call.ts'

/** Tells what became of each call. Outermost, so that it tells what the agent saw. */
export function record(settled: Settled): Interceptor {
  return (next) => (call) => {
    call.onSettled = settled
    return next(call)
  }
}
