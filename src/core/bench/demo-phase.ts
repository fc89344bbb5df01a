import { type Clock, pause } from '../clock.ts'
import { MyceliumError } from '../errors.ts'
import { type AgentProcess, startAgent } from './agent-process.ts'
import { callBody } from './agent-session.ts'
import { DEMO_CLIENTS, serversOf } from './demo-clients.ts'
import { killNow, memoryMb, processesOf } from './processes.ts'
import type { Sandbox } from './sandbox.ts'

/** Sessions of each client. */
const SESSIONS_PER_CLIENT = 2
/** Calls of each session: enough over all sessions for a 99th percentile. */
const CALLS_PER_SESSION = 200
/** Time for memory to come to rest after the calls. */
const SETTLE_MS = 1000
/** Between two sessions of a person there is time to prepare the next one; a server that takes longer is met as it is. */
const READY_MS = 8000
/** How long what was killed may take to be gone before it counts as left behind. */
const ORPHAN_MS = 3000
const POLL_MS = 50

/** What one way of starting servers came to. */
export interface PhaseFigures {
  readonly sessions: number
  readonly servers: number
  /** MCP server processes with all sessions open. */
  readonly serverProcesses: number
  /** All processes besides the agents themselves (launchers, daemon and watcher too), and their memory. */
  readonly processes: number
  readonly memoryMb: number
  /** From the start of a session's servers until all of them answered `tools/list`: the first session, and each later one. */
  readonly coldMs: number
  readonly warmMs: readonly number[]
  /** One `echo` call, one in flight. */
  readonly callMs: readonly number[]
  /** Processes left 3 s after agents and holders were killed. */
  readonly orphans: number
}

/** What a phase works with. */
export interface PhaseOptions {
  readonly packageRoot: string
  readonly sandbox: Sandbox
  readonly clock: Clock
  readonly signal: AbortSignal
  progress(text: string): void
  /** Who holds the servers, where it is not the agents. */
  readonly holder?: {
    /** Whether a further session would find everything warm. */
    ready(): Promise<boolean>
    status(): Promise<{ readonly pid: number; readonly upstreams: number }>
  }
}

/** Opens all sessions as the clients' configs say, one after the other, calls, measures, and kills everything with SIGKILL. */
export async function runPhase(options: PhaseOptions): Promise<PhaseFigures> {
  const { sandbox, clock, signal, progress } = options
  const planned = DEMO_CLIENTS.flatMap((client) => Array.from({ length: SESSIONS_PER_CLIENT }, () => client))
  const agents: AgentProcess[] = []
  const readyMs: number[] = []
  let servers = 0
  for (const client of planned) {
    const commands = serversOf(client, sandbox)
    servers = commands.length
    if (agents.length > 0) await untilReady(options)
    progress(
      `session ${agents.length + 1} of ${planned.length} (${client.name}): starting ${servers} servers`,
    )
    const agent = startAgent(options.packageRoot, sandbox)
    agents.push(agent)
    readyMs.push((await agent.ask('open', { servers: commands })).allReadyMs)
    signal.throwIfAborted()
  }
  const callMs = await callAll(agents, progress)
  progress('letting memory settle')
  await pauseUnless(signal, clock, SETTLE_MS)
  const agentPids = new Set(agents.map((agent) => agent.pid))
  const others = () => processesOf(sandbox.home).filter(({ pid }) => !agentPids.has(pid))
  const pids = others().map(({ pid }) => pid)
  const holder = await options.holder?.status()
  const figures = {
    sessions: planned.length,
    servers,
    serverProcesses: holder?.upstreams ?? pids.length,
    processes: pids.length,
    memoryMb: memoryMb(pids),
    coldMs: readyMs[0]!,
    warmMs: readyMs.slice(1),
    callMs,
  }
  progress('killing everything')
  for (const agent of agents) await agent.kill()
  if (holder !== undefined) killNow(holder.pid)
  return { ...figures, orphans: await leftAfter(ORPHAN_MS, () => others().length, options) }
}

async function callAll(agents: readonly AgentProcess[], progress: (text: string) => void): Promise<number[]> {
  const times: number[] = []
  // The first server of the demo is the one with an echo tool.
  const call = { server: 0, body: callBody('echo', { message: 'x'.repeat(100) }) }
  for (const [i, agent] of agents.entries()) {
    progress(`calls of session ${i + 1} of ${agents.length}`)
    // The first calls of a session find code that has never run; they are a matter of start-up.
    await agent.ask('calls', { ...call, count: 20 })
    times.push(...(await agent.ask('calls', { ...call, count: CALLS_PER_SESSION })).ms)
  }
  return times
}

async function untilReady({ holder, clock, signal }: PhaseOptions): Promise<void> {
  const deadline = clock.now() + READY_MS
  while (holder !== undefined && clock.now() < deadline && !(await holder.ready()))
    await pauseUnless(signal, clock, POLL_MS)
}

/** How many are left once nobody is or `boundMs` is over. */
async function leftAfter(boundMs: number, left: () => number, options: PhaseOptions): Promise<number> {
  const deadline = options.clock.now() + boundMs
  while (left() > 0 && options.clock.now() < deadline)
    await pauseUnless(options.signal, options.clock, POLL_MS)
  return left()
}

async function pauseUnless(signal: AbortSignal, clock: Clock, ms: number): Promise<void> {
  const until = clock.now() + ms
  while (clock.now() < until) {
    if (signal.aborted) throw new MyceliumError('interrupted', 'interrupted')
    await pause(clock, Math.min(POLL_MS, ms))
  }
}
