import { whereFrom } from '../core/clients/places.ts'
import { startable } from '../core/clients/startable.ts'
import { pathsFrom } from '../core/config/paths.ts'
import {
  type Mode,
  type Registry,
  readRegistry,
  type ServerDef,
  writeRegistry,
} from '../core/config/registry.ts'
import { runAlone } from '../core/daemon/alone.ts'
import { asking, type Connection, connect } from '../core/daemon/connect.ts'
import { findOrStart } from '../core/daemon/start.ts'
import type { ServerRow, WarmResult, WarmTarget } from '../core/daemon/wire.ts'
import { MyceliumError } from '../core/errors.ts'
import { modeOf } from '../core/launch/catalog.ts'
import { nearest } from '../core/nearest.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { printable } from '../core/report/printable.ts'
import { table } from '../core/report/table.ts'

/** Options that every server command takes. */
export interface ServerOptions {
  readonly json?: boolean
}

/** A warm server may have to install itself first. */
const WARM_LIMIT_MS = 120_000

/** `mycelium server list`. */
export async function runServerList(io: Io, options: ServerOptions): Promise<void> {
  const paths = pathsFrom(io.env)
  const connection = await connect(paths)
  const rows =
    connection === undefined
      ? coldRows(readRegistry(paths))
      : await asking(connection, (open) => open.ask<ServerRow[]>('servers'))
  if (options.json) io.write(jsonText({ daemon: connection !== undefined, servers: rows }))
  else if (rows.length === 0) io.write('no server was set up yet; next: mycelium init\n')
  else {
    io.write(
      table(
        [
          { title: 'SERVER' },
          { title: 'MODE' },
          { title: 'STATE' },
          { title: 'SESSIONS', align: 'right' },
          { title: 'PROCESSES', align: 'right' },
          { title: 'WHY', shrinks: true },
        ],
        rows.map((row) => [
          row.id,
          row.mode,
          stateOf(row),
          String(row.sessions),
          String(row.processes),
          printable(row.why),
        ]),
        io.width,
      ),
    )
    if (connection === undefined) io.talk('no daemon is running: it starts with the next agent session\n')
  }
}

/** `mycelium server warm [names]`: all of this directory's servers when none is named. */
export async function runServerWarm(
  io: Io,
  names: readonly string[],
  options: ServerOptions,
): Promise<number> {
  const paths = pathsFrom(io.env)
  const wanted = names.length === 0 ? readRegistry(paths).servers : namedServers(readRegistry(paths), names)
  if (wanted.length === 0)
    throw new MyceliumError('unknown_server', 'no server was set up yet', { hint: 'mycelium init' })
  const targets: readonly WarmTarget[] = startable(whereFrom(io.env, io.cwd), wanted)
  const results = await asking(await findOrStart(paths, io.env), (open) =>
    open.ask<WarmResult[]>('warm', { targets }, WARM_LIMIT_MS),
  )
  const missing = wanted.filter((def) => !targets.some((target) => target.id === def.id))
  const all: readonly WarmResult[] = [
    ...results,
    ...missing.map(
      (def): WarmResult => ({
        id: def.id,
        state: 'failed',
        readyMs: 0,
        detail:
          'no config that is read from this directory names it, or only its client can fill in its variables',
      }),
    ),
  ]
  if (options.json) io.write(jsonText({ servers: all }))
  else {
    const rows = all.map((row) => [row.id, row.state, `${row.readyMs} ms`, row.detail])
    io.write(
      table(
        [
          { title: 'SERVER' },
          { title: 'STATE' },
          { title: 'TOOK', align: 'right' },
          { title: '', shrinks: true },
        ],
        rows,
        io.width,
      ),
    )
  }
  return all.some((row) => row.state === 'failed') ? 1 : 0
}

/** `mycelium server restart NAME…`: calls in flight finish on the old process. */
export function runServerRestart(io: Io, names: readonly string[], options: ServerOptions): Promise<void> {
  return tellDaemon(io, 'restart', names, options, 'restarted')
}

/** `mycelium server drain NAME…`. */
export function runServerDrain(io: Io, names: readonly string[], options: ServerOptions): Promise<void> {
  return tellDaemon(io, 'drain', names, options, 'draining')
}

/** `mycelium server pause NAME…`: new calls wait. */
export function runServerPause(io: Io, names: readonly string[], options: ServerOptions): Promise<void> {
  return tellDaemon(io, 'pause', names, options, 'paused')
}

/** `mycelium server resume NAME…`. */
export function runServerResume(io: Io, names: readonly string[], options: ServerOptions): Promise<void> {
  return tellDaemon(io, 'resume', names, options, 'resumed')
}

/** `mycelium server share NAME MODE`: the user's word, kept through later runs of init. */
export async function runServerShare(
  io: Io,
  name: string,
  mode: Mode,
  options: ServerOptions,
): Promise<void> {
  const paths = pathsFrom(io.env)
  const known = namedServers(readRegistry(paths), [name])
  const ids = known.map((def) => def.id)
  await runAlone(paths, () => {
    const servers = readRegistry(paths).servers.map((def) => (ids.includes(def.id) ? { ...def, mode } : def))
    writeRegistry(paths, { version: 1, servers })
  })
  if (options.json) io.write(jsonText({ servers: ids, mode }))
  else
    io.write(
      `${ids.join(', ')}: ${mode}, from the next session on (server restart does not move sessions that are open)\n`,
    )
}

async function tellDaemon(
  io: Io,
  cmd: string,
  names: readonly string[],
  options: ServerOptions,
  done: string,
): Promise<void> {
  const paths = pathsFrom(io.env)
  namedServers(readRegistry(paths), names)
  const connection: Connection | undefined = await connect(paths)
  if (connection === undefined)
    throw new MyceliumError('daemon_not_running', `no daemon is running, so there is nothing to ${cmd}`)
  const ids = await asking(connection, (open) => open.ask<string[]>(cmd, { names }))
  if (options.json) io.write(jsonText({ servers: ids, state: done }))
  else io.write(`${ids.join(', ')}: ${done}\n`)
}

function namedServers(registry: Registry, names: readonly string[]): readonly ServerDef[] {
  return names.flatMap((name) => {
    const byId = registry.servers.filter((def) => def.id === name)
    const found = byId.length > 0 ? byId : registry.servers.filter((def) => def.name === name)
    if (found.length > 0) return found
    const known = registry.servers.map((def) => def.id)
    const close = nearest(name, known)
    throw new MyceliumError(
      'unknown_server',
      `no server is named ${JSON.stringify(name)} (known: ${known.join(', ') || 'none yet'})`,
      close === undefined ? {} : { hint: `did you mean ${close}?` },
    )
  })
}

function coldRows(registry: Registry): ServerRow[] {
  return registry.servers.map((def) => {
    const { mode, why, by } = modeOf(def.argv, def.mode)
    const clients = [...new Set(def.sources.map((source) => source.client))]
    return {
      id: def.id,
      name: def.name,
      mode,
      why,
      by,
      paused: false,
      sessions: 0,
      processes: 0,
      clients,
      pools: [],
    }
  })
}

function stateOf(row: ServerRow): string {
  if (row.paused) return 'paused'
  const states = row.pools.map((pool) => pool.state)
  for (const state of ['crash-loop', 'starting', 'warm']) if (states.includes(state)) return state
  return row.processes > 0 ? 'started' : 'cold'
}
