import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, pause } from '../clock.ts'
import type { Settings } from '../config/live-settings.ts'
import { packageRoot } from '../config/package-root.ts'
import type { Paths } from '../config/paths.ts'
import type { Log } from '../log.ts'
import { spawnApart } from '../pool/spawn.ts'

/** How the process that waits for hooks is started, and whether it may be. */
export interface QuickHostServices {
  readonly paths: Pick<Paths, 'root' | 'quickSocket'>
  readonly clock: Clock
  readonly log: Log
  readonly settings: Settings
  /** What Node runs; the package's own by default. */
  readonly program?: string
}

/** One that ended by itself with a failure is not started again before this. */
const AFTER_CRASH_MS = 10_000
/** One that gives no sign of life for this long gives none any more. */
const HUNG_MS = 5_000
/** How long the end of a process that was killed is waited for. */
const END_MS = 1_000

/**
 * The process that hooks and status lines are answered by, so that they need not start Node (src/quick.ts, its pair, which dist/hook.cjs loads). It is there from the first time that a
 * hook had to do without it, and ends when nobody needed it for a while, by itself, with this process, or while hooks are switched off.
 */
export class QuickHost {
  readonly #services: QuickHostServices
  #child: ChildProcess | undefined
  /** Settles when it has ended. */
  #ended: Promise<void> = Promise.resolve()
  #starting: Promise<void> | undefined
  #isTold = false
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #closed = false
  /** Ends the wait for a sign of life. */
  #hear: (() => void) | undefined

  constructor(services: QuickHostServices) {
    this.#services = services
    const { settings } = services
    settings.onChange(['hooks.enabled'], () => {
      if (!settings.get('hooks.enabled')) this.#end()
    })
  }

  /** A hook did without it: starts it, or looks whether the one there is lives. Never throws. */
  asked(): void {
    const { clock, settings } = this.#services
    if (this.#closed || this.#starting !== undefined || !settings.get('hooks.enabled')) return
    if (this.#child !== undefined) this.#lookAfter(this.#child)
    else if (clock.now() >= this.#notBeforeMs)
      this.#starting = this.#start().finally(() => {
        this.#starting = undefined
      })
  }

  /** For good; resolves when nothing is left of it. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#starting
    this.#end()
    await Promise.race([this.#ended, pause(this.#services.clock, END_MS)])
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  async #start(): Promise<void> {
    this.#isTold = false
    const { paths, log, program = join(packageRoot(), 'dist', 'hook.cjs') } = this.#services
    try {
      const child = await spawnApart(process.execPath, [program, 'wait-for-hooks', paths.root], {
        cwd: '/',
        env: { LANG: 'C.UTF-8', NODE_ENV: 'production' },
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      })
      child.unref()
      child.channel?.unref()
      child.on('message', () => this.#hear?.())
      this.#ended = new Promise((resolve) => {
        child.once('exit', (code, signal) => {
          this.#gone(code === 0 ? undefined : `it ended with ${signal ?? code}`)
          resolve()
        })
      })
      this.#child = child
      log.event('quick-host-started', { pid: child.pid })
      // Switched off, or told to stop, meanwhile.
      if (this.#closed || !this.#services.settings.get('hooks.enabled')) this.#end()
    } catch (error) {
      this.#gone(error instanceof Error ? error.message : String(error))
    }
  }

  #lookAfter(child: ChildProcess): void {
    if (this.#hear !== undefined) return
    const cancel = this.#services.clock.after(HUNG_MS, () => {
      this.#hear = undefined
      if (this.#child !== child) return
      this.#failed(`no sign of life for ${HUNG_MS / 1000} s`)
      this.#end()
    })
    this.#hear = () => {
      this.#hear = undefined
      cancel()
    }
    child.send('there?', () => {})
  }

  #end(): void {
    if (this.#child === undefined) return
    this.#isTold = true
    this.#child.kill('SIGKILL')
  }

  /** The only place where it leaves; what it listened on leaves with it. */
  #gone(because: string | undefined): void {
    this.#hear?.()
    this.#child = undefined
    try {
      rmSync(this.#services.paths.quickSocket, { force: true })
    } catch {
      // The directory is not ours any more, nor is what is in it.
    }
    if (because !== undefined && !this.#isTold) this.#failed(because)
  }

  #failed(because: string): void {
    this.#notBeforeMs = this.#services.clock.now() + AFTER_CRASH_MS
    this.#services.log.event('quick-host-lost', { because })
  }
}
