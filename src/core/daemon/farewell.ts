import { type Clock, pause } from '../clock.ts'
import { MyceliumError } from '../errors.ts'
import type { Session } from '../session/session.ts'

/** How long an agent that neither reads nor closes is waited for. */
const LIMIT_MS = 200
const LOOK_MS = 5
const WHY = 'mycelium is stopping'

/** Answers what is open in these sessions with an error, and ends them; settles when they are over, as `sessions` tells. */
export async function sayFarewell(sessions: ReadonlySet<Session>, clock: Clock): Promise<void> {
  const untilMs = clock.now() + LIMIT_MS
  for (const session of [...sessions]) session.close(new MyceliumError('daemon_stopping', WHY))
  while (sessions.size > 0 && clock.now() < untilMs) await pause(clock, LOOK_MS)
  for (const session of [...sessions]) session.abort(WHY)
}
