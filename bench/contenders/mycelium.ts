import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from '../../src/core/bench/sandbox.ts'
import { allWarm } from '../../src/core/bench/warm-servers.ts'
import { pathsOf, rootFrom } from '../../src/core/config/paths.ts'
import type { Mode } from '../../src/core/config/registry.ts'
import type { Contender } from '../contender.ts'

interface ClaudeConfig {
  readonly mcpServers: Record<string, { command: string; args: string[]; env?: Record<string, string> }>
}

/** This checkout, set up as a user does it: a Claude Code config, `init --yes`, and agents that start what the config says afterwards. */
export function mycelium(packageRoot: string, mode: Mode): Contender {
  return {
    name: mode === 'shared' ? 'mycelium' : `mycelium (${mode})`,
    shares: true,
    daemon: /dist\/daemon\.js run/,
    toolName: (_server, tool) => tool,
    ready: myceliumIsWarm,
    prepare: async (sandbox, servers) => {
      const file = join(sandbox.home, '.claude.json')
      const entries = servers.map(({ name, command, args, env }) => [name, { command, args, env }])
      writeFileSync(file, JSON.stringify({ mcpServers: Object.fromEntries(entries) }, null, 2))
      runMycelium(packageRoot, sandbox, ['init', '--yes', '--client', 'claude-code'])
      for (const server of servers) {
        runMycelium(packageRoot, sandbox, ['server', 'share', server.name, mode])
      }
      const config = JSON.parse(readFileSync(file, 'utf8')) as ClaudeConfig
      return new Map(
        Object.entries(config.mcpServers).map(([name, { command, args, env }]) => [
          name,
          { command, args, env: { ...sandbox.env, ...env }, cwd: sandbox.project },
        ]),
      )
    },
  }
}

/** Whether the sandbox's daemon has a process ready for the next session of each of its servers. */
export function myceliumIsWarm(sandbox: Sandbox): Promise<boolean> {
  return allWarm(pathsOf(rootFrom(sandbox.env)))
}

/** Runs this checkout's CLI in a sandbox; returns its stdout. */
export function runMycelium(packageRoot: string, sandbox: Sandbox, args: readonly string[]): string {
  return execFileSync(process.execPath, [join(packageRoot, 'bin/mycelium.js'), ...args], {
    cwd: sandbox.project,
    env: { ...sandbox.env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
