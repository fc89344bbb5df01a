import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { packageRoot } from '../config/package-root.ts'
import type { Paths } from '../config/paths.ts'
import type { Log } from '../log.ts'
import type { Limits } from '../pool/limits.ts'
import { spawnApart } from '../pool/spawn.ts'
import type { Forget, Learn, Learnt, Near, Nearness, Order, Ready, Shortened } from '../shorten/order.ts'

/** How the process that shortens is started, and how long it may take. */
export interface ShortenerServices {
  readonly paths: Pick<Paths, 'root'>
  readonly clock: Clock
  readonly log: Log
  /** `shortenMs` is the time for one order: an agent waits. */
  readonly limits: Pick<Limits, 'shortenMs'>
  /** What Node runs; the package's own by default. */
  readonly program?: string
}

/** Orders at once; an agent whose result comes on top has it as it is. */
const MAX_WAITING = 64
/** Characters in one order; longer results take longer to hand over than to read. Pairs with MAX_BYTES in shortening.ts. */
const MAX_CHARACTERS = 512 * 1024
/** Without an order for this long the process ends: it holds a model and a table of tokens. */
const IDLE_MS = 2 * 60_000
/** What an order may take longer while the process starts: else a result after a pause would never be shortened. */
const START_MS = 3_000
/** One that ended by itself is not started again before this. */
const AFTER_CRASH_MS = 10_000
/** One that gives no answer for this long gives none any more. */
const HUNG_MS = 60_000

/** What a search may wait for meanings; longer while the process starts, as it does after each pause. Pairs with LIMIT_MS in mcp/nearness.ts. */
const NEAR_MS = { ready: 250, starting: 1_500 } as const
/** Nobody waits for what is learnt. */
const LEARN_MS = 10_000

type Answer = Shortened | Nearness | Learnt

interface Waiting {
  readonly give: (answer: Answer | undefined) => void
  readonly cancel: () => void
}

/**
 * Has results shortened by a process of its own, which the libraries for it live in. Whatever goes wrong, the answer is undefined, and the agent has
 * the result as it is: no process, none that answers in time, too much at once.
 */
export class Shortener {
  readonly #services: ShortenerServices
  readonly #waiting = new Map<number, Waiting>()
  /** Orders that nobody waits for any more and the process still has, with when their time was over. */
  readonly #overdue = new Map<number, number>()
  #child: ChildProcess | undefined
  #starting: Promise<ChildProcess | undefined> | undefined
  #isReady = false
  /** Until it said that it has none. */
  #hasModel = true
  #nextId = 1
  #usedAtMs = 0
  #notBeforeMs = 0
  #closed = false

  constructor(services: ShortenerServices) {
    this.#services = services
  }

  /** The texts in fewer tokens; undefined where that failed. Never rejects. */
  async shorten(order: Omit<Order, 'id' | 'untilMs'>): Promise<Shortened | undefined> {
    const length = order.texts.reduce((sum, text) => sum + text.length, 0)
    if (length > MAX_CHARACTERS) return undefined
    const limitMs = this.#services.limits.shortenMs + (this.#isReady ? 0 : START_MS)
    const untilMs = this.#services.clock.wall() + limitMs
    return this.#ask<Shortened>(limitMs, (id) => ({ ...order, id, untilMs }) satisfies Order)
  }

  /** How near texts are to a query, those whose meaning is known; undefined where nobody can say, or not in time. Never rejects. */
  async near(query: string, keys: readonly string[]): Promise<Nearness | undefined> {
    if (!this.#hasModel) return undefined
    const limitMs = this.#isReady ? NEAR_MS.ready : NEAR_MS.starting
    const answer = await this.#ask<Nearness>(limitMs, (id) => ({ id, near: query, keys }) satisfies Near)
    // Without a model no process need start for the next one.
    if (answer?.tier === 'none') this.#hasModel = false
    return answer
  }

  /** Has texts embedded, by their keys; undefined where that failed. Never rejects. */
  async learn(texts: Learn['learn'], last: boolean): Promise<Learnt | undefined> {
    if (!this.#hasModel) return undefined
    return this.#ask<Learnt>(LEARN_MS, (id) => ({ id, learn: texts, last }) satisfies Learn)
  }

  async #ask<A extends Answer>(
    limitMs: number,
    orderFor: (id: number) => Order | Near | Learn,
  ): Promise<A | undefined> {
    const { clock } = this.#services
    const now = clock.now()
    if (this.#closed || now < this.#notBeforeMs) return undefined
    // One agent has waited in vain: nobody else does before that is done.
    if (this.#overdue.size > 0) return undefined
    if (this.#waiting.size >= MAX_WAITING) return undefined
    this.#usedAtMs = now
    const id = this.#nextId++
    return await new Promise((resolve) => {
      const give = (answer: Answer | undefined): void => {
        if (!this.#waiting.delete(id)) return
        cancel()
        resolve(answer as A | undefined)
      }
      const cancel = clock.after(limitMs, () => {
        if (this.#child !== undefined) this.#overdue.set(id, clock.now())
        give(undefined)
      })
      this.#waiting.set(id, { give, cancel })
      void this.#process().then((child) => {
        if (child === undefined) give(undefined)
        else if (this.#waiting.has(id))
          child.send(orderFor(id), (error) => {
            if (error) give(undefined)
          })
      })
    })
  }

  /** What a session was sent may have left its context; with `call`, it was sent something else of that call. */
  forget(session: string, call?: Forget['call']): void {
    this.#child?.send({ forget: session, ...(call && { call }) } satisfies Forget, () => {})
  }

  /** Called in each tick: lets go of a process that nobody needed for a while. */
  tick(): void {
    if (this.#child === undefined || this.#waiting.size > 0) return
    const now = this.#services.clock.now()
    const [since] = this.#overdue.values()
    if (since !== undefined && now - since > HUNG_MS) {
      this.#end()
      this.#failed(`it gave no answer for ${HUNG_MS / 1000} s`)
    } else if (now - this.#usedAtMs > IDLE_MS) this.#end()
  }

  /** For good. */
  close(): void {
    this.#closed = true
    this.#end()
  }

  /** Whether its process runs and has loaded what it needs. */
  get isReady(): boolean {
    return this.#isReady
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  #end(): void {
    const child = this.#child
    this.#child = undefined
    this.#starting = undefined
    this.#isReady = false
    this.#overdue.clear()
    child?.removeAllListeners('exit')
    child?.kill('SIGKILL')
    for (const { give } of [...this.#waiting.values()]) give(undefined)
  }

  #process(): Promise<ChildProcess | undefined> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#failed(error instanceof Error ? error.message : String(error))
      return undefined
    })
    return this.#starting
  }

  async #start(): Promise<ChildProcess> {
    const { paths, program = join(packageRoot(), 'dist', 'shorten.js') } = this.#services
    const child = await spawnApart(process.execPath, [program, paths.root], {
      cwd: '/',
      env: { LANG: 'C.UTF-8', NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    child.unref()
    child.channel?.unref()
    child.on('message', (answer: Answer | Ready) => {
      if ('ready' in answer) {
        this.#isReady = true
        return
      }
      this.#overdue.delete(answer.id)
      this.#waiting.get(answer.id)?.give(answer)
    })
    child.once('exit', (code, signal) => this.#failed(`it ended with ${signal ?? code}`))
    this.#child = child
    return child
  }

  #failed(because: string): void {
    const { clock, log } = this.#services
    this.#child = undefined
    this.#starting = undefined
    this.#isReady = false
    this.#overdue.clear()
    this.#notBeforeMs = clock.now() + AFTER_CRASH_MS
    for (const { give } of [...this.#waiting.values()]) give(undefined)
    log.event('shortener-lost', { because })
  }
}
