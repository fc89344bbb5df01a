import { MCP_ENTRY } from '../../config/mcp-place.ts'
import { wantedOf } from '../../lazy/query.ts'
import { oneLine, toolFrom } from '../../lazy/tool.ts'
import { toolSearchOf } from '../../lazy/tool-search.ts'
import { failedResult, type OwnTool, type Surroundings, textResult } from '../own-tool.ts'
import type { DefinedTool } from '../servers.ts'

const DEFAULT_FOUND = 5
const MAX_FOUND = 20
/** Named and no more: some 85 tokens, and nearly always the wanted one is among them when it is not among the first. */
const FURTHER = 10

/** Finds tools of the agent's other servers by what they do. */
export const FIND_TOOL: OwnTool = {
  name: 'find_tool',
  title: 'Find a tool',
  description:
    'Search all tools of all connected MCP servers, also those not listed. Say what the tool should do, e.g. "create GitHub issue". Returns name, server, description and input schema; then use call_tool.',
  inputSchema: {
    type: 'object',
    properties: {
      query: { type: 'string', description: 'Action and object, or a tool name' },
      limit: { type: 'integer', minimum: 1, maximum: MAX_FOUND, description: `Default ${DEFAULT_FOUND}` },
    },
    required: ['query'],
  },
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  run: async ({ query, limit }, around, { signal }) => {
    if (typeof query !== 'string' || query.trim() === '')
      return failedResult('query: say in a few words what the tool should do')
    const wanted = Math.min(
      MAX_FOUND,
      Math.max(1, Math.trunc(Number(limit ?? DEFAULT_FOUND)) || DEFAULT_FOUND),
    )
    // The model loads while servers are asked.
    const meant = wantedOf(query)
    around.near.wake(meant)
    const [{ tools: theirs, silent }, used] = await Promise.all([around.servers.tools(signal), around.used()])
    const tools = [...theirs, ...unlisted(around)]
    const ranked = toolSearchOf(tools).find(query, wanted + FURTHER, {
      used: (index) => used(tools[index]!.id, tools[index]!.name),
      near: await around.near.of(meant, tools),
    })
    const rows = ranked.slice(0, wanted).map(({ index }) => {
      const tool = tools[index]!
      around.foundUncalled.add(`${tool.id}\t${tool.name}`)
      return {
        name: tool.name,
        server: tool.server,
        description: oneLine(tool),
        inputSchema: schemaOf(tool.definition),
      }
    })
    const names = ranked.slice(wanted).map(({ index }) => `${tools[index]!.server}/${tools[index]!.name}`)
    const further = names.length === 0 ? '' : `\nFurther, to be searched by name: ${names.join(', ')}`
    const unasked = silent.length === 0 ? '' : `\nNot reachable now: ${silent.join(', ')}.`
    const text =
      rows.length === 0
        ? `Nothing of ${tools.length} tools fits. Servers: ${around.servers.names().join(', ') || 'none'}.${unasked}`
        : `${JSON.stringify(rows)}${further}${unasked}`
    around.record({
      action: 'find',
      server: '',
      because: `${rows.length} of ${tools.length} tools`,
      savedTokens: -around.count(text),
    })
    return textResult(text)
  },
}

/** Our own tools that are not in the agent's list; where a server has our name, it is the one that is meant. */
function unlisted({ own, servers }: Surroundings): readonly DefinedTool[] {
  if (servers.names().includes(MCP_ENTRY)) return []
  return own().flatMap(({ tool, isListed }) => {
    const { title, description, inputSchema } = tool
    const known = isListed
      ? undefined
      : toolFrom(MCP_ENTRY, { name: tool.name, title, description, inputSchema })
    return known === undefined ? [] : [{ ...known, id: MCP_ENTRY, definition: { inputSchema } }]
  })
}

/** Without the dialect, which says nothing to a model and costs a line in each. */
function schemaOf({ inputSchema }: Readonly<Record<string, unknown>>): object {
  const { $schema: _, ...schema } = Object(inputSchema)
  return Object.keys(schema).length > 0 ? schema : { type: 'object' }
}
