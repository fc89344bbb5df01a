import type { Clock } from '../clock.ts'
import { notificationText } from '../protocol/messages.ts'
import { type Choice, CROWD, chooseInService, type Sharing } from './choose.ts'
import { Evidence } from './evidence.ts'
import type { Greetings } from './key.ts'
import type { Limits } from './limits.ts'
import type { Member } from './member.ts'
import { Settling } from './settling.ts'
import type { Lists } from './states.ts'
import { Turns } from './turns.ts'
import type { Upstream } from './upstream.ts'

/** What putting processes in service needs of its pool. */
export interface ServiceParts {
  readonly clock: Clock
  readonly lists: Lists<Upstream>
  readonly sharing: Sharing
  readonly greetings: Greetings | undefined
  readonly limits: Limits
  /** A process stays its session's while a task of it is worked on: others may get one more. */
  readonly keepsForTasks: boolean
  /** The process was told `initialized`: it can be told what its sessions had told the one before. */
  readonly inService: (upstream: Upstream) => void
}

const INITIALIZED = Buffer.from(notificationText('notifications/initialized'))

/** Which process serves which session: takes spares into service, keeps leases. */
export class Service implements Choice {
  readonly settling: Settling
  readonly evidence = new Evidence()
  readonly turns: Turns
  /** A process had a crowd of calls lately. */
  spread = false
  #crowdedAtMs = 0
  readonly #parts: ServiceParts
  readonly #leasedAtMs = new WeakMap<Upstream, number>()
  /** Those that had only cancelled calls when the janitor last looked. */
  readonly #lingering = new WeakSet<Upstream>()

  constructor(parts: ServiceParts) {
    this.#parts = parts
    this.settling = new Settling(parts.clock)
    this.turns = new Turns(() => parts.limits.leaseMs)
  }

  get clock(): Clock {
    return this.#parts.clock
  }

  get lists(): Lists<Upstream> {
    return this.#parts.lists
  }

  get sharing(): Sharing {
    return this.#parts.sharing
  }

  /** Whether a process belongs to one session at a time only. */
  get leases(): boolean {
    return this.#parts.sharing === 'leased' || this.#parts.sharing === 'serial'
  }

  /** Whether a process it was given before is still the session's to call. */
  mayUse(upstream: Upstream, member: Member): boolean {
    return !this.leases || upstream.owner === member.id
  }

  /** A process for this session right now: one in service, or a spare put in service. Of `pinned`, while it serves, that one or none. */
  choose(member: Member, pinned?: Upstream): Upstream | undefined {
    const { sharing, clock } = this.#parts
    if (pinned !== undefined && (pinned.state === 'idle' || pinned.state === 'busy'))
      return this.#lend(pinned, member)
    const found = chooseInService(this, member)
    // A process that the janitor started because the others are crowded is put in service by the next call. It takes
    // calls once it has settled; until then they go where they went.
    const crowded = sharing === 'multiplexed' && found !== undefined && found.inFlight >= CROWD
    if (crowded) {
      this.spread = true
      this.#crowdedAtMs = clock.now()
    }
    const spare = found === undefined || crowded ? this.#takeSpare(member) : undefined
    const upstream = spare === undefined || (found !== undefined && this.settling.has(spare)) ? found : spare
    return upstream === undefined ? undefined : this.#lend(upstream, member)
  }

  /** What time alone changes; called by the janitor. `waiting`: somebody waits for a process. */
  tidy(waiting: boolean): void {
    if (waiting && this.sharing === 'serial') this.#giveUpStuck()
    if (this.#parts.clock.now() - this.#crowdedAtMs > this.#parts.limits.shrinkAfterMs) this.spread = false
  }

  /** While others wait, a session without a lease, or with an old one, queues behind them. */
  mustQueue(member: Member): boolean {
    return this.leases && (this.#leaseOf(member) === undefined || this.isOverdue(member))
  }

  /**
   * The session has had a process for as long as one may while others wait, and gets it free by sending no more. Not one
   * that it keeps for a task, or for a call that may never be answered: nobody would gain by its waiting.
   */
  isOverdue(member: Member): boolean {
    const { clock, limits, keepsForTasks } = this.#parts
    const lease = this.#leaseOf(member)
    const sinceMs = lease === undefined ? undefined : this.#leasedAtMs.get(lease)
    if (lease === undefined || sinceMs === undefined || clock.now() - sinceMs <= limits.leaseMs) return false
    return !(keepsForTasks && lease.openTasks > 0) && lease.oldestCallMs() <= limits.stuckMs
  }

  /** Ends a lease that has no call in flight and keeps no open task; true when it did. */
  release(upstream: Upstream): boolean {
    if (!this.leases || upstream.inFlight > 0) return false
    if (this.#parts.keepsForTasks && upstream.openTasks > 0) return false
    const { owner } = upstream
    const sinceMs = this.#leasedAtMs.get(upstream)
    if (owner !== undefined && sinceMs !== undefined) this.turns.end(owner, this.#parts.clock.now() - sinceMs)
    upstream.owner = undefined
    return true
  }

  /** Says `initialized` for the session, in its own words where it has said it. */
  initialize(upstream: Upstream, member: Member): void {
    upstream.initializedSent = true
    const { greetings, inService } = this.#parts
    if (greetings === undefined) return
    upstream.tell(member.initialized ?? INITIALIZED)
    if (greetings.rootsOffered) this.settling.begin(upstream, this.evidence.asksRootsFirst)
    inService(upstream)
  }

  /** The agent does not read (true): its own process is not read either, so that the pipe holds the server back. */
  slowReader(member: Member, slow: boolean): void {
    const { sharing, lists } = this.#parts
    if (sharing !== 'owned') return
    for (const upstream of lists.in('idle', 'busy', 'draining')) {
      if (upstream.owner !== member.id) continue
      if (slow) upstream.pauseReading()
      else upstream.resumeReading()
    }
  }

  #leaseOf(member: Member): Upstream | undefined {
    return this.leases
      ? this.lists.in('idle', 'busy').find((upstream) => upstream.owner === member.id)
      : undefined
  }

  /** Undefined while another session has it, or this one has a call in it that wants it alone. */
  #lend(upstream: Upstream, member: Member): Upstream | undefined {
    if (!this.leases || (upstream.owner === member.id && this.sharing === 'leased')) return upstream
    if (upstream.owner !== undefined) return undefined
    upstream.owner = member.id
    this.turns.begin(member.id)
    this.#leasedAtMs.set(upstream, this.#parts.clock.now())
    return upstream
  }

  /**
   * Where there can be no second process a call that is never answered would stop everybody else for good. Better two
   * calls at once than that; the last that is heard of one that was cancelled is its cancel, so it gets a second or two.
   */
  #giveUpStuck(): void {
    const { lists, limits } = this.#parts
    for (const upstream of lists.in('busy')) {
      const lingersStill = upstream.lingers && this.#lingering.has(upstream)
      if (upstream.lingers) this.#lingering.add(upstream)
      else this.#lingering.delete(upstream)
      if (lingersStill || upstream.oldestCallMs() > limits.stuckMs) upstream.giveUp()
    }
  }

  #takeSpare(member: Member): Upstream | undefined {
    const { lists, sharing, greetings } = this.#parts
    const upstream = lists.in(greetings === undefined ? 'started' : 'spare')[0]
    if (upstream === undefined) return undefined
    lists.move(upstream, 'idle')
    upstream.roots = member.rootsKey
    upstream.rootsText = member.rootsText
    if (sharing === 'owned') upstream.owner = member.id
    // A session that has a process to itself says `initialized` in its own time.
    if (sharing !== 'owned' || member.initialized !== undefined) this.initialize(upstream, member)
    return upstream
  }
}
