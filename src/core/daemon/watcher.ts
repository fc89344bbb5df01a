import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { type Clock, systemClock } from '../clock.ts'
import { spawnApart } from '../pool/spawn.ts'
import type { Identity } from '../process.ts'

/** What a watcher is made of. */
export interface WatcherOptions {
  /** The text of templates/watcher.sh, read once: an update of the package must not change it under a running daemon. */
  readonly script: string
  readonly bootId: string
  readonly clock?: Clock
  /** Told whenever the process was lost and another is about to be started. */
  readonly onLost?: (because: string) => void
  readonly shell?: string
  /** Where the shell takes its facts from; `ps` where there is no /proc. */
  readonly source?: 'proc' | 'ps'
}

const STOP_WAIT_MS = 1_000
const FIRST_RESTART_MS = 50
const MAX_RESTART_MS = 10_000

/** Starts the watcher: it learns of this process's death by the end of its input, and does not keep it alive. */
export async function startWatcher(options: WatcherOptions): Promise<Watcher> {
  const watcher = new Watcher(options)
  await watcher.start()
  return watcher
}

/** The small shell that outlives a killed daemon just long enough to end the daemon's upstreams. */
export class Watcher {
  readonly #options: Required<WatcherOptions>
  /** Upstreams noted and not forgotten. */
  readonly #roots = new Map<number, Identity>()
  readonly #groups = new Map<number, string>()
  /** Whom the last snapshot named. */
  #members = new Map<number, Identity>()
  #child: ChildProcess | undefined
  #stopped = false
  #startedAtMs = 0
  #restartMs = FIRST_RESTART_MS

  constructor(options: WatcherOptions) {
    const source = process.platform === 'linux' ? 'proc' : 'ps'
    this.#options = { clock: systemClock, onLost: () => {}, shell: '/bin/sh', source, ...options }
  }

  /** Undefined while a lost one is being replaced. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** An upstream that just started. */
  note(root: Identity): void {
    this.#roots.set(root.pid, root)
    this.#send(known(root))
  }

  /** The control group of an upstream, which is to go with it. */
  noteGroup(root: Identity, dir: string): void {
    this.#groups.set(root.pid, dir)
    this.#send(grouped(root.pid, dir))
  }

  /** An upstream whose whole tree has ended. */
  forget(root: Identity): void {
    this.#roots.delete(root.pid)
    this.#groups.delete(root.pid)
    this.#members.delete(root.pid)
    this.#send(`- ${root.pid}\n`)
  }

  /** All that rememberTrees() found; it replaces the last snapshot, and only the difference is sent. */
  snapshot(members: readonly Identity[]): void {
    const before = this.#members
    this.#members = new Map(members.map((member) => [member.pid, member]))
    const gone = [...before.keys()].filter((pid) => !this.#members.has(pid) && !this.#roots.has(pid))
    const fresh = members.filter(({ pid, startTime }) => before.get(pid)?.startTime !== startTime)
    this.#send(gone.map((pid) => `- ${pid}\n`).join('') + fresh.map(known).join(''))
  }

  /** Ends the watch without harm to anybody; resolves when its process is gone. */
  async stop(): Promise<void> {
    this.#stopped = true
    const child = this.#child
    if (child === undefined) return
    child.ref()
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(STOP_WAIT_MS, () => child.kill('SIGKILL'))
      child.once('exit', () => {
        cancel()
        resolve()
      })
      child.stdin?.end('bye\n')
    })
  }

  /** Rejects with the system's error when the shell cannot be started. */
  async start(): Promise<void> {
    const { shell, script, bootId, source } = this.#options
    const child = await spawnApart(shell, ['-c', script, 'mycelium-watcher', bootId, source], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin' },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    child.once('exit', (code, signal) => this.#lost(`exit ${signal ?? code}`))
    // A write to a lost watcher: its exit is on the way, and the next one is told everything.
    child.stdin?.on('error', () => {})
    child.unref()
    ;(child.stdin as Socket | null)?.unref()
    this.#child = child
    this.#startedAtMs = this.#options.clock.now()
    const groups = [...this.#groups].map(([pid, dir]) => grouped(pid, dir))
    this.#send([...this.#roots.values(), ...this.#members.values()].map(known).concat(groups).join(''))
  }

  #lost(because: string): void {
    this.#child = undefined
    if (this.#stopped) return
    const { clock, onLost } = this.#options
    onLost(because)
    if (clock.now() - this.#startedAtMs > MAX_RESTART_MS) this.#restartMs = FIRST_RESTART_MS
    clock.after(this.#restartMs, () => {
      if (this.#stopped) return
      this.start().catch((error: unknown) => this.#lost(String(error)))
    })
    this.#restartMs = Math.min(MAX_RESTART_MS, this.#restartMs * 2)
  }

  #send(lines: string): void {
    // Written to the kernel before write() returns, unless the watcher is far behind: a SIGKILL in the next instant loses nothing.
    if (lines !== '') this.#child?.stdin?.write(lines)
  }
}

/** Pairs with watch() in templates/watcher.sh. */
function grouped(pid: number, dir: string): string {
  return `@ ${pid} ${dir}\n`
}

/** Pairs with watch() in templates/watcher.sh. */
function known({ pid, startTime }: Identity): string {
  return `+ ${pid} ${startTime}\n`
}
