import type { ServerCommand } from '../../src/core/bench/agent-session.ts'
import type { Sandbox } from '../../src/core/bench/sandbox.ts'
import type { BenchServer, Contender } from '../contender.ts'

/** What every agent does today: each session starts its own copy. */
export const direct: Contender = {
  name: 'direct',
  shares: false,
  prepare: async (sandbox, servers) =>
    new Map(servers.map((server) => [server.name, directCommand(sandbox, server)])),
  toolName: (_server, tool) => tool,
}

/** A server's own command, in the sandbox. */
export function directCommand(sandbox: Sandbox, server: BenchServer): ServerCommand {
  return {
    command: server.command,
    args: server.args,
    env: { ...sandbox.env, ...server.env },
    cwd: sandbox.project,
  }
}
