import { createInterface } from 'node:readline'
import { systemClock } from '../clock.ts'
import { AgentSession, type ServerCommand } from './agent-session.ts'

/**
 * An agent in a process of its own, so that it can be killed as agents are killed: starts the servers it is told to, greets them, calls them and
 * says how long that took. Entry file of dist/agent.js; pairs with agent-process.ts, which sends these requests as JSON lines.
 */
export interface AgentRequests {
  /** Starts the servers all at once; the answer is, per server, the ms from its spawn to its answered `tools/list`. */
  open: { params: { servers: readonly ServerCommand[] }; result: { readyMs: number[]; allReadyMs: number } }
  /** Makes calls one after the other on one server; `body` as in AgentSession.calls. */
  calls: { params: { server: number; count: number; body: string }; result: { ms: number[] } }
}

/** Runs until end of input; then closes its servers, as an agent that quits does. */
function main(): void {
  let sessions: AgentSession[] = []
  const open = async ({ servers }: AgentRequests['open']['params']) => {
    const since = systemClock.now()
    sessions = servers.map((server) => new AgentSession(server))
    const readyMs = await Promise.all(sessions.map(readyTime))
    return { readyMs, allReadyMs: systemClock.now() - since }
  }
  const calls = async ({ server, count, body }: AgentRequests['calls']['params']) => ({
    ms: await sessions[server]!.calls(count, 1, body),
  })
  const methods: Readonly<Record<string, (params: never) => Promise<object>>> = { open, calls }

  const input = createInterface({ input: process.stdin })
  input.on('line', async (line) => {
    const { id, method, params } = JSON.parse(line) as { id: number; method: string; params: never }
    const answer = await methods[method]!(params).then(
      (result) => ({ result }),
      (error: Error) => ({ error: { code: -32603, message: error.message } }),
    )
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`)
  })
  input.once('close', () => void Promise.all(sessions.map((session) => session.close())))
}

async function readyTime(session: AgentSession): Promise<number> {
  const { error } = await session.initialize()
  if (error) throw new Error(`initialize: ${error.message}`)
  const { result } = await session.request('tools/list')
  if (!Array.isArray(result?.tools)) throw new Error('tools/list: no tools')
  return systemClock.now() - session.startedAt
}

main()
