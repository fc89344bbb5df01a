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
  run: async ({ server, tool, arguments: args }, around, { signal, progress }) => {
    if (typeof server !== 'string' || typeof tool !== 'string')
      return failedResult('server and tool: as find_tool returned them')
    if (args !== undefined && (typeof args !== 'object' || args === null || Array.isArray(args)))
      return failedResult("arguments: an object, by the tool's input schema")
    const id = around.servers.idOf(server)
    const hit = around.foundUncalled.delete(`${id}\t${tool}`)
    around.record({ action: hit ? 'hit' : 'call', server: id, because: '', savedTokens: 0 })
    const asking = { signal, ...(progress && { progress }) }
    return (await around.servers.call(server, { name: tool, arguments: args ?? {} }, asking)) as ToolResult
  },
}
