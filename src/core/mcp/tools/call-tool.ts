import { MCP_ENTRY } from '../../config/mcp-place.ts'
import { asRead } from '../exact-json.ts'
import { failedResult, type OwnTool, type ToolResult } from '../own-tool.ts'

/** Calls a tool of another server as if the agent had called it itself. */
export const CALL_TOOL: OwnTool = {
  name: 'call_tool',
  title: 'Call a tool',
  description: 'Call a tool that find_tool returned. Result and errors are those of the tool itself.',
  inputSchema: {
    type: 'object',
    properties: {
      server: { type: 'string' },
      tool: { type: 'string' },
      arguments: { type: 'object', description: "By the tool's input schema", additionalProperties: true },
    },
    required: ['server', 'tool'],
  },
  // What it does is what the tool does: the worst is to be expected.
  annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
  run: async ({ server, tool, arguments: args }, around, made) => {
    const { signal, progress } = made
    if (typeof server !== 'string' || typeof tool !== 'string')
      return failedResult('server and tool: as find_tool returned them')
    if (args !== undefined && (typeof args !== 'object' || args === null || Array.isArray(args)))
      return failedResult("arguments: an object, by the tool's input schema")
    const isOwn = server === MCP_ENTRY && !around.servers.names().includes(server)
    const own = isOwn ? around.own().find((one) => one.tool.name === tool)?.tool : undefined
    if (isOwn && (own === undefined || own === CALL_TOOL))
      return failedResult(`${server} has no tool ${JSON.stringify(tool)} that call_tool could call`)
    const id = isOwn ? MCP_ENTRY : around.servers.idOf(server)
    const hit = around.foundUncalled.delete(`${id}\t${tool}`)
    around.record({ action: hit ? 'hit' : 'call', server: id, because: '', savedTokens: 0 })
    if (own !== undefined)
      return own.run(asRead(args ?? {}) as Readonly<Record<string, unknown>>, around, made)
    const asking = { signal, ...(progress && { progress }) }
    return (await around.servers.call(server, { name: tool, arguments: args ?? {} }, asking)) as ToolResult
  },
}
