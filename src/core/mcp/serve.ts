import { MyceliumError, withHint } from '../errors.ts'
import { exactStdio } from './exact-stdio.ts'
import { ServerError } from './link.ts'
import {
  failedResult,
  type Made,
  type OwnDefinition,
  type OwnTool,
  type Surroundings,
  type ToolResult,
} from './own-tool.ts'
import type * as Sdk from './sdk.ts'
import { CALL_TOOL } from './tools/call-tool.ts'
import { definitionOf } from './tools/table.ts'

/** What is served, and to whom it belongs. */
export interface Served {
  readonly tools: readonly OwnTool[]
  /** Those of them that are in the list now; the others are called all the same. */
  readonly listedNow: () => readonly OwnTool[]
  readonly version: string
  readonly instructions: string
  readonly around: Surroundings
  /** The client asked for the list: from now on it pays for the definitions. */
  readonly listed: (definitions: readonly OwnDefinition[]) => void
}

/** Serves MCP on standard input and output, to clients of either era, until the client closes its end. */
export function serveMcp(sdk: typeof Sdk, served: Served): Promise<void> {
  const { Server, serveStdio, StdioServerTransport, ProtocolError } = sdk
  const { tools, listedNow, version, instructions, around, listed } = served
  const { input, output } = exactStdio(CALL_TOOL.name)
  return new Promise((resolve) => {
    const handle = serveStdio(
      () => {
        const server = new Server(
          { name: 'mycelium', version },
          { capabilities: { tools: {} }, instructions },
        )
        server.setRequestHandler('tools/list', () => {
          const definitions = listedNow().map(definitionOf)
          listed(definitions)
          return { tools: definitions } as never
        })
        server.setRequestHandler('tools/call', async ({ params }, ctx) => {
          const tool = tools.find(({ name }) => name === params.name)
          if (tool === undefined)
            throw new ProtocolError(-32602, `unknown tool ${JSON.stringify(params.name)}`)
          const token = ctx.mcpReq._meta?.progressToken
          const made: Made = {
            signal: ctx.mcpReq.signal,
            progress:
              token === undefined
                ? undefined
                : (progress) =>
                    void ctx.mcpReq
                      .notify({
                        method: 'notifications/progress',
                        params: { ...progress, progressToken: token },
                      } as never)
                      .catch(() => {}),
          }
          return (await answer(tool, params.arguments ?? {}, around, made, ProtocolError)) as never
        })
        return server
      },
      {
        transport: new StdioServerTransport(input, output),
      },
    )
    process.stdin.once('close', () => void handle.close().finally(resolve))
    process.stdin.once('end', () => void handle.close().finally(resolve))
  })
}

/** What a tool gives; what the model can do something about is a result, what a server refused is its own error. */
async function answer(
  tool: OwnTool,
  args: Readonly<Record<string, unknown>>,
  around: Surroundings,
  made: Made,
  ProtocolError: typeof Sdk.ProtocolError,
): Promise<ToolResult> {
  try {
    return await tool.run(args, around, made)
  } catch (error) {
    if (error instanceof ServerError) throw new ProtocolError(error.code, error.message, error.data)
    if (error instanceof MyceliumError) return failedResult(withHint(error))
    throw error
  }
}
