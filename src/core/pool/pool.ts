import { MyceliumError } from '../errors.ts'
import type { Call, Reply } from '../pipeline/call.ts'
import type { Frame } from '../protocol/frame.ts'
import { chooseForNotice, hasFree, type Sharing, sharingOf } from './choose.ts'
import type { CrashRecord } from './crash.ts'
import { Dispatcher, type Served } from './dispatcher.ts'
import { eventsOf } from './incoming.ts'
import type { Greetings, Profile } from './key.ts'
import { LogLevels } from './log-levels.ts'
import type { Member } from './member.ts'
import { Pins } from './pins.ts'
import { Queue } from './queue.ts'
import { followRoots, restoreState } from './restore.ts'
import { Retirement } from './retirement.ts'
import { Service } from './service.ts'
import { unsubscribeAll } from './stateful-calls.ts'
import { Lists } from './states.ts'
import { Subscriptions } from './subscriptions.ts'
import { Succession } from './succession.ts'
import { type PoolServices, Supply } from './supply.ts'
import type { Upstream } from './upstream.ts'

/** Processes that are interchangeable for the sessions attached to them, and those sessions. */
export class Pool {
  readonly key: string
  readonly profile: Profile
  /** Undefined: processes are not greeted, the agent speaks to them without `initialize`. */
  readonly greetings: Greetings | undefined
  readonly sharing: Sharing
  readonly lists = new Lists<Upstream>()
  readonly members = new Map<string, Member>()
  readonly subscriptions = new Subscriptions()
  readonly logLevels = new LogLevels()
  readonly pins: Pins
  readonly service: Service
  readonly retirement: Retirement
  lastUsedMs: number
  /** When a session came or left last. */
  movedMs = Number.NEGATIVE_INFINITY
  /** Somebody asked for a process to be there until then; the janitor decides about any other spare. */
  spareUntilMs = 0
  /** Memory was too short for one, or for growth, when the janitor last looked: told once, not every second. */
  spareRefused = false
  /** The answer to `initialize` that sessions get: the newest process's, as the program may be another version by now. */
  #greeting: Frame | undefined
  #closed = false
  readonly #supply: Supply
  readonly #queue: Queue
  readonly #dispatcher: Dispatcher
  readonly #succession: Succession
  readonly #services: PoolServices

  constructor(key: string, profile: Profile, greetings: Greetings | undefined, services: PoolServices) {
    this.key = key
    this.profile = profile
    this.greetings = greetings
    this.#services = services
    this.lastUsedMs = services.clock.now()
    this.sharing = sharingOf(profile, greetings)
    this.pins = new Pins(services.clock)
    this.#succession = new Succession(this.members, this.sharing === 'owned')
    this.retirement = new Retirement({
      server: profile.server,
      log: services.log,
      lists: this.lists,
      end: services.end,
      left: (upstream) => {
        for (const member of this.members.values()) {
          if (member.home === upstream) member.home = undefined
          member.lost(upstream)
        }
        this.service.settling.end(upstream)
        this.pins.forget(upstream)
      },
    })
    this.service = new Service({
      clock: services.clock,
      lists: this.lists,
      sharing: this.sharing,
      greetings,
      limits: services.limits,
      keepsForTasks: profile.entry?.max === undefined,
      inService: (upstream) => {
        restoreState(this, upstream)
        this.#succession.console(upstream)
      },
    })
    this.#queue = new Queue({
      clock: services.clock,
      limits: services.limits,
      profile,
      sharing: this.sharing,
      lists: this.lists,
      turns: this.service.turns,
      choose: (member, pinned) => this.#choose(member, pinned),
      isOverdue: (member) => this.service.isOverdue(member),
    })
    this.#dispatcher = new Dispatcher({
      queue: this.#queue,
      service: this.service,
      choose: (member, pinned) => this.#choose(member, pinned),
      release: (upstream) => this.#release(upstream),
    })
    const upstreamEvents = eventsOf(this, {
      ...{ clock: services.clock, log: services.log },
      serve: () => this.#queue.serve(),
      release: (from) => this.#release(from),
      exited: (from, how, memoryShort) => this.#exited(from, how, memoryShort),
      pressure: (from, high) => this.#succession.hold(from, high),
    })
    this.#supply = new Supply(profile, greetings, services, this.lists, upstreamEvents, {
      ready: (upstream) => {
        if (this.#closed) this.retirement.now(upstream, 'the pool is closed')
        this.#greeting = upstream.greeting
        if (upstream.greeting !== undefined) this.pins.learn(upstream.greeting)
        this.#queue.serve()
      },
      // With another start under way the waiters still have hope.
      failed: (error, hopeless) => {
        if (hopeless) this.#queue.startFailed(error)
      },
      retry: () => this.#queue.serve(),
    })
    this.#queue.feedFrom(this.#supply)
  }

  get crashes(): CrashRecord {
    return this.#supply.crashes
  }

  get waiting(): number {
    return this.#queue.length
  }

  get starting(): number {
    return this.#supply.starting
  }

  get closed(): boolean {
    return this.#closed
  }

  get paused(): boolean {
    return this.#queue.paused
  }

  get alive(): number {
    return this.lists.count('started', 'greeting', 'spare', 'idle', 'busy', 'draining', 'stopping')
  }

  /** Adds a session and gives the answer to its `initialize`; undefined when processes are not greeted. */
  async attach(member: Member): Promise<Frame | undefined> {
    this.members.set(member.id, member)
    member.home = undefined
    this.touch(true)
    if (this.sharing === 'owned') return (await this.#queue.need(member, false).upstream).greeting
    if (this.#greeting === undefined || this.crashes.looping)
      return (await this.#queue.need(member, true).upstream).greeting
    if (this.lists.count('spare', 'idle', 'busy') === 0) this.#supply.request(1)
    return this.#greeting
  }

  /** The agent said that it is ready and its roots are known: a process is put in service for it. */
  ready(member: Member): void {
    const before = this.#succession.rootsBefore(member)
    if (before !== undefined) followRoots(this, member, before)
    const serving = this.lists
      .in('idle', 'busy')
      .find((upstream) => this.#succession.serves(upstream, member))
    if (serving === undefined) {
      this.#queue.need(member, false).upstream.then(
        (upstream) => this.#release(upstream),
        () => {},
      )
    } else if (!serving.initializedSent) this.service.initialize(serving, member)
  }

  /** Removes a session: its own process ends, its subscriptions and log level end, its waits end. */
  detach(member: Member): void {
    if (!this.members.delete(member.id)) return
    this.touch(true)
    this.#succession.leave(member)
    this.#queue.leave(member)
    this.logLevels.remove(member.id)
    unsubscribeAll(this, member)
    this.pins.forget(member.id)
    this.#releaseKept()
    if (this.sharing !== 'owned') return
    for (const upstream of this.lists.in('idle', 'busy', 'draining'))
      if (upstream.owner === member.id) this.retirement.now(upstream, 'its session ended')
  }

  /** Sends a call of an attached session to a process that may serve it, once there is one; with `pinned` to that one, while it serves. */
  dispatch(call: Call, member: Member, served?: Served, pinned?: Upstream): Promise<Reply> {
    this.touch()
    return this.#dispatcher.dispatch(call, member, served, pinned)
  }

  /** Forwards a notification of the agent to the process that serves it, if any does now. */
  tell(member: Member, line: Buffer): void {
    chooseForNotice(this.lists, this.sharing, member)?.tell(line)
  }

  /** Starts one process ahead unless one is free already; resolves when it is greeted. */
  async warm(): Promise<void> {
    if (!hasFree(this.lists, this.sharing)) await this.#supply.start()
  }

  pause(): void {
    this.#queue.paused = true
  }

  resume(): void {
    this.#queue.paused = false
    this.#queue.serve()
  }

  /** Processes finish their calls and end; the next call starts a new one. */
  drain(why: string): void {
    this.crashes.forgive()
    this.#greeting = undefined
    this.#supply.renew()
    for (const upstream of this.lists.in('started', 'greeting', 'spare', 'idle', 'busy'))
      this.retirement.afterCalls(upstream, why)
  }

  /** As drain, and a new process is started at once for the sessions that are attached. */
  restart(): void {
    this.drain('restarted on request')
    this.#succession.bereaveAll()
    this.#bringBack()
  }

  /** Ends a process after its calls; where it was the last of its sessions, another is started for them at once. */
  renew(upstream: Upstream, why: string): void {
    this.retirement.afterCalls(upstream, why)
    if (!this.lists.in('idle', 'busy').some(({ roots }) => roots === upstream.roots))
      this.#succession.bereave(upstream)
    this.#bringBack()
  }

  /** Ends all processes and answers everybody who waits. */
  close(why: string): void {
    this.#closed = true
    this.#supply.close()
    this.#queue.close(new MyceliumError('daemon_stopping', why))
    for (const upstream of this.lists.in('started', 'greeting', 'spare', 'idle', 'busy', 'draining'))
      this.retirement.now(upstream, why)
  }

  /** Starts another process, unless one is starting or there are as many as may be: called by the janitor under load. */
  grow(): boolean {
    const room = this.profile.spareable && this.lists.count('idle', 'busy', 'spare') < this.#queue.most
    const grows = room && !this.#closed && !this.#queue.growthPaused && this.#supply.atRest
    if (grows) this.#supply.request(1)
    return grows
  }

  /** What time alone changes; called by the janitor. */
  tidy(): void {
    this.service.tidy(this.waiting > 0)
    this.pins.expire()
    this.#releaseKept()
    if (this.waiting > 0) this.#queue.serve()
  }

  /** Somebody wants something of the pool now; `moves`: a session comes or leaves. */
  touch(moves = false): void {
    this.lastUsedMs = this.#services.clock.now()
    if (moves) this.movedMs = this.lastUsedMs
  }

  #choose(member: Member, pinned?: Upstream): Upstream | undefined {
    return this.#queue.paused || this.#closed ? undefined : this.service.choose(member, pinned)
  }

  #release(upstream: Upstream): void {
    if (this.service.release(upstream)) this.#queue.serve()
  }

  /** A process that its owner kept for a task goes back once there is none. */
  #releaseKept(): void {
    if (this.service.leases) for (const upstream of this.lists.in('idle')) this.#release(upstream)
  }

  #exited(upstream: Upstream, how: string, memoryShort: boolean): void {
    const { state } = upstream
    if (!this.retirement.exited(upstream, how)) return
    this.crashes.note(how, memoryShort)
    if (state === 'spare' || this.#closed) return
    this.#succession.bereave(upstream)
    this.#bringBack()
  }

  /** Starts what sessions without a process need, without waiting for their next call. */
  #bringBack(): void {
    for (const heir of this.#succession.heirs()) this.ready(heir)
  }
}
