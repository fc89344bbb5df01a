import { type ChildProcess, spawn } from 'node:child_process'
import { type Clock, systemClock } from '../clock.ts'
import { MyceliumError } from '../errors.ts'

/** How a client's config says that a server is started. */
export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** A message from the server, as far as the bench looks into it. */
export interface Answer {
  readonly id?: number | string
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: Record<string, unknown>
  readonly error?: { readonly code: number; readonly message: string }
}

/** The request every session starts with: no capabilities, so that no server asks back. */
const GREETING = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'mycelium-bench', version: '1' },
}

/** The last of stderr that an error message repeats. */
const STDERR_TAIL_BYTES = 2000

/**
 * One agent's connection to one server: a real child process on three pipes, raw JSON lines, one write per request, as agents do it. It does as
 * little as it can, so that what is measured is the server and what lies before it.
 */
export class AgentSession {
  readonly child: ChildProcess
  /** When spawn was called, by the clock. */
  readonly startedAt: number
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>
  readonly #clock: Clock
  #nextId = 1
  #rest: Buffer[] = []
  #stderr = ''
  #failure: MyceliumError | undefined
  /** Requests without an answer, by id. */
  readonly #waiting = new Map<number | string, (answer: Answer | MyceliumError) => void>()

  constructor(server: ServerCommand, clock: Clock = systemClock) {
    this.#clock = clock
    this.startedAt = clock.now()
    this.child = spawn(server.command, [...server.args], {
      cwd: server.cwd,
      env: { ...server.env },
      stdio: 'pipe',
    })
    this.child.stdout!.on('data', (chunk: Buffer) => this.#read(chunk))
    this.child.stderr!.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk).slice(-STDERR_TAIL_BYTES)
    })
    // A write after the server's end is answered by the exit below.
    this.child.stdin!.on('error', () => {})
    const fail = (what: string, cause?: unknown) => {
      const said = this.#stderr === '' ? '' : `: ${this.#stderr.trim()}`
      const command = [server.command, ...server.args].join(' ')
      this.#failure = new MyceliumError('server_exited', `${command}: ${what}${said}`, { cause })
      for (const settle of this.#waiting.values()) settle(this.#failure)
      this.#waiting.clear()
    }
    // Answers may still be in the pipe when the process is gone, so requests fail at `close`; but nobody waits for grandchildren that hold it.
    this.child.once('close', (code, signal) => fail(`exited with ${signal ?? code}`))
    this.ended = new Promise((resolve) => {
      this.child.once('exit', () => resolve())
      this.child.once('error', (error) => {
        fail(error.message, error)
        resolve()
      })
    })
  }

  /** Greets the server; resolves with its answer. */
  async initialize(): Promise<Answer> {
    const answer = await this.request('initialize', GREETING)
    this.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
    return answer
  }

  /** One request; resolves with its answer, an error answer included. Throws server_exited when none can come any more. */
  request(method: string, params: unknown = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++
      this.#wait(id, (answer) => (answer instanceof MyceliumError ? reject(answer) : resolve(answer)))
      this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    })
  }

  /**
   * `count` calls with `inFlight` of them under way at any time; resolves with each call's time in ms, in order of completion. `body` is what
   * follows the id in each line, prepared once. Throws on the first error answer.
   */
  calls(count: number, inFlight: number, body: string): Promise<number[]> {
    return new Promise((resolve, reject) => {
      const times: number[] = []
      let started = 0
      const next = () => {
        if (started === count) return
        started += 1
        const id = this.#nextId++
        const since = this.#clock.now()
        this.#wait(id, (answer) => {
          times.push(this.#clock.now() - since)
          if (answer instanceof MyceliumError) reject(answer)
          else if (answer.error) reject(new Error(`call failed: ${JSON.stringify(answer.error)}`))
          else if (times.length === count) resolve(times)
          else next()
        })
        this.send(`{"jsonrpc":"2.0","id":${id},${body}`)
      }
      for (let i = 0; i < inFlight; i++) next()
    })
  }

  /** One line to the server. */
  send(line: string): void {
    this.child.stdin!.write(`${line}\n`)
  }

  /** Ends as a polite agent does: end of input, then SIGKILL after graceMs. */
  async close(graceMs = 2000): Promise<void> {
    this.child.stdin!.end()
    const cancel = this.#clock.after(graceMs, () => this.child.kill('SIGKILL'))
    await this.ended
    cancel()
  }

  #wait(id: number, settle: (answer: Answer | MyceliumError) => void): void {
    if (this.#failure) settle(this.#failure)
    else this.#waiting.set(id, settle)
  }

  #read(chunk: Buffer): void {
    let from = 0
    for (let to = chunk.indexOf(10); to !== -1; to = chunk.indexOf(10, from)) {
      const piece = chunk.subarray(from, to)
      const line = this.#rest.length === 0 ? piece : Buffer.concat([...this.#rest.splice(0), piece])
      from = to + 1
      if (line.length > 0) this.#take(JSON.parse(line.toString()) as Answer)
    }
    if (from < chunk.length) this.#rest.push(chunk.subarray(from))
  }

  #take(message: Answer): void {
    if (message.method !== undefined || message.id === undefined) return
    const settle = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    settle?.(message)
  }
}

/** The part of a `tools/call` line after its id, for a tool and its arguments. */
export function callBody(tool: string, args: Readonly<Record<string, unknown>>): string {
  return `"method":"tools/call","params":${JSON.stringify({ name: tool, arguments: args })}}`
}
