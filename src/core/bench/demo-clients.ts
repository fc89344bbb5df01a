import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse as parseJsonc } from 'jsonc-parser'
import { getStaticTOMLValue, parseTOML } from 'toml-eslint-parser'
import type { ServerCommand } from './agent-session.ts'
import type { NamedServer } from './demo-servers.ts'
import type { Sandbox } from './sandbox.ts'

/** A coding agent as far as MCP is concerned: where its config lies, how it names servers there, and how it starts them. */
export interface DemoClient {
  readonly name: string
  /** Below the home directory. */
  readonly file: string
  write(servers: readonly NamedServer[], sandbox: Sandbox): string
  read(text: string, sandbox: Sandbox): ServerCommand[]
}

interface StandardEntry {
  readonly command: string
  readonly args: string[]
  readonly env?: Record<string, string>
}

/**
 * The four agents, each with a config that a user could have. They are read back by code of their own and not by what edits them, so that the
 * demo shows what a client sees.
 */
export const DEMO_CLIENTS: readonly DemoClient[] = [
  {
    name: 'Claude Code',
    file: '.claude.json',
    write: (servers, { project }) =>
      `${JSON.stringify({ numStartups: 7, mcpServers: standardEntries(servers), projects: { [project]: { hasTrustDialogAccepted: true } } }, null, 2)}\n`,
    read: (text, sandbox) => fromStandard((JSON.parse(text) as { mcpServers: object }).mcpServers, sandbox),
  },
  {
    name: 'Codex',
    file: '.codex/config.toml',
    write: (servers) => `# what I use every day\nmodel = "gpt-5-codex"\n${servers.map(codexTable).join('')}`,
    read: (text, sandbox) => {
      const config = getStaticTOMLValue(parseTOML(text)) as { mcp_servers: object }
      // Codex hands on these four variables and what the entry declares.
      const { HOME, LANG, PATH, TERM } = sandbox.env as Record<'HOME' | 'LANG' | 'PATH' | 'TERM', string>
      return fromStandard(config.mcp_servers, { ...sandbox, env: { HOME, LANG, PATH, TERM } })
    },
  },
  {
    name: 'Gemini CLI',
    file: '.gemini/settings.json',
    write: (servers) =>
      `${JSON.stringify({ theme: 'GitHub', mcpServers: standardEntries(servers) }, null, 4)}\n`,
    read: (text, sandbox) => fromStandard((JSON.parse(text) as { mcpServers: object }).mcpServers, sandbox),
  },
  {
    name: 'opencode',
    file: '.config/opencode/opencode.jsonc',
    write: (servers) => {
      const entries = servers.map(({ name, command, args, env }) => [
        name,
        { type: 'local', command: [command, ...args], ...(env && { environment: env }), enabled: true },
      ])
      return `{\n  // shared with the team\n  "$schema": "https://opencode.ai/config.json",\n  "mcp": ${JSON.stringify(Object.fromEntries(entries), null, 2)},\n}\n`
    },
    read: (text, sandbox) => {
      const { mcp } = parseJsonc(text, [], { allowTrailingComma: true }) as {
        mcp: Record<string, { command: string[]; environment?: Record<string, string> }>
      }
      return Object.values(mcp).map(({ command: [command, ...args], environment }) => ({
        command: command!,
        args,
        env: { ...sandbox.env, ...environment },
        cwd: sandbox.project,
      }))
    },
  },
]

/** Writes every client's config into the sandbox. */
export function writeConfigs(sandbox: Sandbox, servers: readonly NamedServer[]): void {
  for (const client of DEMO_CLIENTS) {
    const file = join(sandbox.home, client.file)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, client.write(servers, sandbox))
  }
}

/** How a client would start its servers now, in the order of its config. */
export function serversOf(client: DemoClient, sandbox: Sandbox): ServerCommand[] {
  return client.read(readFileSync(join(sandbox.home, client.file), 'utf8'), sandbox)
}

function standardEntries(servers: readonly NamedServer[]): Record<string, StandardEntry> {
  return Object.fromEntries(
    servers.map(({ name, command, args, env }) => [name, { command, args: [...args], ...(env && { env }) }]),
  )
}

function fromStandard(entries: object, sandbox: Sandbox): ServerCommand[] {
  return Object.values(entries as Record<string, StandardEntry>).map(({ command, args, env }) => ({
    command,
    args,
    env: { ...sandbox.env, ...env },
    cwd: sandbox.project,
  }))
}

function codexTable({ name, command, args, env }: NamedServer): string {
  // A TOML basic string escapes as JSON does.
  const text = JSON.stringify
  const list = args.map((arg) => text(arg)).join(', ')
  const variables = Object.entries(env ?? {}).map(([key, value]) => `${key} = ${text(value)}\n`)
  const environment = variables.length === 0 ? '' : `\n[mcp_servers.${name}.env]\n${variables.join('')}`
  return `\n[mcp_servers.${name}]\ncommand = ${text(command)}  # stdio\nargs = [${list}]\n${environment}`
}
