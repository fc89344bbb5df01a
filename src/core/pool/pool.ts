import type { Clock } from '../clock.ts'
import { MyceliumError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Call, Reply } from '../pipeline/call.ts'
import type { Frame } from '../protocol/frame.ts'
import { notificationText } from '../protocol/messages.ts'
import { chooseInService, type Sharing } from './choose.ts'
import { CrashRecord } from './crash.ts'
import { greet, ownCopy } from './greet.ts'
import { askedByServer, noticedFromServer } from './incoming.ts'
import type { Greetings, Profile } from './key.ts'
import type { Limits } from './limits.ts'
import { LogLevels } from './log-levels.ts'
import type { Member } from './member.ts'
import { restoreState } from './restore.ts'
import type { UpstreamProcess } from './spawn.ts'
import { Lists } from './states.ts'
import { Subscriptions } from './subscriptions.ts'
import { Upstream } from './upstream.ts'

/** What a pool needs of the daemon. */
export interface PoolServices {
  readonly clock: Clock
  readonly log: Log
  readonly limits: Limits
  /** Starts a process of the profile, or takes one that was started ahead. Throws server_command_missing and the like. */
  start(profile: Profile): Promise<UpstreamProcess>
  /** Ends a process and its whole tree. */
  end(process: UpstreamProcess): Promise<void>
}

/** Somebody who needs a process: a call, or a session that must have one of its own. */
interface Waiter {
  readonly member: Member
  readonly sinceMs: number
  /** Only the greeting is wanted: any greeted process will do and none is taken. */
  readonly greetingOnly: boolean
  resolve(upstream: Upstream): void
  reject(error: unknown): void
}

const INITIALIZED = Buffer.from(notificationText('notifications/initialized'))
const SETTLE_MS = 150

/** Processes that are interchangeable for the sessions attached to them, and those sessions. */
export class Pool {
  readonly key: string
  readonly profile: Profile
  readonly greetings: Greetings | undefined
  readonly sharing: Sharing
  readonly lists = new Lists<Upstream>()
  readonly members = new Map<string, Member>()
  readonly subscriptions = new Subscriptions<Upstream>()
  readonly logLevels = new LogLevels()
  readonly crashes: CrashRecord
  lastUsedMs: number
  /** A spare is wanted until then; the janitor decides whether there may be one. */
  spareUntilMs = 0
  #greeting: Frame | undefined
  #paused = false
  #closed = false
  #starting = 0
  #waiters: Waiter[] = []
  /** Sessions whose process ended under them. */
  readonly #bereft = new Set<string>()
  /** Processes just put in service that may still ask for roots. */
  readonly #settling = new Map<Upstream, () => void>()
  readonly #leasedAtMs = new WeakMap<Upstream, number>()
  readonly #services: PoolServices

  /** Without greetings the pool's processes are not greeted at all: the agent speaks to them without `initialize`. */
  constructor(key: string, profile: Profile, greetings: Greetings | undefined, services: PoolServices) {
    this.key = key
    this.profile = profile
    this.greetings = greetings
    this.#services = services
    this.crashes = new CrashRecord(services.clock)
    this.lastUsedMs = services.clock.now()
    // Where nothing can be asked back, nothing needs an owner.
    this.sharing = profile.mode === 'session' ? 'owned' : greetings?.interactive ? 'leased' : 'multiplexed'
  }

  get waiting(): number {
    return this.#waiters.length
  }

  get starting(): number {
    return this.#starting
  }

  get closed(): boolean {
    return this.#closed
  }

  /** One word for `server list`. */
  get condition(): string {
    if (this.#closed) return 'closed'
    if (this.#paused) return 'paused'
    if (this.crashes.looping) return 'crash-loop'
    if (this.#starting > 0 && this.lists.count('idle', 'busy', 'spare') === 0) return 'starting'
    return this.lists.count('idle', 'busy', 'spare') > 0 ? 'warm' : 'cold'
  }

  get alive(): number {
    return this.lists.count('started', 'greeting', 'spare', 'idle', 'busy', 'draining', 'stopping')
  }

  /** Adds a session and gives the answer to its `initialize`; undefined when processes are not greeted. */
  async attach(member: Member): Promise<Frame | undefined> {
    this.members.set(member.id, member)
    this.#touch()
    this.spareUntilMs = this.lastUsedMs + this.#services.limits.spareMs
    if (this.sharing === 'owned') return (await this.#need(member, false)).greeting
    if (this.#greeting !== undefined && !this.crashes.looping) {
      if (this.lists.count('spare', 'idle', 'busy') === 0) this.#supply(1)
      return this.#greeting
    }
    return (await this.#need(member, true)).greeting
  }

  /** The agent said that it is ready and its roots are known: a process is put in service for it. */
  ready(member: Member): void {
    const own = this.#choose(member)
    if (own === undefined)
      void this.#need(member, false).then(
        (upstream) => this.#release(upstream),
        () => {},
      )
    else if (!own.initializedSent) this.#initialize(own, member)
    else this.#release(own)
  }

  /** Removes a session: its own process ends, its subscriptions and log level end, its waits end. */
  detach(member: Member): void {
    if (!this.members.delete(member.id)) return
    this.#touch()
    this.#bereft.delete(member.id)
    for (const waiter of this.#takeWaiters((one) => one.member === member)) {
      waiter.reject(new MyceliumError('client_gone', 'the agent left'))
    }
    this.logLevels.remove(member.id)
    const ended = this.subscriptions.removeSession(member.id)
    if (this.sharing === 'owned') {
      for (const upstream of this.lists.in('idle', 'busy'))
        if (upstream.owner === member.id) this.stop(upstream, 'its session ended')
      return
    }
    for (const { uri, upstream } of ended) {
      upstream.ask('resources/unsubscribe', JSON.stringify({ uri })).catch(() => {})
    }
  }

  /** Sends a call of an attached session to a process that may serve it, once there is one. */
  async dispatch(call: Call, member: Member, served?: (upstream: Upstream) => void): Promise<Reply> {
    this.#touch()
    const upstream =
      this.#waiters.length === 0 || this.sharing === 'owned'
        ? this.#choose(member)
        : this.#chooseFairly(member)
    if (upstream !== undefined && !this.#settling.has(upstream)) return this.#forward(upstream, call, served)
    return this.#forwardLater(call, member, upstream, served)
  }

  /** Forwards a notification of the agent to the process that serves it, if any does now. */
  tell(member: Member, line: Buffer): void {
    const inService = this.lists.in('idle', 'busy').filter((upstream) => upstream.roots === member.rootsKey)
    const own = inService.find((upstream) => upstream.owner === member.id || upstream.lastUser === member.id)
    const target =
      this.sharing === 'owned' ? inService.find((one) => one.owner === member.id) : (own ?? inService[0])
    target?.tell(line)
  }

  /** The agent does not read (true): its own process is not read either, so that the pipe holds the server back. */
  slowReader(member: Member, slow: boolean): void {
    if (this.sharing !== 'owned') return
    for (const upstream of this.lists.in('idle', 'busy', 'draining')) {
      if (upstream.owner !== member.id) continue
      if (slow) upstream.pauseReading()
      else upstream.resumeReading()
    }
  }

  /** Starts one process ahead unless one is free already; resolves when it is greeted. */
  async warm(): Promise<void> {
    if (this.lists.count('spare') > 0 || (this.sharing !== 'owned' && this.lists.count('idle', 'busy') > 0))
      return
    await this.#start()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#serve()
  }

  /** Processes finish their calls and end; the next call starts a new one. */
  drain(why: string): void {
    this.crashes.forgive()
    for (const upstream of this.lists.in('started', 'spare', 'idle', 'busy')) this.stop(upstream, why)
  }

  /** As drain, and a new process is started at once for the sessions that are attached. */
  restart(): void {
    this.drain('restarted on request')
    for (const member of this.members.values()) {
      this.#bereft.add(member.id)
      if (this.sharing === 'owned') this.ready(member)
    }
    const first = this.members.values().next().value
    if (this.sharing !== 'owned' && first !== undefined) this.ready(first)
  }

  /** Ends one process: at once when it has no call in flight, else after its last. */
  stop(upstream: Upstream, why: string): void {
    if (upstream.state === 'draining' || upstream.state === 'stopping' || upstream.state === 'gone') return
    const ownerLeft =
      this.sharing === 'owned' && upstream.owner !== undefined && !this.members.has(upstream.owner)
    if (upstream.state === 'busy' && upstream.awaited > 0 && !ownerLeft) {
      this.lists.move(upstream, 'draining')
      this.#services.log.event('upstream-draining', {
        server: this.profile.server,
        pid: upstream.process.pid,
        because: why,
      })
    } else this.#end(upstream, why)
  }

  /** Ends a process that does not answer, whatever it has in flight. */
  abandon(upstream: Upstream, why: string): void {
    this.#end(upstream, why)
  }

  /** Ends all processes and answers everybody who waits. */
  close(why: string): void {
    this.#closed = true
    for (const waiter of this.#takeWaiters(() => true))
      waiter.reject(new MyceliumError('daemon_stopping', why))
    for (const upstream of this.lists.in('started', 'greeting', 'spare', 'idle', 'busy', 'draining'))
      this.#end(upstream, why)
  }

  /** Another process is worth its memory: called by the janitor when calls pile up. */
  grow(): void {
    if (this.#starting === 0 && this.lists.count('idle', 'busy', 'spare') < this.#most) this.#supply(1)
  }

  get #most(): number {
    return this.profile.entry?.max ?? this.#services.limits.processesPerPool
  }

  #touch(): void {
    this.lastUsedMs = this.#services.clock.now()
  }

  async #forwardLater(
    call: Call,
    member: Member,
    settling: Upstream | undefined,
    served?: (upstream: Upstream) => void,
  ): Promise<Reply> {
    const upstream = settling ?? (await this.#need(member, false, call))
    await this.#settled(upstream)
    if (call.cancelled || upstream.state === 'stopping' || upstream.state === 'gone') {
      this.#release(upstream)
      if (call.cancelled) throw new MyceliumError('client_gone', 'the call was cancelled')
      throw new MyceliumError(
        'server_exited',
        `${this.profile.name}: the server ended before the call was sent`,
      )
    }
    return this.#forward(upstream, call, served)
  }

  async #forward(upstream: Upstream, call: Call, served?: (upstream: Upstream) => void): Promise<Reply> {
    served?.(upstream)
    const reply = await upstream.forward(call)
    this.crashes.forgive()
    return reply
  }

  /** A process for this session right now: one in service, or a spare put in service. */
  #choose(member: Member, mustYield = false): Upstream | undefined {
    if (this.#paused || this.#closed) return undefined
    const found = chooseInService(this.lists, this.sharing, {
      session: member.id,
      rootsKey: member.rootsKey,
      mustYield,
    })
    const upstream = found ?? (mustYield ? undefined : this.#takeSpare(member))
    if (upstream !== undefined && this.sharing === 'leased' && upstream.owner !== member.id) {
      upstream.owner = member.id
      this.#leasedAtMs.set(upstream, this.#services.clock.now())
    }
    return upstream
  }

  /** With others waiting, a session whose lease is old queues behind them. */
  #chooseFairly(member: Member): Upstream | undefined {
    if (this.sharing === 'multiplexed') return this.#choose(member)
    const lease = this.lists.in('busy').find((upstream) => upstream.owner === member.id)
    const sinceMs = lease === undefined ? undefined : this.#leasedAtMs.get(lease)
    if (sinceMs === undefined) return undefined
    return this.#services.clock.now() - sinceMs > this.#services.limits.leaseMs
      ? undefined
      : this.#choose(member)
  }

  #takeSpare(member: Member): Upstream | undefined {
    const upstream = this.lists.in(this.greetings === undefined ? 'started' : 'spare')[0]
    if (upstream === undefined) return undefined
    this.lists.move(upstream, 'idle')
    upstream.roots = member.rootsKey
    if (this.sharing === 'owned') upstream.owner = member.id
    if (this.sharing !== 'owned' || member.initialized !== undefined) this.#initialize(upstream, member)
    return upstream
  }

  #initialize(upstream: Upstream, member: Member): void {
    upstream.initializedSent = true
    if (this.greetings === undefined) return
    upstream.tell(member.initialized ?? INITIALIZED)
    if (this.greetings.rootsOffered) this.#settle(upstream)
    restoreState(this, upstream)
    for (const id of [...this.#bereft]) {
      const bereaved = this.members.get(id)
      if (this.sharing === 'owned' ? id !== upstream.owner : bereaved?.rootsKey !== upstream.roots) continue
      this.#bereft.delete(id)
      bereaved?.replaced()
    }
  }

  /** Calls wait until the server has asked for roots and got them, or plainly does not ask. */
  #settle(upstream: Upstream): void {
    const cancel = this.#services.clock.after(SETTLE_MS, () => this.settled(upstream))
    this.#settling.set(upstream, cancel)
  }

  /** The server has its roots. */
  settled(upstream: Upstream): void {
    const cancel = this.#settling.get(upstream)
    if (cancel === undefined) return
    cancel()
    this.#settling.delete(upstream)
    for (const resolve of this.#settledWaiters.get(upstream) ?? []) resolve()
    this.#settledWaiters.delete(upstream)
  }

  readonly #settledWaiters = new Map<Upstream, (() => void)[]>()

  #settled(upstream: Upstream): Promise<void> | undefined {
    if (!this.#settling.has(upstream)) return undefined
    return new Promise((resolve) => {
      this.#settledWaiters.set(upstream, [...(this.#settledWaiters.get(upstream) ?? []), resolve])
    })
  }

  /** A lease without a call in flight ends. */
  #release(upstream: Upstream): void {
    if (this.sharing !== 'leased' || upstream.inFlight > 0) return
    upstream.owner = undefined
    this.#serve()
  }

  #need(member: Member, greetingOnly: boolean, call?: Call): Promise<Upstream> {
    return new Promise((resolve, reject) => {
      const { clock, limits } = this.#services
      if (this.#closed) return reject(new MyceliumError('daemon_stopping', 'the daemon is stopping'))
      const waiter: Waiter = { member, greetingOnly, sinceMs: clock.now(), resolve, reject }
      this.#waiters.push(waiter)
      if (call !== undefined) {
        call.onCancel = () => {
          if (this.#takeWaiters((one) => one === waiter).length > 0)
            reject(new MyceliumError('client_gone', 'the call was cancelled'))
        }
      }
      const boundMs = this.#paused ? limits.pauseMs : Math.max(limits.waitMs, limits.greetingMs + 1_000)
      clock.after(boundMs, () => {
        if (this.#takeWaiters((one) => one === waiter).length > 0) reject(this.#waitedTooLong(boundMs))
      })
      this.#serve()
    })
  }

  #waitedTooLong(waitedMs: number): MyceliumError {
    const { name } = this.profile
    if (this.#paused)
      return new MyceliumError('server_paused', `${name}: paused for ${waitedMs} ms`, {
        hint: `mycelium server resume ${name}`,
      })
    const busy = this.lists.count('busy')
    return new MyceliumError(
      'pool_busy',
      `${name}: waited ${waitedMs} ms for a free process (${busy} of ${this.#most} busy)`,
    )
  }

  #takeWaiters(which: (waiter: Waiter) => boolean): Waiter[] {
    const taken = this.#waiters.filter(which)
    if (taken.length > 0) this.#waiters = this.#waiters.filter((waiter) => !taken.includes(waiter))
    return taken
  }

  /** Gives every waiter what there is, in order, and asks for more processes where there is not enough. */
  #serve(): void {
    if (this.#closed) return
    for (const waiter of [...this.#waiters]) {
      const upstream = waiter.greetingOnly
        ? this.lists.in('spare', 'idle', 'busy')[0]
        : this.#choose(waiter.member)
      if (upstream === undefined) continue
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
      waiter.resolve(upstream)
    }
    if (this.#waiters.length > 0 && !this.#paused) this.#supply(this.#demand())
  }

  /** How many processes the waiters call for now. */
  #demand(): number {
    if (this.sharing === 'owned') return this.#waiters.length
    const inService = new Set(this.lists.in('idle', 'busy').map((upstream) => upstream.roots))
    const missing = new Set(
      this.#waiters
        .filter((waiter) => !inService.has(waiter.member.rootsKey))
        .map((waiter) => waiter.member.rootsKey),
    )
    if (missing.size > 0) return missing.size
    const { clock, limits } = this.#services
    const longestMs = clock.now() - (this.#waiters[0]?.sinceMs ?? clock.now())
    if (this.lists.count('idle', 'busy') >= this.#most) return 0
    if (longestMs >= limits.growAfterMs) return 1
    clock.after(limits.growAfterMs - longestMs + 1, () => this.#serve())
    return 0
  }

  #supply(wanted: number): void {
    if (this.#closed || wanted <= this.#starting) return
    if (this.crashes.looping) {
      const error = this.#crashLoop()
      for (const waiter of this.#takeWaiters(() => true)) waiter.reject(error)
      return
    }
    const delayMs = this.crashes.delayMs()
    if (delayMs > 0) {
      this.#services.clock.after(delayMs + 1, () => this.#serve())
      return
    }
    while (this.#starting < wanted) void this.#start().catch(() => {})
  }

  #crashLoop(): MyceliumError {
    const { name } = this.profile
    const { count, reason } = this.crashes
    return new MyceliumError(
      'server_crash_loop',
      `${name}: ended ${count} times within a minute, last: ${reason}`,
      {
        hint: `mycelium daemon logs --server ${name}; then mycelium server restart ${name}`,
      },
    )
  }

  async #start(): Promise<void> {
    this.#starting += 1
    let failure: unknown
    try {
      const upstream = this.#enlist(await this.#services.start(this.profile))
      if (this.greetings !== undefined) {
        this.lists.move(upstream, 'greeting')
        await greet(upstream, this.greetings.paramsText, this.profile.name, this.#services)
        if (upstream.state !== 'greeting')
          throw new MyceliumError('server_exited', `${this.profile.name}: ended while it started`)
        this.lists.move(upstream, 'spare')
        this.#greeting ??= ownCopy(upstream.greeting as Frame)
      }
    } catch (error) {
      failure = error
      if (!this.#closed) this.#startFailed(error)
    } finally {
      this.#starting -= 1
    }
    this.#serve()
    if (failure !== undefined) throw failure
  }

  #enlist(process: UpstreamProcess): Upstream {
    const upstream = new Upstream(process, this.#services.clock, {
      asked: (from, frame) => askedByServer(this, from, frame),
      noticed: (from, frame) => noticedFromServer(this, from, frame),
      loadChanged: (from) => this.#loadChanged(from),
      exited: (from, how) => this.#exited(from, how),
      pressure: (from, high) => {
        for (const member of this.members.values())
          if (this.sharing !== 'owned' || from.owner === member.id) member.hold(high)
      },
      oddity: (from, what, bytes) =>
        this.#services.log.event('upstream-oddity', {
          server: this.profile.server,
          pid: from.process.pid,
          what,
          bytes,
        }),
    })
    this.lists.add(upstream)
    return upstream
  }

  #startFailed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.crashes.note(reason)
    this.#services.log.event('upstream-start-failed', { server: this.profile.server, because: reason })
    for (const upstream of this.lists.in('greeting', 'started')) {
      if (upstream.greeting === undefined && this.#starting <= 1) this.#end(upstream, 'it did not start')
    }
    // With another start under way the waiters still have hope.
    if (this.#starting > 1) return
    for (const waiter of this.#takeWaiters(() => true)) waiter.reject(error)
  }

  #loadChanged(upstream: Upstream): void {
    if (upstream.state === 'idle' && upstream.inFlight > 0) this.lists.move(upstream, 'busy')
    else if (upstream.state === 'draining' && upstream.inFlight === 0) this.#end(upstream, 'drained')
    else if (upstream.state === 'busy' && upstream.inFlight === 0) {
      this.lists.move(upstream, 'idle')
      this.#release(upstream)
    }
  }

  #end(upstream: Upstream, why: string): void {
    if (upstream.state === 'stopping' || upstream.state === 'gone') return
    this.lists.move(upstream, 'stopping')
    this.#services.log.event('upstream-stopping', {
      server: this.profile.server,
      pid: upstream.process.pid,
      because: why,
    })
    this.#forget(upstream)
    void this.#services.end(upstream.process)
  }

  #forget(upstream: Upstream): void {
    this.subscriptions.lose(upstream)
    this.settled(upstream)
  }

  #exited(upstream: Upstream, how: string): void {
    const { state, owner, roots } = upstream
    if (state === 'gone') return
    this.lists.move(upstream, 'gone')
    this.#services.log.event('upstream-exited', {
      server: this.profile.server,
      pid: upstream.process.pid,
      how,
      state,
    })
    this.#forget(upstream)
    if (state === 'stopping') return
    // Whatever it left behind in its group goes too.
    void this.#services.end(upstream.process)
    if (state !== 'idle' && state !== 'busy' && state !== 'spare') return
    this.crashes.note(how)
    if (state === 'spare' || this.#closed) return
    for (const member of this.members.values()) {
      if (this.sharing === 'owned' ? member.id === owner : member.rootsKey === roots)
        this.#bereft.add(member.id)
    }
    const heir = this.members.get(owner ?? '') ?? this.members.values().next().value
    if (heir !== undefined && this.#bereft.size > 0) this.ready(heir)
  }
}
