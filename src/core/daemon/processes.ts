import { type Clock, pause } from '../clock.ts'
import type { Settings } from '../config/live-settings.ts'
import type { Paths } from '../config/paths.ts'
import type { Log } from '../log.ts'
import type { Profile } from '../pool/key.ts'
import { endUpstreams, killNow } from '../pool/kill.ts'
import type { Limits } from '../pool/limits.ts'
import type { Pools } from '../pool/pools.ts'
import { markerOf, spawnUpstream, type UpstreamProcess } from '../pool/spawn.ts'
import { rememberTrees } from '../pool/tree.ts'
import type { Identity } from '../process.ts'
import { Envelopes } from './envelopes.ts'
import { forgetUpstream, groupPrefix, recordUpstream } from './records.ts'
import { StderrLog } from './stderr-log.ts'
import type { Watcher } from './watcher.ts'

/** What the daemon's processes need. */
export interface ProcessesServices {
  readonly paths: Paths
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  readonly watcher: Watcher
  readonly settings: Settings
  /** Known a little later than this. */
  readonly pools: () => Pools
  readonly bootId: string
  readonly daemon: Identity
}

const SNAPSHOT_AFTER_START_MS = 300
/** Ends asked for within this are done together. */
const GATHER_MS = 5
/** How long the end of a process that is gone may take to be told. */
const TOLD_MS = 500

/** Processes that are ended together. */
interface Batch {
  readonly upstreams: UpstreamProcess[]
  readonly ended: Promise<void>
}

/** Every process tree this daemon started and has not seen the end of: journal and watcher know of each. */
export class Processes {
  /** What they may have of memory. */
  readonly envelopes: Envelopes
  readonly #services: ProcessesServices
  readonly #alive = new Map<number, UpstreamProcess>()
  /** Gathers what is to be ended next. */
  #next: Batch | undefined
  readonly #ending = new Map<UpstreamProcess, Promise<void>>()

  constructor(services: ProcessesServices) {
    this.#services = services
    const { paths, watcher, daemon } = services
    this.envelopes = new Envelopes({
      ...services,
      prefix: groupPrefix(paths, daemon),
      ours: () => [daemon.pid, ...(watcher.pid === undefined ? [] : [watcher.pid]), ...this.#pids],
      made: (upstream, dir) => this.#grouped(upstream, dir),
    })
  }

  get count(): number {
    return this.#alive.size
  }

  /** Starts a server; it is known to journal and watcher before anybody speaks to it. */
  async spawn(profile: Profile): Promise<UpstreamProcess> {
    const { envelopes } = this
    const { bootId, watcher, log } = this.#services
    const { file, args, cwd, spawnEnv } = profile
    const told = envelopes.variables(profile)
    const env = { ...spawnEnv, ...told }
    const started = await spawnUpstream({ file, args, cwd, env, marker: markerOf(bootId) })
    const exited = started.exited.then((exit) => {
      const because = envelopes.ended(upstream, exit)
      return because === undefined ? exit : { ...exit, because }
    })
    const upstream: UpstreamProcess = { ...started, exited }
    this.#alive.set(upstream.pid, upstream)
    watcher.note(upstream.identity)
    this.#record(upstream, profile.file)
    envelopes.started(upstream, profile, told)
    this.#keepStderr(upstream, profile)
    const { server, mode, how } = profile
    log.event('upstream-started', { server, pid: upstream.pid, mode, how })
    // What a server starts first is what it will leave behind.
    this.#services.clock.after(SNAPSHOT_AFTER_START_MS, () => this.snapshot())
    return upstream
  }

  /** Ends a process and its whole tree; also for one that ended by itself and may have left children. */
  end(upstream: UpstreamProcess): Promise<void> {
    const known = this.#ending.get(upstream)
    if (known !== undefined) return known
    this.#next ??= this.#startBatch()
    this.#next.upstreams.push(upstream)
    this.#ending.set(upstream, this.#next.ended)
    return this.#next.ended
  }

  /** Tells the watcher which processes belong to the trees now. */
  snapshot(): void {
    if (this.#alive.size > 0) this.#services.watcher.snapshot(rememberTrees([...this.#alive.values()]))
    this.envelopes.gather()
  }

  /** Resolves when all that is being ended is gone. */
  async settled(): Promise<void> {
    await Promise.all(this.#ending.values())
  }

  /** The synchronous way out: SIGKILL to every tree. */
  killAll(): void {
    killNow([...this.#alive.values()])
  }

  /** A control group is made for a process: whoever ends what is left of it removes that too. */
  #grouped(upstream: UpstreamProcess, dir: string): void {
    if (!this.#alive.has(upstream.pid)) return
    this.#services.watcher.noteGroup(upstream.identity, dir)
    this.#record(upstream, upstream.file, dir)
  }

  /** Every known process of the daemon's servers. */
  get #pids(): readonly number[] {
    return [...this.#alive.values()].flatMap(({ seen }) => [...seen.keys()])
  }

  /** Each end reads the whole process table, so those of one moment are done together. */
  #startBatch(): Batch {
    const upstreams: UpstreamProcess[] = []
    return { upstreams, ended: this.#endBatch(upstreams) }
  }

  async #endBatch(upstreams: readonly UpstreamProcess[]): Promise<void> {
    const { clock, limits, log, paths, watcher } = this.#services
    // Reading the process table takes a while: answers about these ends go out first.
    await pause(clock, GATHER_MS)
    this.#next = undefined
    const survivors = await endUpstreams(upstreams, { graceMs: limits.killGraceMs, clock })
    for (const { pid } of survivors) log.event('process-survived', { pid, because: 'SIGKILL did not end it' })
    // Gone from the process table is a little sooner than told of: whoever waits for the end wants it in the record.
    const told = Promise.all(upstreams.map(({ exited }) => exited))
    await Promise.race([told, pause(clock, TOLD_MS)])
    for (const upstream of upstreams) {
      this.#alive.delete(upstream.pid)
      this.#ending.delete(upstream)
      if (survivors.length > 0) continue
      await this.envelopes.gone(upstream)
      watcher.forget(upstream.identity)
      forgetUpstream(paths, upstream.pid)
    }
  }

  #record(upstream: UpstreamProcess, command: string, group?: string): void {
    const { paths, daemon, log } = this.#services
    try {
      recordUpstream(paths, {
        root: upstream.identity,
        marker: upstream.marker,
        daemon,
        command,
        ...(group !== undefined && { group }),
      })
    } catch (error) {
      // A full disk: the watcher still knows of the process.
      log.event('journal-failed', { pid: upstream.pid, because: (error as Error).message })
    }
  }

  #keepStderr(upstream: UpstreamProcess, profile: Profile): void {
    const said = new StderrLog(profile, this.#services.clock, this.#services.log)
    upstream.stderr.on('data', (chunk: Buffer) => said.push(chunk))
    upstream.stderr.on('error', () => {})
    void upstream.exited.then(() => said.end())
  }
}
