import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { AgentSession } from '../agents/preload.ts'
import { packageRoot } from '../config/package-root.ts'
import { MyceliumError } from '../errors.ts'

/** The newest sessions that it is learnt from what agents follow each other. */
const SESSIONS = 2_000
const LIMIT_MS = 60_000
const MAX_BYTES = 16 * 1024 * 1024

/**
 * The sub-agents that sessions of a client began, in their order, the oldest session first. A command of our own asks the database: its library takes half a second
 * and 100 MB, which an agent's own process must not. Rejects with internal where the command fails, as it does while nothing is on record.
 */
export async function agentsBegun(
  client: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<readonly AgentSession[]> {
  const sql = `SELECT client_session, epoch_ms(max(last_seen))::DOUBLE, to_json(list(agent_type ORDER BY first_seen, agent))::VARCHAR
    FROM agent_runs WHERE client = '${client.replaceAll("'", "''")}' AND agent IS NOT NULL
    GROUP BY client_session ORDER BY max(last_seen) DESC, client_session LIMIT ${SESSIONS}`
  // What transcripts have that is not on record is not worth to be waited for.
  const asked = ['usage', 'query', sql, '--json', '--config', 'usage.import_on_report=false']
  const options = { env, signal, timeout: LIMIT_MS, maxBuffer: MAX_BYTES }
  const json = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [join(packageRoot(), 'bin/mycelium.js'), ...asked], options, (error, out) => {
      if (error === null) resolve(out)
      else reject(new MyceliumError('internal', `the record of agents was not read: ${error.message}`))
    })
  })
  const { rows } = JSON.parse(json) as { readonly rows: readonly (readonly [string, number, string])[] }
  return rows.map(([id, atMs, agents]) => ({ id, atMs, agents: JSON.parse(agents) as string[] })).reverse()
}
