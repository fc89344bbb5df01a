import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from '../src/core/bench/sandbox.ts'
import type { BenchServer } from './contender.ts'
import type { ModelEndpoint } from './model-endpoint.ts'

const GIVE_UP_MS = 60_000

/** One turn of `claude -p`: spawn to its first model request that offers tools, and how many MCP tools that offers. */
export interface Turn {
  readonly ms: number
  readonly tools: number
}

/** One `claude mcp list`: how long it took, and how many servers it calls connected. */
export interface Listing {
  readonly ms: number
  readonly connected: number
}

/** Writes ~/.claude.json with these servers. */
export function writeClaudeConfig(sandbox: Sandbox, servers: readonly BenchServer[]): void {
  const entries = servers.map(({ name, command, args }) => [name, { command, args }])
  const config = { hasCompletedOnboarding: true, mcpServers: Object.fromEntries(entries) }
  writeFileSync(join(sandbox.home, '.claude.json'), JSON.stringify(config, null, 2))
}

/** Runs one turn against a scripted model on loopback, with no account and no network. */
export async function firstRequest(binary: string, sandbox: Sandbox, model: ModelEndpoint): Promise<Turn> {
  model.requests.length = 0
  const since = performance.now()
  const said = await run(binary, ['-p', 'hi'], sandbox, model)
  const first = model.requests.find((request) => request.hasTools)
  if (first === undefined) throw new Error(`claude asked the model nothing: ${said.slice(-2000)}`)
  return { ms: first.at - since, tools: first.mcpTools.length }
}

/** Lets Claude Code check the health of all its servers. */
export async function listServers(binary: string, sandbox: Sandbox, model: ModelEndpoint): Promise<Listing> {
  const since = performance.now()
  const said = await run(binary, ['mcp', 'list'], sandbox, model)
  return { ms: performance.now() - since, connected: said.match(/[✔✓] Connected/g)?.length ?? 0 }
}

/** What the user's shell holds for Claude Code: the same in every run, as servers may read it and so must not be shared across differences. */
export function claudeEnvironment(sandbox: Sandbox, model: ModelEndpoint): Readonly<Record<string, string>> {
  return {
    ...sandbox.env,
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: 'not-a-key',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
  }
}

async function run(
  binary: string,
  args: readonly string[],
  sandbox: Sandbox,
  model: ModelEndpoint,
): Promise<string> {
  const child = spawn(binary, [...args], {
    cwd: sandbox.project,
    env: { ...claudeEnvironment(sandbox, model) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      said += chunk
    })
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), GIVE_UP_MS)
  await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  return said
}
