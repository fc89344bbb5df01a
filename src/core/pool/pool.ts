import { MyceliumError } from '../errors.ts'
import type { Call, Reply } from '../pipeline/call.ts'
import type { Frame } from '../protocol/frame.ts'
import { notificationText } from '../protocol/messages.ts'
import { chooseInService, type Sharing } from './choose.ts'
import type { CrashRecord } from './crash.ts'
import { ownCopy } from './greet.ts'
import { askedByServer, noticedFromServer } from './incoming.ts'
import type { Greetings, Profile } from './key.ts'
import { LogLevels } from './log-levels.ts'
import type { Member } from './member.ts'
import { restoreState } from './restore.ts'
import { Settling } from './settling.ts'
import { Lists } from './states.ts'
import { Subscriptions } from './subscriptions.ts'
import { type PoolServices, Supply } from './supply.ts'
import type { Upstream } from './upstream.ts'
import { Waiters } from './waiters.ts'

const INITIALIZED = Buffer.from(notificationText('notifications/initialized'))

/** Told which process a call is sent to. */
type Served = (upstream: Upstream) => void

/** Processes that are interchangeable for the sessions attached to them, and those sessions. */
export class Pool {
  readonly key: string
  readonly profile: Profile
  /** Undefined: processes are not greeted, the agent speaks to them without `initialize`. */
  readonly greetings: Greetings | undefined
  readonly sharing: Sharing
  readonly lists = new Lists<Upstream>()
  readonly members = new Map<string, Member>()
  readonly subscriptions = new Subscriptions<Upstream>()
  readonly logLevels = new LogLevels()
  readonly settling: Settling
  lastUsedMs: number
  /** A spare is wanted until then; the janitor decides whether there may be one. */
  spareUntilMs = 0
  /** The answer to `initialize` that sessions get. */
  #greeting: Frame | undefined
  #paused = false
  #closed = false
  readonly #supply: Supply
  readonly #waiters: Waiters
  /** Sessions whose process ended under them. */
  readonly #bereft = new Set<string>()
  readonly #leasedAtMs = new WeakMap<Upstream, number>()
  readonly #services: PoolServices

  constructor(key: string, profile: Profile, greetings: Greetings | undefined, services: PoolServices) {
    this.key = key
    this.profile = profile
    this.greetings = greetings
    this.#services = services
    this.lastUsedMs = services.clock.now()
    this.sharing = sharingOf(profile, greetings)
    this.settling = new Settling(services.clock)
    this.#waiters = new Waiters(services.clock)
    const upstreamEvents = {
      asked: (from: Upstream, frame: Frame) => askedByServer(this, from, frame),
      noticed: (from: Upstream, frame: Frame) => noticedFromServer(this, from, frame),
      loadChanged: (from: Upstream) => this.#loadChanged(from),
      exited: (from: Upstream, how: string) => this.#exited(from, how),
      pressure: (from: Upstream, high: boolean) => this.#holdUsers(from, high),
      oddity: (from: Upstream, what: string, bytes: number) =>
        this.#log('upstream-oddity', from, { what, bytes }),
    }
    this.#supply = new Supply(profile, greetings, services, this.lists, upstreamEvents, {
      ready: (upstream) => {
        if (this.#closed) this.#end(upstream, 'the pool is closed')
        if (upstream.greeting !== undefined) this.#greeting ??= ownCopy(upstream.greeting)
        this.#serve()
      },
      // With another start under way the waiters still have hope.
      failed: (error, hopeless) => {
        if (hopeless) this.#waiters.rejectAll(error)
      },
      retry: () => this.#serve(),
    })
  }

  get crashes(): CrashRecord {
    return this.#supply.crashes
  }

  get waiting(): number {
    return this.#waiters.length
  }

  get starting(): number {
    return this.#supply.starting
  }

  get closed(): boolean {
    return this.#closed
  }

  get alive(): number {
    return this.lists.count('started', 'greeting', 'spare', 'idle', 'busy', 'draining', 'stopping')
  }

  /** One word for `server list`. */
  get condition(): string {
    if (this.#closed) return 'closed'
    if (this.#paused) return 'paused'
    if (this.crashes.looping) return 'crash-loop'
    if (this.lists.count('idle', 'busy', 'spare') > 0) return 'warm'
    return this.starting > 0 ? 'starting' : 'cold'
  }

  /** Adds a session and gives the answer to its `initialize`; undefined when processes are not greeted. */
  async attach(member: Member): Promise<Frame | undefined> {
    this.members.set(member.id, member)
    this.touch()
    // Where each session needs a process, the next session will need one too.
    if (this.sharing === 'owned') this.spareUntilMs = this.lastUsedMs + this.#services.limits.spareMs
    if (this.sharing === 'owned') return (await this.#need(member, false).upstream).greeting
    if (this.#greeting === undefined || this.crashes.looping)
      return (await this.#need(member, true).upstream).greeting
    if (this.lists.count('spare', 'idle', 'busy') === 0) this.#supply.request(1)
    return this.#greeting
  }

  /** The agent said that it is ready and its roots are known: a process is put in service for it. */
  ready(member: Member): void {
    const own = this.#choose(member)
    if (own === undefined) {
      this.#need(member, false).upstream.then(
        (upstream) => this.#release(upstream),
        () => {},
      )
    } else if (!own.initializedSent) this.#initialize(own, member)
    else this.#release(own)
  }

  /** Removes a session: its own process ends, its subscriptions and log level end, its waits end. */
  detach(member: Member): void {
    if (!this.members.delete(member.id)) return
    this.touch()
    this.#bereft.delete(member.id)
    for (const waiter of this.#waiters.take((one) => one.member === member)) {
      waiter.reject(new MyceliumError('client_gone', 'the agent left'))
    }
    this.logLevels.remove(member.id)
    const ended = this.subscriptions.removeSession(member.id)
    if (this.sharing === 'owned') {
      for (const upstream of this.lists.in('idle', 'busy', 'draining')) {
        if (upstream.owner === member.id) this.#end(upstream, 'its session ended')
      }
      return
    }
    for (const { uri, upstream } of ended) {
      upstream.ask('resources/unsubscribe', JSON.stringify({ uri })).catch(() => {})
    }
  }

  /** Sends a call of an attached session to a process that may serve it, once there is one. */
  dispatch(call: Call, member: Member, served?: Served): Promise<Reply> {
    this.touch()
    const upstream = this.#choose(member, this.#mustYield(member))
    if (upstream !== undefined && !this.settling.has(upstream)) return this.#forward(upstream, call, served)
    return this.#forwardLater(call, member, upstream, served)
  }

  /** Forwards a notification of the agent to the process that serves it, if any does now. */
  tell(member: Member, line: Buffer): void {
    const fitting = this.lists.in('idle', 'busy').filter((upstream) => upstream.roots === member.rootsKey)
    const own = fitting.find((upstream) => upstream.owner === member.id)
    const target =
      this.sharing === 'owned'
        ? own
        : (own ?? fitting.find((one) => one.lastUser === member.id) ?? fitting[0])
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
    const free = this.sharing === 'owned' ? ['spare' as const] : (['spare', 'idle', 'busy'] as const)
    if (this.lists.count(...free) === 0) await this.#supply.start()
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
    for (const member of this.members.values()) this.#bereft.add(member.id)
    this.#bringBack()
  }

  /** Ends one process: at once when nobody waits for its answers, else after the last of them. */
  stop(upstream: Upstream, why: string): void {
    if (upstream.state === 'draining' || upstream.state === 'stopping' || upstream.state === 'gone') return
    if (upstream.state !== 'busy' || upstream.awaited === 0) this.#end(upstream, why)
    else {
      this.lists.move(upstream, 'draining')
      this.#log('upstream-draining', upstream, { because: why })
    }
  }

  /** Ends a process that does not answer, whatever it has in flight. */
  abandon(upstream: Upstream, why: string): void {
    this.#end(upstream, why)
  }

  /** Ends all processes and answers everybody who waits. */
  close(why: string): void {
    this.#closed = true
    this.#supply.close()
    this.#waiters.rejectAll(new MyceliumError('daemon_stopping', why))
    for (const upstream of this.lists.in('started', 'greeting', 'spare', 'idle', 'busy', 'draining'))
      this.#end(upstream, why)
  }

  /** Another process is worth its memory: called by the janitor when calls pile up. */
  grow(): void {
    if (this.starting === 0 && this.lists.count('idle', 'busy', 'spare') < this.#most) this.#supply.request(1)
  }

  /** Somebody wants something of the pool now. */
  touch(): void {
    this.lastUsedMs = this.#services.clock.now()
  }

  get #most(): number {
    return this.profile.entry?.max ?? this.#services.limits.processesPerPool
  }

  async #forwardLater(
    call: Call,
    member: Member,
    settling: Upstream | undefined,
    served?: Served,
  ): Promise<Reply> {
    let upstream = settling
    if (upstream === undefined) {
      const need = this.#need(member, false)
      call.onCancel = () => need.giveUp(new MyceliumError('client_gone', 'the call was cancelled'))
      upstream = await need.upstream
    }
    await this.settling.ended(upstream)
    if (call.cancelled) {
      this.#release(upstream)
      throw new MyceliumError('client_gone', 'the call was cancelled')
    }
    // Never written to the process that is gone: it may go to the next.
    if (upstream.state !== 'idle' && upstream.state !== 'busy') return this.dispatch(call, member, served)
    return this.#forward(upstream, call, served)
  }

  async #forward(upstream: Upstream, call: Call, served: Served | undefined): Promise<Reply> {
    served?.(upstream)
    const reply = await upstream.forward(call)
    this.crashes.forgive()
    return reply
  }

  /** A process for this session right now: one in service, or a spare put in service. */
  #choose(member: Member, mustYield = false): Upstream | undefined {
    if (this.#paused || this.#closed || mustYield) return undefined
    const found = chooseInService(this.lists, this.sharing, { session: member.id, rootsKey: member.rootsKey })
    const upstream = found ?? this.#takeSpare(member)
    if (upstream !== undefined && isLeased(this.sharing) && upstream.owner === undefined) {
      upstream.owner = member.id
      this.#leasedAtMs.set(upstream, this.#services.clock.now())
    }
    return upstream
  }

  /** With others waiting, a session without a lease, or with an old one, queues behind them. */
  #mustYield(member: Member): boolean {
    if (this.#waiters.length === 0 || !isLeased(this.sharing)) return false
    const lease = this.lists.in('idle', 'busy').find((upstream) => upstream.owner === member.id)
    const sinceMs = lease === undefined ? undefined : this.#leasedAtMs.get(lease)
    return sinceMs === undefined || this.#services.clock.now() - sinceMs > this.#services.limits.leaseMs
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
    if (this.greetings.rootsOffered) this.settling.begin(upstream)
    restoreState(this, upstream)
    for (const id of [...this.#bereft]) {
      const bereaved = this.members.get(id)
      if (this.sharing === 'owned' ? id !== upstream.owner : bereaved?.rootsKey !== upstream.roots) continue
      this.#bereft.delete(id)
      bereaved?.replaced()
    }
  }

  /** A lease without a call in flight ends. */
  #release(upstream: Upstream): void {
    if (!isLeased(this.sharing) || upstream.inFlight > 0) return
    upstream.owner = undefined
    this.#serve()
  }

  #need(member: Member, greetingOnly: boolean): ReturnType<Waiters['add']> {
    const { limits } = this.#services
    const boundMs = this.#paused ? limits.pauseMs : Math.max(limits.waitMs, limits.greetingMs + 1_000)
    const need = this.#waiters.add(member, greetingOnly, boundMs, () => this.#waitedTooLong(boundMs))
    if (this.#closed) need.giveUp(new MyceliumError('daemon_stopping', 'the daemon is stopping'))
    else this.#serve()
    return need
  }

  #waitedTooLong(waitedMs: number): MyceliumError {
    const { name, server } = this.profile
    if (this.#paused) {
      return new MyceliumError('server_paused', `${name}: paused for ${waitedMs} ms`, {
        hint: `mycelium server resume ${server}`,
      })
    }
    const busy = this.lists.count('busy')
    return new MyceliumError(
      'pool_busy',
      `${name}: waited ${waitedMs} ms for a free process (${busy} of ${this.#most} busy)`,
    )
  }

  /** Gives every waiter what there is, in order, and asks for more processes where there is not enough. */
  #serve(): void {
    if (this.#closed) return
    this.#waiters.serve((waiter) =>
      waiter.greetingOnly ? this.lists.in('spare', 'idle', 'busy')[0] : this.#choose(waiter.member),
    )
    if (this.#waiters.length === 0 || this.#paused) return
    try {
      this.#supply.request(this.#demand())
    } catch (error) {
      this.#waiters.rejectAll(error)
    }
  }

  /** How many starts the waiters call for now. */
  #demand(): number {
    if (this.sharing === 'owned') return this.#waiters.length
    const inService = this.lists.in('idle', 'busy')
    const served = new Set(inService.map((upstream) => upstream.roots))
    const missing = [...this.#waiters.rootsKeys()].filter((key) => !served.has(key)).length
    if (missing > 0) return missing
    if (inService.length >= this.#most) return 0
    const untilGrowMs = this.#services.limits.growAfterMs - this.#waiters.longestMs
    if (untilGrowMs <= 0) return 1
    this.#services.clock.after(untilGrowMs + 1, () => this.#serve())
    return 0
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
    this.#log('upstream-stopping', upstream, { because: why })
    this.#forget(upstream)
    void this.#services.end(upstream.process)
  }

  #exited(upstream: Upstream, how: string): void {
    const { state } = upstream
    if (state === 'gone') return
    this.lists.move(upstream, 'gone')
    this.#log('upstream-exited', upstream, { how, state })
    this.#forget(upstream)
    // Whatever it left behind goes too.
    void this.#services.end(upstream.process)
    // A start that failed is counted where it was awaited; an end that was asked for is no crash.
    if (state !== 'idle' && state !== 'busy' && state !== 'spare' && state !== 'draining') return
    this.crashes.note(how)
    if (state === 'spare' || this.#closed) return
    for (const member of this.members.values()) if (this.#uses(member, upstream)) this.#bereft.add(member.id)
    this.#bringBack()
  }

  /** Starts what sessions without a process need, without waiting for their next call. */
  #bringBack(): void {
    const bereft = [...this.#bereft].flatMap((id) => this.members.get(id) ?? [])
    const heirs =
      this.sharing === 'owned'
        ? bereft
        : [...new Map(bereft.map((member) => [member.rootsKey, member])).values()]
    for (const heir of heirs) this.ready(heir)
  }

  #uses(member: Member, upstream: Upstream): boolean {
    return this.sharing === 'owned' ? member.id === upstream.owner : member.rootsKey === upstream.roots
  }

  #holdUsers(upstream: Upstream, held: boolean): void {
    for (const member of this.members.values()) if (this.#uses(member, upstream)) member.hold(held)
  }

  #forget(upstream: Upstream): void {
    this.subscriptions.lose(upstream)
    this.settling.end(upstream)
  }

  #log(event: string, upstream: Upstream, fields: Readonly<Record<string, string | number>>): void {
    this.#services.log.event(event, { server: this.profile.server, pid: upstream.process.pid, ...fields })
  }
}

/** Where nothing can be asked back, nothing needs an owner; calls that spoil each other need the process to themselves. */
function sharingOf(profile: Profile, greetings: Greetings | undefined): Sharing {
  if (profile.mode === 'session') return 'owned'
  if (profile.entry?.serial) return 'serial'
  return greetings?.interactive ? 'leased' : 'multiplexed'
}

function isLeased(sharing: Sharing): boolean {
  return sharing === 'leased' || sharing === 'serial'
}
