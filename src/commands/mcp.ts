import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { definitionsStamp, readDefinitions } from '../core/agents/read-definitions.ts'
import { parsedBy } from '../core/budget/outline-cache.ts'
import { clientById } from '../core/clients/client-lookup.ts'
import { declaredEntries } from '../core/clients/declared.ts'
import { whereFrom } from '../core/clients/places.ts'
import { systemClock } from '../core/clock.ts'
import { resolveSettings } from '../core/config/layers.ts'
import { readMcpPlaces } from '../core/config/mcp-place.ts'
import { packageRoot, packageVersion } from '../core/config/package-root.ts'
import { type Paths, pathsOf, rootFrom } from '../core/config/paths.ts'
import { asking } from '../core/daemon/connect.ts'
import { findOrStart } from '../core/daemon/start.ts'
import type { EventOf } from '../core/events/event.ts'
import { fingerprint } from '../core/hash.ts'
import { recordOne } from '../core/hook/record.ts'
import { ownDeferral } from '../core/lazy/deferral.ts'
import type { UsedTool } from '../core/lazy/uses.ts'
import { AgentsAhead } from '../core/mcp/agents-ahead.ts'
import { agentsBegun } from '../core/mcp/agents-begun.ts'
import { AgentsHeld } from '../core/mcp/agents-held.ts'
import { nearnessBy } from '../core/mcp/nearness.ts'
import { type OwnListing, ownListed } from '../core/mcp/own-list.ts'
import type { OwnDefinition, Surroundings } from '../core/mcp/own-tool.ts'
import type * as Sdk from '../core/mcp/sdk.ts'
import { serveMcp } from '../core/mcp/serve.ts'
import { Servers } from '../core/mcp/servers.ts'
import { OWN_TOOLS } from '../core/mcp/tools/table.ts'
import { openOriginals } from '../core/originals/open.ts'
import type { Io } from '../core/report/io.ts'
import { plain, type Row, reportTable } from '../core/report/report-table.ts'
import { usageSource } from '../core/report/usage-source.ts'
import { type CountTokens, loadCounter } from '../core/tokens/count.ts'
import { reportBy } from '../core/usage/reports.ts'
import { askUsage } from '../core/usage/source.ts'
import { windowOf } from '../core/usage/window.ts'
import { openJudging } from '../core/verdict/open-judge.ts'

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
  const project = io.env.CLAUDE_PROJECT_DIR || io.cwd
  const put = recorderTo(paths)
  const settings = resolveSettings({ flags: [], env: io.env, cwd: io.cwd, paths })
  const originals = openOriginals(paths, settings, () => systemClock.wall())
  const judging = openJudging({ clock: systemClock, env: io.env, models: paths.models })
  const listedNow = () => ownListed(OWN_TOOLS, listingNow(client, io, paths))
  const parsers = join(packageRoot(), 'dist/parsers.js')
  const rooted = { ...io, env: { ...io.env, MYCELIUM_HOME: paths.root } } as Io
  const definitions = () => readDefinitions(where, count, known?.id)
  const over = new AbortController()
  const agentsAhead = settings.get('agent_preload.enabled')
    ? new AgentsAhead({
        sessions: () => agentsBegun(client, rooted.env, over.signal),
        read: () => definitions().agents,
        stamp: () => definitionsStamp(where, known?.id),
        record: (action, agent) => {
          const deed = { action, server: '', because: agent, savedTokens: 0 }
          put('decision', { policy: 'agent_preload', accepted: true, clientSession, ...deed })
        },
      })
    : undefined
  const around: Surroundings = {
    servers,
    own: () => {
      const listed = listedNow()
      return OWN_TOOLS.map((tool) => ({ tool, isListed: listed.includes(tool) }))
    },
    near: nearnessBy((cmd, args, boundMs) =>
      findOrStart(paths, { ...io.env }).then((connection) =>
        asking(connection, (open) => open.ask(cmd, args, boundMs)),
      ),
    ),
    count,
    originals,
    judging,
    parse: (path, text) => parsedBy(parsers, path, text),
    foundUncalled: new Set(),
    agentsHeld: new AgentsHeld(),
    agentsAhead,
    agents: definitions,
    expanded: (handle, tokens) =>
      put('expansion', { session: '', clientSession, client, project, handle, tokens, via: 'tool' }),
    used: () => usesIn(paths, io, { client, project }),
    usage: (period) => usageIn(rooted, period ?? '7d'),
    record: (deed) => put('decision', { policy: 'lazy_tools', accepted: true, clientSession, ...deed }),
  }
  const sdk = (await import(pathToFileURL(join(packageRoot(), 'dist/mcp-sdk.js')).href)) as typeof Sdk
  let paidFor = false
  await serveMcp(sdk, {
    tools: OWN_TOOLS,
    listedNow,
    version: packageVersion(),
    instructions: instructionsFor(servers.names()),
    around,
    listed: (definitions) => {
      if (paidFor) return
      paidFor = true
      const savedTokens = -count(JSON.stringify(definitions))
      around.record({ action: 'own', server: '', because: 'definitions of our own', savedTokens })
      // The ledger of shortening takes them off too: whoever has only one of the two on pays for all of them.
      for (const definition of definitions) put('schema', schemaOf(client, definition, count))
    },
  })
  around.near.close()
  over.abort()
  agentsAhead?.end()
  judging.close()
  servers.close()
}

/** As the settings are now; pairs with #isLazy in daemon/lazy-tools.ts, which leaves clients alone that init gave no entry of ours. */
function listingNow(client: string, { env, cwd }: Io, paths: Paths): OwnListing {
  const settings = resolveSettings({ flags: [], env, cwd, paths })
  return {
    isLazy:
      settings.get('lazy_loading.enabled') &&
      ownDeferral(client) === undefined &&
      readMcpPlaces(paths).some((place) => place.client === client),
    shortens: settings.get('token_optimization.enabled'),
  }
}

/** What cannot be recorded is done all the same. */
function recorderTo(paths: Paths) {
  return <K extends 'decision' | 'expansion' | 'schema'>(kind: K, event: Omit<EventOf<K>, 'at'>): void => {
    try {
      recordOne(paths, kind, { at: Math.round(systemClock.wall() * 1000), ...event } as EventOf<K>)
    } catch {
      // No directory, no room: nothing that the agent could see to.
    }
  }
}

/** What a definition of our own weighs in the context of this client. */
function schemaOf(
  client: string,
  definition: OwnDefinition,
  count: CountTokens,
): Omit<EventOf<'schema'>, 'at'> {
  const json = JSON.stringify(definition)
  return {
    client,
    server: 'mycelium',
    tool: definition.name,
    bytes: Buffer.byteLength(json),
    tokens: count(json),
    hash: fingerprint([json]),
    source: 'daemon',
  }
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
