import { ladderHere } from '../bounds/here.ts'
import { liveSettings } from '../config/live-settings.ts'
import type { Paths } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { machineMemoryMb } from '../machine-memory.ts'
import { asking, connect } from './connect.ts'
import type { Enforcement } from './wire-envelopes.ts'

/** What is known of enforcement, and whether a daemon said it. */
export interface KnownEnforcement extends Enforcement {
  readonly isDaemon: boolean
}

/** A daemon that is slow to say it is not waited for: what it would do can be looked up. */
const ASK_MS = 2_000

/** How the daemon enforces limits; without one that says it, what it would do on this machine. */
export async function askEnforcement(paths: Paths): Promise<KnownEnforcement> {
  const connection = await connect(paths)
  if (connection === undefined) return lookHere(paths)
  try {
    const answer = await asking(connection, (open) => open.ask<Enforcement>('enforcement', {}, ASK_MS))
    return { ...answer, isDaemon: true }
  } catch (error) {
    // One of another version does not know the question.
    if (!(error instanceof MyceliumError)) throw error
    return lookHere(paths)
  }
}

/** Has the daemon take up the limits that were stored last. Throws daemon_not_running and what the daemon says. */
export async function enforceKept(paths: Paths): Promise<Enforcement> {
  const connection = await connect(paths)
  if (connection === undefined)
    throw new MyceliumError('daemon_not_running', 'no daemon runs: it takes the limits up when it starts')
  return asking(connection, (open) => open.ask<Enforcement>('enforce'))
}

/** What a daemon would do on this machine, by the user's settings. */
export function lookHere(paths: Paths): KnownEnforcement {
  const settings = liveSettings(paths, { changed: () => {}, ignored: () => {}, broken: () => {} })
  const wanted = { given: settings.get('envelope.cgroup'), from: settings.get('envelope.mechanism') }
  const { rungs, refused } = ladderHere(wanted)
  return {
    isDaemon: false,
    enabled: settings.get('envelope.enabled'),
    mechanism: rungs[0]!.mechanism,
    refused,
    ceilingMb: Math.round(settings.get('envelope.ceiling') * machineMemoryMb()),
    servers: [],
  }
}
