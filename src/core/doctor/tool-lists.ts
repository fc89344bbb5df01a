import { knownServers } from '../clients/known-servers.ts'
import { resolveSettings } from '../config/layers.ts'
import { mcpPath, readMcpPlaces } from '../config/mcp-place.ts'
import { ownDeferral } from '../lazy/deferral.ts'
import { areFew } from '../lazy/list-budget.ts'
import { serversOf, sizesFrom, weightOf } from '../lazy/sizes.ts'
import { jsonIfRegular, readRegular } from '../regular-file.ts'
import type { Finding, Look } from './finding.ts'

const GIVE = (client: string) => `mycelium init --mcp --client ${client}`
const SWITCH_ON = 'mycelium config set lazy_loading.enabled=true'

/** What becomes of tool definitions in each client that has servers here: loaded on demand by itself, listed lazily by mycelium, or all sent. */
export function checkToolLists({ where, paths }: Look): readonly Finding[] {
  const { servers } = knownServers(paths)
  const clients = [...new Set(servers.flatMap(({ sources }) => sources.map(({ client }) => client)))].sort()
  const lazyTools = resolveSettings({ flags: [], env: where.env, cwd: where.cwd, paths }).get(
    'lazy_loading.enabled',
  )
  const ours = new Set(
    readMcpPlaces(paths)
      .filter(({ file }) => textOf(file).includes(JSON.stringify(mcpPath(paths))))
      .map(({ client }) => client),
  )
  const sizes = sizesFrom(jsonIfRegular(paths.toolSizes))
  return clients.map((client): Finding => {
    const own = ownDeferral(client, where.env)
    const row = { id: 'tool-lists', subject: client }
    if (own !== undefined)
      return {
        ...row,
        severity: 'ok',
        message: `loads tool definitions on demand by itself (${own}); mycelium leaves it alone`,
      }
    if (ownDeferral(client) !== undefined)
      return {
        ...row,
        severity: 'advice',
        message: `its ${ownDeferral(client)} is off (ENABLE_TOOL_SEARCH=false): all definitions are sent`,
        fix: 'unset ENABLE_TOOL_SEARCH',
      }
    const weight = weightOf(sizes, serversOf(client, where.cwd, servers))
    if (areFew(weight) && weight.tokens > 0)
      return {
        ...row,
        severity: 'ok',
        message: `sends all tool definitions, some ${weight.tokens} tokens: too few for tools on demand to pay`,
      }
    if (ours.has(client) && lazyTools)
      return {
        ...row,
        severity: 'ok',
        message: 'is listed only tools that were used before; find_tool finds the rest',
      }
    if (ours.has(client))
      return {
        ...row,
        severity: 'advice',
        message: 'sends all tool definitions with each request; it could find them instead',
        fix: SWITCH_ON,
      }
    return {
      ...row,
      severity: 'advice',
      message: 'sends all tool definitions with each request, and has no find_tool',
      fix: lazyTools ? GIVE(client) : `${GIVE(client)}, then ${SWITCH_ON}`,
    }
  })
}

function textOf(file: string): string {
  try {
    return readRegular(file).toString('utf8')
  } catch {
    return ''
  }
}
