import { pause } from '../clock.ts'
import type { JumpClock } from '../jump-clock.ts'
import type { Pools } from '../pool/pools.ts'
import type { Session } from '../session/session.ts'
import type { Commands } from './control.ts'

/** What is done by the clock, and what may be under way. */
export interface AdvanceServices {
  readonly pools: Pools
  readonly sessions: ReadonlySet<Session>
  readonly ingester: { readonly running: boolean }
  /** The daemon's rounds, each of which also comes at the machine's pace. */
  readonly rounds: () => readonly (() => void)[]
}

/** A round comes this often while time is put forward, and what is due comes at most so late. */
const STEP_MS = 10_000
const LOOK_MS = 2
/** An answer to the daemon's own question is waited for this long: as the janitor does. */
const ANSWER_MS = 10_000

/**
 * The command that puts a benchmark's clock forward; none for any other clock. Time is put forward only while nothing is under way: a
 * process that starts or ends, and a call, take what they really take.
 */
export function advancing(clock: JumpClock | undefined, services: AdvanceServices): Commands {
  if (clock === undefined) return {}
  return {
    advance: async ({ ms }) => {
      for (let left = Math.max(0, Math.round(Number(ms))); left > 0; ) {
        await untilAtRest(clock, services)
        const step = Math.min(left, STEP_MS)
        left -= step
        clock.jump(step)
        for (const round of services.rounds()) round()
      }
      await untilAtRest(clock, services)
      return { at: clock.wall() }
    },
  }
}

async function untilAtRest(clock: JumpClock, services: AdvanceServices): Promise<void> {
  // What was just decided has its turn to begin.
  await new Promise((resolve) => setImmediate(resolve))
  while (isBusy(clock.now(), services)) await pause(clock, LOOK_MS)
}

function isBusy(nowMs: number, { pools, sessions, ingester }: AdvanceServices): boolean {
  return (
    ingester.running ||
    pools
      .all()
      .some(
        ({ starting, lists }) =>
          starting > 0 ||
          lists.count('started', 'greeting', 'busy', 'draining', 'stopping') > 0 ||
          lists
            .in('idle')
            .some(
              ({ lastAskedMs, lastHeardMs }) => lastAskedMs > lastHeardMs && nowMs - lastAskedMs <= ANSWER_MS,
            ),
      ) ||
    [...sessions].some(({ inFlight }) => inFlight > 0)
  )
}
