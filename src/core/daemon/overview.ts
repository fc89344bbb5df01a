import type { Clock } from '../clock.ts'
import { packageVersion } from '../config/package-root.ts'
import type { Paths } from '../config/paths.ts'
import type { ServerDef } from '../config/registry.ts'
import type { Pools } from '../pool/pools.ts'
import { memoryShareOf } from '../process.ts'
import type { Sample } from '../recorder/sampler.ts'
import type { Session } from '../session/session.ts'
import type { Recording } from './recording.ts'
import { serverRows } from './report.ts'
import { treesOf } from './trees.ts'
import type { DaemonStatus, PoolRow, ServerRow } from './wire.ts'
import type { MemoryUse, Overview, OverviewServer } from './wire-overview.ts'

/** What the daemon holds. */
export interface OverviewServices {
  readonly status: DaemonStatus
  readonly servers: readonly ServerDef[]
  readonly pools: Pools
  readonly sessions: ReadonlySet<Session>
  readonly recording: Recording
  readonly clock: Clock
}

/** Launchers that are looked at for one answer: they are all alike, and a look takes 70 µs. */
const LAUNCHERS_LOOKED_AT = 16
/** Sessions of servers in one pool's states, best first: the state of a server is the best of its pools. */
const STATES = ['warm', 'starting', 'cold', 'paused', 'crash-loop', 'closed'] as const

/** What `daemon status` shows: what the process itself knows, and what is told. */
export function statusOf(
  { root, socket }: Pick<Paths, 'root' | 'socket'>,
  told: Omit<DaemonStatus, 'pid' | 'version' | 'node' | 'root' | 'socket' | 'rssMb'>,
): DaemonStatus {
  const rssMb = Math.round((process.memoryUsage.rss() / 1024 / 1024) * 10) / 10
  return { pid: process.pid, version: packageVersion(), node: process.version, root, socket, rssMb, ...told }
}

/** Everything that `status` shows, from memory but for a bounded look at processes that no sample knows yet. */
export function overviewOf(services: OverviewServices): Overview {
  const { status, pools, sessions, recording, clock } = services
  const samples = recording.latestSamples(treesOf(pools))
  const clients: Record<string, number> = {}
  for (const { peer } of sessions) clients[peer.client] = (clients[peer.client] ?? 0) + 1
  const own = samples.get(process.pid)
  return {
    daemon: status,
    daemonMemory: own === undefined ? ownMemory() : memoryOf([own]),
    launchers: launchersOf(sessions),
    clients,
    servers: serverRows(services.servers, pools, clock).map((row) => serverOf(row, samples, services)),
  }
}

function serverOf(
  row: ServerRow,
  samples: ReadonlyMap<number, Sample>,
  { sessions, recording }: OverviewServices,
): OverviewServer {
  const { id, name, mode, why, paused, processes } = row
  const own = [...sessions].filter(({ peer }) => peer.server === id)
  const pids = row.pools.flatMap(({ upstreams }) => upstreams.map(({ pid }) => pid))
  return {
    id,
    name,
    mode,
    why,
    paused,
    processes,
    state: stateOf(row.pools),
    sessions: own.length,
    inFlight: own.reduce((sum, { inFlight }) => sum + inFlight, 0),
    waiting: row.pools.reduce((sum, { waiting }) => sum + waiting, 0),
    memory: memoryOf(pids.flatMap((pid) => samples.get(pid) ?? [])),
    totals: recording.tallies.of(id),
  }
}

function stateOf(pools: readonly PoolRow[]): string {
  return STATES.find((state) => pools.some((pool) => pool.state === state)) ?? 'cold'
}

function memoryOf(samples: readonly Sample[]): MemoryUse {
  const own = samples.map(({ ownKb }) => ownKb)
  return {
    rssKb: samples.reduce((sum, { rssKb }) => sum + rssKb, 0),
    pssKb: samples.reduce((sum, { pssKb }) => sum + pssKb, 0),
    ownKb: own.includes(undefined) ? null : own.reduce<number>((sum, kb) => sum + kb!, 0),
    measured: samples.length,
  }
}

/** A daemon that holds nothing is not sampled. */
function ownMemory(): MemoryUse {
  const rssKb = Math.round(process.memoryUsage.rss() / 1024)
  const share = memoryShareOf(process.pid)
  return { rssKb, pssKb: share?.pssKb ?? rssKb, ownKb: share?.ownKb ?? null, measured: 1 }
}

function launchersOf(sessions: ReadonlySet<Session>): Overview['launchers'] {
  const pids = [...new Set([...sessions].map(({ peer }) => peer.pid))].filter((pid) => pid > 1)
  const looked = pids.slice(0, LAUNCHERS_LOOKED_AT).flatMap((pid) => memoryShareOf(pid)?.pssKb ?? [])
  const mean = looked.reduce((sum, kb) => sum + kb, 0) / (looked.length || 1)
  return { count: pids.length, measured: looked.length, pssKb: Math.round(mean * pids.length) }
}
