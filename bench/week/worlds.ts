import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerCommand } from '../../src/core/bench/agent-session.ts'
import type { Sandbox } from '../../src/core/bench/sandbox.ts'
import { type Paths, pathsOf, rootFrom } from '../../src/core/config/paths.ts'
import { asking, connect } from '../../src/core/daemon/connect.ts'
import type { DaemonStatus } from '../../src/core/daemon/wire.ts'
import { hasErrno, MyceliumError } from '../../src/core/errors.ts'
import type { BenchServer } from '../contender.ts'
import { wait } from '../context.ts'
import type { SimClock } from './sim-clock.ts'

/** What agents of a simulated week start, and how its time passes. */
export interface World {
  command(client: string, project: string, server: string): ServerCommand
  /** Lets that much time pass, while so many connections are open. */
  pass(byMs: number, connections: number): Promise<void>
  /** The longest that may pass without a look at what is held. */
  readonly lookMs: number
  /** Pids of what is there besides servers and the agents' own children. */
  others(): readonly number[]
  /** Whether the agents' children are relays, and not the servers. */
  readonly hasRelays: boolean
}

/** Each session starts its own servers. */
export function directWorld(sandbox: Sandbox, servers: readonly BenchServer[], clock: SimClock): World {
  return {
    command: (_client, project, server) => {
      const { command, args } = servers.find(({ name }) => name === server)!
      return { command, args, env: sandbox.env, cwd: projectDirectory(sandbox, project) }
    },
    pass: async (byMs) => clock.jump(byMs),
    lookMs: Number.POSITIVE_INFINITY,
    others: () => [],
    hasRelays: false,
  }
}

/** This checkout as `init --yes` sets it up for two clients, with these settings on top. */
export function myceliumWorld(
  packageRoot: string,
  sandbox: Sandbox,
  servers: readonly BenchServer[],
  clock: SimClock,
  settings: readonly string[],
): World & { run(args: readonly string[]): string; readonly paths: Paths } {
  const env = { ...sandbox.env, MYCELIUM_BENCH_CLOCK: clock.file }
  const run = (args: readonly string[]): string =>
    execFileSync(process.execPath, [join(packageRoot, 'bin/mycelium.js'), ...args], {
      cwd: sandbox.project,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 2 ** 20,
    })
  const files: Readonly<Record<string, string>> = {
    'claude-code': join(sandbox.home, '.claude.json'),
    'gemini-cli': join(sandbox.home, '.gemini/settings.json'),
  }
  const mcpServers = Object.fromEntries(servers.map(({ name, command, args }) => [name, { command, args }]))
  mkdirSync(join(sandbox.home, '.gemini'), { recursive: true })
  for (const file of Object.values(files)) writeFileSync(file, JSON.stringify({ mcpServers }, null, 2))
  run(['init', '--yes'])
  for (const setting of settings) run(['config', 'set', setting])
  const entries = new Map(
    Object.entries(files).map(([client, file]) => [
      client,
      (JSON.parse(readFileSync(file, 'utf8')) as { mcpServers: Record<string, BenchServer> }).mcpServers,
    ]),
  )
  const paths = pathsOf(rootFrom(sandbox.env))
  let daemon: number[] = []
  return {
    paths,
    run,
    command: (client, project, server) => {
      const { command, args } = entries.get(client)![server]!
      return { command, args, env, cwd: projectDirectory(sandbox, project) }
    },
    pass: async (byMs, connections) => {
      daemon = await advance(paths, byMs, connections)
      clock.jump(byMs)
    },
    lookMs: 60_000,
    others: () => daemon,
    hasRelays: true,
  }
}

/** Where a project's agents work. */
function projectDirectory(sandbox: Sandbox, project: string): string {
  const directory = join(sandbox.project, project)
  mkdirSync(directory, { recursive: true })
  return directory
}

const SETTLE_MS = 10_000
const ADVANCE_MS = 120_000

/** Puts the daemon's time forward once it has seen which sessions are over; gives its pid. Without one, and with one that ends meanwhile, there is none. */
async function advance(paths: Paths, byMs: number, connections: number): Promise<number[]> {
  const connection = await connect(paths)
  if (connection === undefined) return []
  try {
    return await asking(connection, async (open) => {
      const deadline = performance.now() + SETTLE_MS
      let status = await open.ask<DaemonStatus>('status')
      while (status.sessions !== connections && performance.now() < deadline) {
        await wait(2)
        status = await open.ask<DaemonStatus>('status')
      }
      if (status.sessions !== connections)
        throw new Error(`the daemon has ${status.sessions} sessions, agents have ${connections}`)
      await open.ask('advance', { ms: byMs }, ADVANCE_MS)
      return [status.pid, ...(status.watcherPid === null ? [] : [status.watcherPid])]
    })
  } catch (error) {
    const isGone = error instanceof MyceliumError && error.code === 'daemon_not_running'
    if (!isGone && !hasErrno(error, 'EPIPE', 'ECONNRESET')) throw error
    while ((await connect(paths).then((open) => open?.close() ?? 'gone')) !== 'gone') await wait(10)
    return []
  }
}
