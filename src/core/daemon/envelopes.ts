import type { Socket } from 'node:net'
import { ladderHere, toolEnvironment } from '../bounds/here.ts'
import type { Ladder } from '../bounds/ladder.ts'
import { type RunTool, UNBOUNDED } from '../bounds/rung.ts'
import { runtimeVariables } from '../bounds/runtime.ts'
import type { Clock } from '../clock.ts'
import type { Settings } from '../config/live-settings.ts'
import type { Paths } from '../config/paths.ts'
import type { Log } from '../log.ts'
import { machineMemoryMb } from '../machine-memory.ts'
import { type EnvelopeFile, readEnvelopes } from '../policy/envelope/file.ts'
import {
  type InForce,
  inForce,
  type Kept,
  mostOf,
  type Running,
  whyNoRoom,
  within,
} from '../policy/envelope/in-force.ts'
import { keepWithinLimits } from '../policy/memory.ts'
import type { Profile } from '../pool/key.ts'
import { killSeen } from '../pool/kill.ts'
import type { Pools } from '../pool/pools.ts'
import type { Exit, UpstreamProcess } from '../pool/spawn.ts'
import { ProcessBounds } from './bounds.ts'
import { enforcementOf } from './enforcement.ts'
import { MemoryDeaths } from './memory-deaths.ts'
import { MemoryWatch } from './memory-watch.ts'
import { runTool } from './run-tool.ts'
import type { Enforcement } from './wire-envelopes.ts'

/** What enforcing limits needs of the daemon. */
export interface EnvelopesServices {
  readonly paths: Pick<Paths, 'envelopes'>
  readonly clock: Clock
  readonly log: Log
  readonly settings: Settings
  readonly pools: () => Pools
  /** Begins the names of control groups: which root and which daemon made them. */
  readonly prefix: string
  /** The daemon's processes that may be moved to another group. */
  readonly ours: () => readonly number[]
  readonly made: (upstream: UpstreamProcess, dir: string) => void
}

/** A server process that has not been seen to end. */
interface Tree {
  readonly server: string
  readonly file: string
  /** Its runtime was told by us what it may have. */
  readonly told: boolean
  /** It was ended by us for its memory. */
  condemned: boolean
  killedAtMs: number
}

/** A server that was not seen yet is supposed to need so much, MB. */
const SUPPOSED_MB = 80
/** The system tells of an end for want of memory, and soon after of the end itself. */
const TOLD_MS = 2_000

/** Has servers keep to the limits that were stored for them, while the user wants it. Off, it starts nothing and touches nothing. */
export class Envelopes {
  readonly #services: EnvelopesServices
  readonly #trees = new Map<UpstreamProcess, Tree>()
  readonly #watch: MemoryWatch
  readonly #renewedAtMs = new Map<string, number>()
  readonly #deaths: MemoryDeaths
  #file: EnvelopeFile | undefined
  #ladder: Ladder | undefined
  #bounds: ProcessBounds | undefined

  constructor(services: EnvelopesServices) {
    this.#services = services
    this.#watch = new MemoryWatch(services.clock)
    this.#deaths = new MemoryDeaths(services)
    services.settings.onChange(['envelope.enabled', 'envelope.ceiling', 'envelope.lend'], () =>
      this.#switched(),
    )
    if (this.enabled) this.takeUp()
  }

  get enabled(): boolean {
    return this.#services.settings.get('envelope.enabled')
  }

  /** What a server's runtime is told at its start; nothing where there is no limit of it. */
  variables({ server, file, args, spawnEnv }: Profile): Readonly<Record<string, string>> {
    const isWanted = this.enabled && this.#services.settings.get('envelope.tell_runtimes')
    const kept = isWanted ? this.#keptOf(server) : undefined
    return kept === undefined ? {} : runtimeVariables(file, args, spawnEnv, mostOf(kept))
  }

  /** A process that just started with these variables. */
  started(
    upstream: UpstreamProcess,
    { server, file }: Profile,
    told: Readonly<Record<string, string>>,
  ): void {
    const isTold = Object.keys(told).length > 0
    this.#trees.set(upstream, { server, file, told: isTold, condemned: false, killedAtMs: -TOLD_MS })
    if (this.enabled) this.#act()
  }

  /** Why a process ended, where that was for want of memory. Pairs with policy/envelope/history.ts, which reads the limit in it. */
  ended(upstream: UpstreamProcess, { code, signal }: Exit): string | undefined {
    const tree = this.#trees.get(upstream)
    const kept = tree === undefined ? undefined : this.#keptOf(tree.server)
    if (tree === undefined || kept === undefined || !this.enabled) return undefined
    const wasKilled = this.#noteKill(upstream, tree) || this.#services.clock.now() - tree.killedAtMs < TOLD_MS
    // How V8 ends when its heap is full.
    const isHeap = tree.told && (signal === 'SIGABRT' || code === 134)
    if (!tree.condemned && !wasKilled && !isHeap) return undefined
    const limitMb = Math.round(this.#bounds?.of(upstream)?.bounds.hardMb ?? kept.hardMb)
    // What the system did was counted when it was seen.
    if (!wasKilled) this.#died(upstream, tree.server)
    return `out-of-memory, limit ${limitMb} MB`
  }

  /** A whole tree is gone: what was made for it goes too. */
  async gone(upstream: UpstreamProcess): Promise<void> {
    this.#trees.delete(upstream)
    this.#watch.forget(upstream)
    await this.#bounds?.release(upstream)
  }

  /** The members of trees were looked up. */
  gather(): void {
    this.#bounds?.gather()
  }

  /** Called several times a second. */
  tick(): void {
    if (!this.enabled) return
    for (const [upstream, tree] of this.#trees) this.#noteKill(upstream, tree)
    this.#act()
  }

  /** Reads the limits that were stored last and has running servers keep to them. */
  takeUp(): void {
    this.#file = readEnvelopes(this.#services.paths)
    this.#deaths.clear()
    this.#bounds ??= new ProcessBounds({ ...this.#services, ladder: this.#found })
    this.#act()
  }

  /** Takes them up where the user wants them enforced; resolves with what became of that, when the system has done its part. */
  async enforce(): Promise<Enforcement> {
    if (this.enabled) this.takeUp()
    await this.#bounds?.settled()
    return this.enforcement()
  }

  /** Why one more process of a server would be too much, for one that nobody waits for. */
  readonly whyNoRoom = (server: string): string | undefined => {
    if (!this.enabled) return undefined
    const running = this.#running()
    const memoryMb = running.find((one) => one.server === server)?.memoryMb ?? SUPPOSED_MB
    return whyNoRoom(server, this.#keptOf(server), memoryMb, running, this.#ceilingMb)
  }

  /** How limits are enforced, and on what. */
  enforcement(): Enforcement {
    return enforcementOf({
      enabled: this.enabled,
      ladder: this.#found,
      bounds: this.#bounds,
      watch: this.#watch,
      ceilingMb: this.#ceilingMb,
      servers: [...new Set([...Object.keys(this.#file?.servers ?? {}), ...this.#servers()])].sort(),
      limits: this.#limits(),
      keptOf: (server) => this.#keptOf(server),
      processesOf: (server) => this.#of(server),
    })
  }

  /** Groups on which the daemon has no more processes are put as they were. */
  close(): void {
    this.#bounds?.close()
  }

  get #ceilingMb(): number {
    return this.#services.settings.get('envelope.ceiling') * machineMemoryMb()
  }

  /** Chosen once. */
  get #found(): Ladder {
    const { clock, settings, ours } = this.#services
    const run: RunTool = (file, args) => runTool(clock, toolEnvironment(), file, args)
    const wanted = { given: settings.get('envelope.cgroup'), from: settings.get('envelope.mechanism') }
    this.#ladder ??= ladderHere(wanted, run, ours)
    return this.#ladder
  }

  #switched(): void {
    if (this.enabled) {
      this.takeUp()
      return
    }
    for (const [upstream, { server, file }] of this.#trees)
      if (this.#bounds?.of(upstream) !== undefined) this.#bounds.hold(upstream, server, file, UNBOUNDED)
    this.#deaths.clear()
    this.#watch.clear()
  }

  #act(): void {
    const { clock, log, pools } = this.#services
    if (this.#trees.size === 0) return
    for (const [upstream, { server }] of this.#trees)
      this.#watch.look(upstream, this.#keptOf(server) ?? { softMb: Infinity, hardMb: Infinity })
    const bounds = this.#bounds!
    keepWithinLimits({
      clock,
      log,
      pools: pools(),
      limits: this.#limits(),
      renewedAtMs: this.#renewedAtMs,
      trees: [...this.#trees].map(([upstream, { server }]) => {
        const row = bounds.of(upstream)
        const weight = this.#watch.of(upstream)
        return {
          process: upstream,
          server,
          memoryMb: weight?.mb ?? 0,
          overSoftMs: weight?.overSoftMs ?? 0,
          boundTo: row?.bounds,
          holdsHard: row?.rung.holdsHard ?? false,
          holdsSoft: row?.rung.holdsSoft ?? false,
        }
      }),
      bound: (upstream, softMb, hardMb) => {
        const { server, file } = this.#trees.get(upstream)!
        bounds.hold(upstream, server, file, { softMb, hardMb })
      },
      end: (upstream) => {
        this.#trees.get(upstream)!.condemned = true
        killSeen(upstream)
      },
    })
  }

  /** Whether the system has ended any of its processes since the last look. That may be a child, and the server lives on. */
  #noteKill(upstream: UpstreamProcess, tree: Tree): boolean {
    const { clock, log } = this.#services
    const kills = this.#bounds?.newKills(upstream) ?? 0
    if (kills === 0) return false
    tree.killedAtMs = clock.now()
    const because = `the system ended ${kills} of its processes for want of memory`
    log.event('memory-kill', { server: tree.server, pid: upstream.pid, because })
    this.#died(upstream, tree.server)
    return true
  }

  #died(upstream: UpstreamProcess, server: string): void {
    const keptMb = this.#file?.servers[server]?.hardMb ?? 0
    const hasSpoken = (upstream.stdout as Socket).bytesRead > 0
    this.#deaths.died({ server, keptMb, hasSpoken, running: this.#running(), ceilingMb: this.#ceilingMb })
  }

  #keptOf(server: string): Kept | undefined {
    const servers = this.#file?.servers ?? {}
    if (!Object.hasOwn(servers, server)) return undefined
    const kept = servers[server]!
    const raisedMb = this.#deaths.raisedMb(server)
    // What died again and again of having too little leaks, or knows its own limit by now.
    const lends = raisedMb === undefined && this.#services.settings.get('envelope.lend')
    return within({ ...kept, lends, hardMb: raisedMb ?? kept.hardMb }, this.#ceilingMb)
  }

  #limits(): ReadonlyMap<string, InForce> {
    return inForce(this.#running(), this.#ceilingMb)
  }

  #running(): readonly Running[] {
    return [...this.#servers()].map((server) => {
      const own = this.#of(server)
      const memoryMb = Math.max(...own.map((upstream) => this.#watch.of(upstream)?.mb ?? 0))
      return { server, processes: own.length, memoryMb, kept: this.#keptOf(server) }
    })
  }

  #servers(): ReadonlySet<string> {
    return new Set([...this.#trees.values()].map(({ server }) => server))
  }

  #of(server: string): readonly UpstreamProcess[] {
    return [...this.#trees].flatMap(([upstream, tree]) => (tree.server === server ? [upstream] : []))
  }
}
