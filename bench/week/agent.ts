import { AgentSession, type ServerCommand } from '../../src/core/bench/agent-session.ts'

/** One connection of a session to a server, once it was there. */
export interface Opened {
  readonly server: string
  /** By the simulated clock. */
  readonly atMs: number
  /** From the start of the command to the answered tools/list. */
  readonly waitedMs: number
  /** Its server was started meanwhile: nothing else starts one while an agent waits. */
  readonly cold: boolean
}

/** An agent's session: its connections, each a process as its config says it. */
export class Agent {
  readonly opened: Opened[] = []
  readonly #sessions = new Map<string, AgentSession>()
  readonly #command: (server: string) => ServerCommand
  readonly #now: () => number
  readonly #startsOf: (server: string) => number

  /** `startsOf`: how often a server has been started so far. */
  constructor(
    command: (server: string) => ServerCommand,
    now: () => number,
    startsOf: (server: string) => number,
  ) {
    this.#command = command
    this.#now = now
    this.#startsOf = startsOf
  }

  /** Pids of the commands that it started. */
  get pids(): readonly number[] {
    return [...this.#sessions.values()].map(({ child }) => child.pid!)
  }

  get connections(): number {
    return this.#sessions.size
  }

  /** Starts these servers at once, and waits for the tools of all; gives the wait for the slowest. */
  async open(servers: readonly string[]): Promise<number> {
    const since = performance.now()
    await Promise.all(servers.map((server) => this.#open(server)))
    return performance.now() - since
  }

  /** Calls a tool, in a connection that is opened for it where there is none; gives how long the agent waited for both. */
  async call(server: string, tool: string, args: Readonly<Record<string, unknown>>): Promise<number> {
    const since = performance.now()
    if (!this.#sessions.has(server)) await this.#open(server)
    const answer = await this.#sessions.get(server)!.request('tools/call', { name: tool, arguments: args })
    if (answer.error !== undefined) throw new Error(`${server}/${tool}: ${answer.error.message}`)
    return performance.now() - since
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()))
    this.#sessions.clear()
  }

  async #open(server: string): Promise<void> {
    const atMs = this.#now()
    const before = this.#startsOf(server)
    const since = performance.now()
    const session = new AgentSession(this.#command(server))
    this.#sessions.set(server, session)
    await session.initialize()
    await session.request('tools/list')
    const waitedMs = performance.now() - since
    this.opened.push({ server, atMs, waitedMs, cold: this.#startsOf(server) > before })
  }
}
