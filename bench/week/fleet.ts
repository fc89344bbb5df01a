import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from '../../src/core/bench/sandbox.ts'
import type { BenchServer } from '../contender.ts'

/** A tool that can be called without harm, and with what. */
export interface SafeTool {
  readonly tool: string
  readonly args: Readonly<Record<string, unknown>>
}

/** A server of the simulated week. */
export interface FleetServer {
  readonly name: string
  /** The program it is started by; what the catalog says of a program of that name holds for it. */
  readonly program: string
  /** What the program becomes, after the path of node. */
  argv(packageRoot: string, sandbox: Sandbox, tools: readonly string[]): readonly string[]
  /** Stand in for the tools of the traffic, in turn; undefined: it has whatever tools the traffic has. */
  readonly safe?: readonly SafeTool[]
}

const official = (name: string) => `node_modules/@modelcontextprotocol/server-${name}/dist/index.js`

function reference(
  name: string,
  program: string,
  entry: string,
  safe: readonly SafeTool[],
  args: (sandbox: Sandbox) => readonly string[] = () => [],
): FleetServer {
  return { name, program, safe, argv: (root, sandbox) => [join(root, entry), ...args(sandbox)] }
}

/** A server that takes so long to start and holds so much. */
export function slow(name: string, program: string, startMs: number, memoryMb: number): FleetServer {
  return {
    name,
    program,
    argv: (root, _, tools) => [
      join(root, 'bench/programs/slow-server.mjs'),
      `--start-ms=${startMs}`,
      `--memory-mb=${memoryMb}`,
      ...(tools.length > 0 ? [`--tools=${tools.join(',')}`] : []),
    ],
  }
}

const THOUGHT = { thought: 'next', nextThoughtNeeded: false, thoughtNumber: 1, totalThoughts: 1 }

/** Four reference servers of MCP, and four that start and weigh like the programs they are named after; modes are those of the catalog. */
export const FLEET: readonly FleetServer[] = [
  slow('github', 'github-mcp-server', 800, 40),
  reference(
    'filesystem',
    'mcp-server-filesystem',
    official('filesystem'),
    [
      { tool: 'list_allowed_directories', args: {} },
      { tool: 'list_directory', args: { path: '.' } },
    ],
    (sandbox) => [sandbox.project],
  ),
  slow('postgres', 'mcp-server-postgres', 2_000, 60),
  reference('memory', 'mcp-server-memory', official('memory'), [
    { tool: 'read_graph', args: {} },
    { tool: 'search_nodes', args: { query: 'x' } },
  ]),
  slow('playwright', 'playwright-mcp', 3_000, 120),
  reference('thinking', 'mcp-server-sequential-thinking', official('sequential-thinking'), [
    { tool: 'sequentialthinking', args: THOUGHT },
  ]),
  slow('qdrant', 'mcp-server-qdrant', 5_000, 150),
  reference('everything', 'mcp-server-everything', official('everything'), [
    { tool: 'echo', args: { message: 'x' } },
    { tool: 'get-sum', args: { a: 1, b: 2 } },
  ]),
]

/** Writes the programs into the sandbox. Each notes `NAME PID` in the log of starts before it becomes the server. */
export function installFleet(
  packageRoot: string,
  sandbox: Sandbox,
  fleet: readonly FleetServer[],
  toolsOf: (server: string) => readonly string[],
): readonly BenchServer[] {
  const bin = join(sandbox.root, 'bin')
  mkdirSync(bin, { recursive: true })
  return fleet.map((server) => {
    const file = join(bin, server.program)
    const argv = [process.execPath, ...server.argv(packageRoot, sandbox, toolsOf(server.name))]
    const words = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
    const log = `'${startLog(sandbox)}'`
    writeFileSync(file, `#!/bin/sh\nprintf '%s %s\\n' ${server.name} "$$" >> ${log}\nexec ${words}\n`)
    chmodSync(file, 0o755)
    return { name: server.name, command: file, args: [] }
  })
}

/** Where the programs note that they start. */
export function startLog(sandbox: Sandbox): string {
  return join(sandbox.root, 'starts.log')
}

/** The call that stands for a tool of the traffic. */
export function callOf(server: FleetServer, tool: string): SafeTool {
  if (server.safe === undefined) return { tool, args: {} }
  const sum = [...tool].reduce((total, letter) => total + letter.charCodeAt(0), 0)
  return server.safe[sum % server.safe.length]!
}
