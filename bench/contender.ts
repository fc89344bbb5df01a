import type { ServerCommand } from '../src/core/bench/agent-session.ts'
import { processesOf } from '../src/core/bench/processes.ts'
import { createSandbox, removeSandbox, type Sandbox } from '../src/core/bench/sandbox.ts'
import { wait } from './context.ts'
import { commandLineOf } from './proc.ts'

const READY_MS = 15_000
const READY_POLL_MS = 50

/** A server under test, as a user would name it in a config. */
export interface BenchServer {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** One way to put servers under agents. */
export interface Contender {
  readonly name: string
  /** Whether anything is shared between sessions: direct start shares nothing. */
  readonly shares: boolean
  /** Sets up in the sandbox whatever must be there before agents come; resolves with how agents start each server, by server name. */
  prepare(sandbox: Sandbox, servers: readonly BenchServer[]): Promise<ReadonlyMap<string, ServerCommand>>
  /** The name its agents see for a server's tool. */
  toolName(server: string, tool: string): string
  /** Whether the next session would find everything warm. Absent: a contender that prepares nothing ahead. */
  ready?(sandbox: Sandbox): Promise<boolean>
  /** Command lines of the process that holds the servers, if there is one: the target of the kill row. */
  readonly daemon?: RegExp
}

/** A contender, set up in a sandbox of its own. */
export interface Stage {
  readonly contender: Contender
  readonly sandbox: Sandbox
  command(server: string): ServerCommand
  tool(server: string, tool: string): string
  /** Everything of this contender that runs. */
  pids(): number[]
  /** Resolves when the next session finds everything warm, or after READY_MS. */
  ready(): Promise<void>
  /** Pids of the process that holds the servers. */
  daemonPids(): number[]
}

/** Sets a contender up with these servers, runs `use`, and leaves nothing behind. */
export async function onStage<T>(
  contender: Contender,
  servers: readonly BenchServer[],
  use: (stage: Stage) => Promise<T>,
): Promise<T> {
  const sandbox = createSandbox(process.env.PATH ?? '')
  try {
    const commands = await contender.prepare(sandbox, servers)
    return await use({
      contender,
      sandbox,
      command: (server) => commands.get(server)!,
      tool: (server, tool) => contender.toolName(server, tool),
      pids: () => pidsOf(sandbox),
      ready: () => untilReady(contender, sandbox),
      daemonPids: () => pidsOf(sandbox).filter((pid) => contender.daemon?.test(commandLineOf(pid))),
    })
  } finally {
    removeSandbox(sandbox)
  }
}

/** Sets all contenders up at once, so that a row can take turns among them; the last one's end tears the first one down. */
export async function onStages<T>(
  contenders: readonly Contender[],
  servers: readonly BenchServer[],
  use: (stages: readonly Stage[]) => Promise<T>,
  stages: readonly Stage[] = [],
): Promise<T> {
  const [next, ...rest] = contenders
  if (next === undefined) return use(stages)
  return onStage(next, servers, (stage) => onStages(rest, servers, use, [...stages, stage]))
}

async function untilReady(contender: Contender, sandbox: Sandbox): Promise<void> {
  const deadline = performance.now() + READY_MS
  while (contender.ready && performance.now() < deadline && !(await contender.ready(sandbox)))
    await wait(READY_POLL_MS)
}

function pidsOf(sandbox: Sandbox): number[] {
  return processesOf(sandbox.home).map((identity) => identity.pid)
}
