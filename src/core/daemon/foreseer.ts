import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { packageRoot } from '../config/package-root.ts'
import type { Paths } from '../config/paths.ts'
import { stampOf } from '../file-stamp.ts'
import { LineSplitter } from '../lines.ts'
import type { Log } from '../log.ts'
import type { Foresight, Question } from '../policy/markov/foresight.ts'
import { spawnApart } from '../pool/spawn.ts'

/** What the child needs of the daemon. */
export interface ForeseerServices {
  readonly paths: Paths
  readonly clock: Clock
  readonly log: Log
}

/** The child that was asked nothing for this long ends, and with it what the model takes. */
const IDLE_MS = 60_000
const ANSWER_MS = 10_000
/** After a child that failed. */
const AGAIN_MS = 60_000
const MAX_WAITING = 32
const MAX_ANSWER_BYTES = 1024 * 1024

/** Asks a child that holds the model (markov/main.ts, its pair): it is there only while there is something to ask. */
export class Foreseer {
  readonly #services: ForeseerServices
  readonly #waiting = new Map<number, (answer: Foresight | undefined) => void>()
  #child: ChildProcess | undefined
  /** A child on its way: whoever asks meanwhile waits for the same. */
  #starting: Promise<ChildProcess> | undefined
  #nextId = 1
  #askedAtMs = 0
  #notBeforeMs = 0
  /** The model that may not be used, by its stamp. */
  #refused = ''
  #told = ''

  constructor(services: ForeseerServices) {
    this.#services = services
  }

  /** What is foreseen after these calls, and after what was written; nothing where there is no model that may be used. */
  async ask(calls: Question['calls'], text?: string): Promise<Foresight | undefined> {
    const { clock } = this.#services
    const stamp = this.#stamp()
    const now = clock.now()
    if (stamp === '' || stamp === this.#refused || now < this.#notBeforeMs) return undefined
    if (this.#waiting.size >= MAX_WAITING) return undefined
    this.#askedAtMs = now
    const id = this.#nextId++
    const question: Question = text === undefined ? { id, calls } : { id, calls, text }
    const answer = await new Promise<Foresight | undefined>((resolve) => {
      const cancel = clock.after(ANSWER_MS, () => this.#failed('it did not answer'))
      this.#waiting.set(id, (given) => {
        cancel()
        resolve(given)
      })
      void this.#write(`${JSON.stringify(question)}\n`)
    })
    if (answer !== undefined) this.#judge(answer, stamp)
    return answer
  }

  /** Called in each tick: lets the child go when nobody asks. */
  look(): void {
    if (
      this.#child !== undefined &&
      this.#waiting.size === 0 &&
      this.#services.clock.now() - this.#askedAtMs > IDLE_MS
    )
      this.close()
  }

  /** Ends the child; the next question starts another. */
  close(): void {
    this.#child?.stdin?.end()
    this.#child = undefined
    for (const settle of this.#waiting.values()) settle(undefined)
    this.#waiting.clear()
  }

  async #write(line: string): Promise<void> {
    try {
      this.#child ??= await this.#start()
      this.#child.stdin?.write(line)
    } catch (error) {
      this.#failed((error as Error).message)
    }
  }

  #start(): Promise<ChildProcess> {
    this.#starting ??= this.#spawn().finally(() => {
      this.#starting = undefined
    })
    return this.#starting
  }

  async #spawn(): Promise<ChildProcess> {
    const { paths } = this.#services
    const child = await spawnApart(
      process.execPath,
      [join(packageRoot(), 'dist', 'foresee.js'), paths.root],
      // Its complaints might quote what it was asked.
      { cwd: '/', env: { LANG: 'C.UTF-8' }, stdio: ['pipe', 'pipe', 'ignore'] },
    )
    const lines = new LineSplitter(
      MAX_ANSWER_BYTES,
      (line) => {
        const answer = JSON.parse(line.toString('utf8')) as Foresight
        this.#waiting.get(answer.id)?.(answer)
        this.#waiting.delete(answer.id)
      },
      () => child.kill('SIGKILL'),
    )
    child.stdout?.on('data', (chunk: Buffer) => lines.push(chunk))
    child.stdin?.on('error', () => {})
    child.once('exit', (code, signal) => {
      if (this.#child === child) this.#failed(`it ended with ${signal ?? code}`)
    })
    child.unref()
    for (const stream of [child.stdin, child.stdout]) (stream as Socket | null)?.unref()
    return child
  }

  #failed(because: string): void {
    const { clock, log } = this.#services
    log.event('foreseeing-failed', { because })
    this.#notBeforeMs = clock.now() + AGAIN_MS
    const child = this.#child
    this.close()
    child?.kill('SIGKILL')
  }

  #judge({ verdict }: Foresight, stamp: string): void {
    if (this.#told !== stamp) this.#services.log.event('prewarm-verdict', { ...verdict })
    this.#told = stamp
    if (verdict.use) return
    this.#refused = stamp
    this.close()
  }

  /** Of the model; empty where there is none. */
  #stamp(): string {
    return stampOf(this.#services.paths.prewarmModel)
  }
}
