import { Option } from 'commander'
import type { Leaf } from './row.ts'

/** `mycelium mcp`. */
export const MCP: Leaf = {
  word: 'mcp',
  summary: "mycelium's own MCP server, for an agent to start",
  about: `Serves tools of mycelium itself on standard input and output: find_tool and call_tool reach every tool of the agent's other servers, \
also those that are not listed; expand, compress_content, validate_compression and inspect_compression shorten texts and give them back; load_agent \
gives definitions of agents, and usage_report says what agents used. \`mycelium init --mcp\` puts it into the configs of clients; started by \
hand it waits for a client. docs/mcp.md describes the tools.`,
  parts: [
    new Option('--client <name>', 'the client that starts it, whose servers it reaches'),
    new Option('--home <dir>', 'the root of mycelium, where the environment does not say'),
  ],
  examples: [
    ['mycelium init --mcp', 'put it into the configs of your clients'],
    ['mycelium mcp --client codex', 'what Codex starts: JSON-RPC on stdin and stdout'],
  ],
  run: async (io, _, options) => (await import('../commands/mcp.ts')).runMcp(io, options),
}
