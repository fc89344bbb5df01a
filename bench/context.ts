import { join } from 'node:path'
import type { BenchServer, Contender } from './contender.ts'

/** What every row is given. */
export interface Context {
  readonly packageRoot: string
  readonly direct: Contender
  readonly mycelium: Contender
  /** mycelium with a process per session, taken from a warm spare. */
  readonly myceliumSession: Contender
  /** Other ways to share; empty with --no-peers. */
  readonly peers: readonly Contender[]
  /** Samples, where a row takes fewer or more of them; undefined: the row's own number. */
  readonly runs: number | undefined
  /** STS-B's test set, from the user. */
  readonly sts?: string | undefined
  /** A directory of transcripts to measure by. */
  readonly transcripts?: string
  /** Recorded sessions that the row `week` is made of; undefined: it makes its own. */
  readonly weekData?: string | undefined
  /** Resolves when nothing else uses the machine, or soon. */
  quiet(): Promise<void>
  progress(text: string): void
}

/** The reference server of the MCP project: 13 tools, a common size and start-up time. */
export function everything(packageRoot: string): BenchServer {
  const entry = join(packageRoot, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js')
  return { name: 'everything', command: process.execPath, args: [entry, 'stdio'] }
}

/** The fixture server that logs what reaches it. */
export function probe(packageRoot: string, name: string, options: readonly string[]): BenchServer {
  const entry = join(packageRoot, 'test/fixtures/servers/probe.mjs')
  return { name, command: process.execPath, args: [entry, `--label=${name}`, '--quiet', ...options] }
}

/** Resolves after ms. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
