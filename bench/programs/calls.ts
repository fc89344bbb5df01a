import { seededRandom } from '../../src/core/bench/statistics.ts'
import type { EventOf } from '../../src/core/events/event.ts'

/** One call as the daemon records it. */
export type Call = EventOf<'call'>

const CLIENTS = ['claude-code', 'codex', 'gemini', 'opencode']
const OUTCOMES = ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'tool_error', 'error']
const SERVERS = 8
const TOOLS = 12
const PROJECTS = 20
const CALLS_OF_SESSION = 200
const DAYS = 30
const FIRST_US = 1_760_000_000_000_000

/**
 * `count` calls as they happen: sessions of two hundred calls on one server by one client in one project, three quarters of them to three tools,
 * sizes and latencies log-normal, spread over thirty days in order. The same ones for the same seed.
 */
export function* callsLike(count: number, seed: number): Generator<Call> {
  const random = seededRandom(seed)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const logNormal = (median: number, sigma: number) => Math.round(median * Math.exp(sigma * normal()))
  const stepUs = Math.floor((DAYS * 86_400_000_000) / count)
  for (let i = 0, session = 0, client = '', server = 0, project = ''; i < count; i++) {
    if (i % CALLS_OF_SESSION === 0) {
      session = Math.floor(random() * 2 ** 32)
      client = CLIENTS[Math.floor(random() * CLIENTS.length)]!
      server = Math.floor(random() * SERVERS)
      project = `/home/somebody/work/project-${Math.floor(random() * PROJECTS)}`
    }
    const id = Math.floor(random() * 2 ** 32).toString(36) + Math.floor(random() * 2 ** 32).toString(36)
    yield {
      at: FIRST_US + i * stepUs,
      session: `k3f9a2/${session}`,
      clientSession: `5b2f1c90-7a4e-4c1b-9d1e-${session}`,
      client,
      project,
      server: `server-${server}`,
      method: 'tools/call',
      tool: `tool_${random() < 0.75 ? Math.floor(random() * 3) : Math.floor(random() * TOOLS)}`,
      mode: server % 2 === 0 ? 'shared' : 'session',
      via: 'c',
      toolUse: `toolu_01${id.padEnd(16, 'A')}`,
      bytesIn: logNormal(300, 1),
      bytesOut: logNormal(2000, 1.5),
      queueUs: logNormal(40, 1),
      upstreamUs: logNormal(8000, 1.5),
      outcome: OUTCOMES[Math.floor(random() * OUTCOMES.length)]!,
      code: '',
      effect: random() < 0.05 ? 'cache' : '',
      savedBytes: 0,
    }
  }
}
