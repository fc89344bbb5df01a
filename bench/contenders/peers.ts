import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerCommand } from '../../src/core/bench/agent-session.ts'
import type { Contender } from '../contender.ts'
import { freePort, listening } from '../port.ts'

/** mcp-proxy holds each server behind HTTP, mcp-remote is what a stdio agent starts to reach it. */
export function mcpProxy(peersRoot: string): Contender {
  const modules = join(peersRoot, 'node_modules')
  return {
    name: 'mcp-proxy + mcp-remote',
    shares: true,
    daemon: /mcp-proxy\.mjs/,
    toolName: (_server, tool) => tool,
    prepare: async (sandbox, servers) => {
      const commands = new Map<string, ServerCommand>()
      for (const server of servers) {
        const port = await freePort()
        const proxy = join(modules, 'mcp-proxy/dist/bin/mcp-proxy.mjs')
        spawn(
          process.execPath,
          [proxy, '--port', String(port), '--host', '127.0.0.1', '--', server.command, ...server.args],
          { env: { ...sandbox.env, ...server.env }, cwd: sandbox.project, stdio: 'ignore' },
        )
        await listening(port)
        const remote = join(modules, 'mcp-remote/dist/proxy.js')
        const url = `http://127.0.0.1:${port}/mcp`
        commands.set(server.name, {
          command: process.execPath,
          args: [remote, url, '--allow-http', '--transport', 'http-only', '--silent'],
          env: sandbox.env,
          cwd: sandbox.project,
        })
      }
      return commands
    },
  }
}

/** mcporter's keep-alive daemon holds the servers, `mcporter serve --stdio` is what an agent starts. */
export function mcporter(peersRoot: string): Contender {
  return {
    name: 'mcporter',
    shares: true,
    daemon: /mcporter\/dist\/cli\.js.* daemon /,
    toolName: (server, tool) => `${server}__${tool}`,
    prepare: async (sandbox, servers) => {
      const config = join(sandbox.home, 'mcporter.json')
      const entries = servers.map(({ name, command, args, env }) => [
        name,
        { command, args, env, lifecycle: 'keep-alive' },
      ])
      writeFileSync(config, JSON.stringify({ mcpServers: Object.fromEntries(entries), imports: [] }))
      const cli = join(peersRoot, 'node_modules/mcporter/dist/cli.js')
      return new Map(
        servers.map((server) => [
          server.name,
          {
            command: process.execPath,
            args: [cli, '--config', config, 'serve', '--stdio', '--servers', server.name],
            env: sandbox.env,
            cwd: sandbox.project,
          },
        ]),
      )
    },
  }
}
