import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { clientById } from '../core/clients/client-lookup.ts'
import { declaredEntries } from '../core/clients/declared.ts'
import { whereFrom } from '../core/clients/places.ts'
import { systemClock } from '../core/clock.ts'
import { packageRoot, packageVersion } from '../core/config/package-root.ts'
import { type Paths, pathsOf, rootFrom } from '../core/config/paths.ts'
import { asking } from '../core/daemon/connect.ts'
import { findOrStart } from '../core/daemon/start.ts'
import { recordOne } from '../core/hook/record.ts'
import type { UsedTool } from '../core/lazy/uses.ts'
import type { Surroundings } from '../core/mcp/own-tool.ts'
import type * as Sdk from '../core/mcp/sdk.ts'
import { serveMcp } from '../core/mcp/serve.ts'
import { Servers } from '../core/mcp/servers.ts'
import { OWN_TOOLS } from '../core/mcp/tools/table.ts'
import type { Io } from '../core/report/io.ts'
import { plain, type Row, reportTable } from '../core/report/report-table.ts'
import { usageSource } from '../core/report/usage-source.ts'
import { loadCounter } from '../core/tokens/count.ts'
import { reportBy } from '../core/usage/reports.ts'
import { askUsage } from '../core/usage/source.ts'
import { windowOf } from '../core/usage/window.ts'

/** `mycelium mcp`. */
export interface McpOptions {
  readonly client?: string
  readonly home?: string
}

const REPORT_DAYS = 31
/** Names of servers in the instructions, which clients send in full. */
const MAX_NAMED = 40

/** Serves mycelium's own tools to the agent that started it, until it closes its end. */
export async function runMcp(io: Io, { client = '', home }: McpOptions): Promise<void> {
  const paths = pathsOf(home ?? rootFrom(io.env))
  const known = clientById(client)
  const where = whereFrom({ ...io.env, MYCELIUM_HOME: paths.root }, io.cwd)
  const agent = { client, clientPid: process.ppid, cwd: io.cwd, env: io.env }
  const entries = () => (known === undefined ? [] : declaredEntries(where, [known]))
  const ready = () => findOrStart(paths, { ...io.env }).then((connection) => connection.close())
  const servers = new Servers(agent, paths, ready, entries, () => systemClock.now())
  const count = await loadCounter()
  const clientSession = io.env.CLAUDE_CODE_SESSION_ID || `${client}-${agent.clientPid}`
  const around: Surroundings = {
    servers,
    count,
    foundUncalled: new Set(),
    used: () => usesIn(paths, io, { client, project: io.env.CLAUDE_PROJECT_DIR || io.cwd }),
    usage: (period) =>
      usageIn({ ...io, env: { ...io.env, MYCELIUM_HOME: paths.root } } as Io, period ?? '7d'),
    record: (deed) => {
      const at = Math.round(systemClock.wall() * 1000)
      try {
        recordOne(paths, 'decision', { at, policy: 'lazy_tools', accepted: true, clientSession, ...deed })
      } catch {
        // What cannot be recorded is done all the same.
      }
    },
  }
  const sdk = (await import(pathToFileURL(join(packageRoot(), 'dist/mcp-sdk.js')).href)) as typeof Sdk
  let paidFor = false
  await serveMcp(sdk, {
    tools: OWN_TOOLS,
    version: packageVersion(),
    instructions: instructionsFor(servers.names()),
    around,
    listed: (definitions) => {
      const savedTokens = -count(JSON.stringify(definitions))
      if (!paidFor)
        around.record({ action: 'own', server: '', because: 'definitions of our own', savedTokens })
      paidFor = true
    },
  })
  servers.close()
}

function instructionsFor(names: readonly string[]): string {
  if (names.length === 0) return 'No other server is reached through mycelium here.'
  const shown = names.slice(0, MAX_NAMED).join(', ')
  return `Some tools of these servers may not be listed; find_tool finds them, call_tool calls them: ${shown}${names.length > MAX_NAMED ? ', …' : ''}`
}

async function usesIn(
  paths: Paths,
  io: Io,
  user: { readonly client: string; readonly project: string },
): Promise<(id: string, tool: string) => number> {
  const rows = await findOrStart(paths, { ...io.env })
    .then((connection) => asking(connection, (open) => open.ask<readonly UsedTool[]>('used', user)))
    .catch(() => [])
  const uses = new Map(rows.map((row) => [`${row.server}\t${row.name}`, row.uses]))
  return (id, tool) => uses.get(`${id}\t${tool}`) ?? 0
}

async function usageIn(io: Io, period: string) {
  const window = windowOf(period, undefined, systemClock.wall())
  const report = reportBy('day', window, REPORT_DAYS)
  const { source, done } = usageSource(io)
  done()
  const rows = await askUsage(
    source,
    async (connection) => (await connection.runAndReadAll(report.sql)).getRowsJS() as Row[],
  )
  const days = rows.map((row) =>
    Object.fromEntries(report.columns.map(({ name }, i) => [name, plain(row[i])])),
  )
  const text =
    rows.length === 0
      ? 'nothing was recorded in that time'
      : reportTable(report.columns, rows, { width: 120, barOf: undefined }).text
  return { text, data: { period, days } }
}
