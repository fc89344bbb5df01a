/** dist/mcp-sdk.js: a file of its own, whose names are shortened, which only `mycelium mcp` loads. Pairs with scripts/build.mjs. */
export { ProtocolError, ProtocolErrorCode, Server } from '@modelcontextprotocol/server'
export { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
