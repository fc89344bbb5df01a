import type { Clock } from '../clock.ts'
import { MyceliumError } from '../errors.ts'
import type { Sharing } from './choose.ts'
import type { Profile } from './key.ts'
import type { Limits } from './limits.ts'
import type { Member } from './member.ts'
import type { Lists } from './states.ts'
import type { Supply } from './supply.ts'
import type { Turns } from './turns.ts'
import type { Upstream } from './upstream.ts'
import { type Waiter, Waiters } from './waiters.ts'

/** A second process that did not start is not tried again before: some servers can run only once, and the first one serves. */
const GROWTH_PAUSE_MS = 30_000

/** What a pool's queue needs of it. */
export interface QueueParts {
  readonly clock: Clock
  readonly limits: Limits
  readonly profile: Profile
  readonly sharing: Sharing
  readonly lists: Lists<Upstream>
  readonly turns: Turns
  /** A process for this session right now. */
  choose(member: Member, pinned?: Upstream): Upstream | undefined
  /** The session has one for longer than it may while others wait. */
  isOverdue(member: Member): boolean
}

/** Where sessions and calls wait for a process, and how many starts their waiting calls for. */
export class Queue {
  paused = false
  readonly #parts: QueueParts
  readonly #waiters: Waiters
  #supply: Supply | undefined
  #closed: Error | undefined
  /** Set while a timer will look whether the pool should grow: one, however often somebody is served meanwhile. */
  #growTimer: (() => void) | undefined
  /** The last process that did not start while others were in service. */
  #growthFailure: { readonly untilMs: number; readonly reason: string } | undefined

  constructor(parts: QueueParts) {
    this.#parts = parts
    this.#waiters = new Waiters(parts.clock, parts.turns)
  }

  /** Where more processes come from; pairs with Pool, whose supply reports back here. */
  feedFrom(supply: Supply): void {
    this.#supply = supply
  }

  get length(): number {
    return this.#waiters.length
  }

  /** Most processes for sessions with the same roots. */
  get most(): number {
    return this.#parts.profile.entry?.max ?? this.#parts.limits.processesPerPool
  }

  /** Waits for a process; with `greetingOnly` any greeted one will do and none is taken, with `pinned` no other will. */
  need(member: Member, greetingOnly: boolean, pinned?: Upstream): ReturnType<Waiters['add']> {
    const { limits } = this.#parts
    // Whoever waits for a start shall learn what became of it, not that time is over.
    const floorMs = this.#isServed(member) ? 0 : limits.greetingMs + 1_000
    const boundMs = this.paused ? limits.pauseMs : Math.max(limits.waitMs, floorMs)
    const need = this.#waiters.add(member, greetingOnly, pinned, boundMs, () => this.#waitedTooLong(boundMs))
    if (this.#closed === undefined) this.serve()
    else need.giveUp(this.#closed)
    return need
  }

  /** Gives every waiter what there is, in turn, and asks for more processes where there is not enough. */
  serve(): void {
    if (this.#closed !== undefined) return
    const { lists, choose } = this.#parts
    let left = this.#left()
    this.#waiters.serve(
      ({ greetingOnly, member }) => greetingOnly || left.free || left.holders.has(member.id),
      (waiter) => {
        if (waiter.greetingOnly) return lists.in('spare', 'idle', 'busy')[0]
        const upstream = this.#letsOthersGo(waiter) ? undefined : choose(waiter.member, waiter.pinned)
        if (upstream !== undefined) left = this.#left()
        return upstream
      },
    )
    if (this.#waiters.length === 0 || this.paused) return
    try {
      this.#supply?.request(this.#demand())
    } catch (error) {
      this.startFailed(error)
    }
  }

  /** No process could be started: those whom none in service can serve learn so, the others wait on. */
  startFailed(error: unknown): void {
    const { clock, lists } = this.#parts
    const reason = error instanceof Error ? error.message : String(error)
    if (lists.count('idle', 'busy') > 0)
      this.#growthFailure = { untilMs: clock.now() + GROWTH_PAUSE_MS, reason }
    for (const waiter of this.#waiters.take(({ member }) => !this.#isServed(member))) waiter.reject(error)
  }

  /** Another process beside those in service did not start lately. */
  get growthPaused(): boolean {
    return this.#growthFailure !== undefined && this.#parts.clock.now() < this.#growthFailure.untilMs
  }

  /** The session left. */
  leave(member: Member): void {
    for (const waiter of this.#waiters.take((one) => one.member === member)) {
      waiter.reject(new MyceliumError('client_gone', 'the agent left'))
    }
    this.#parts.turns.forget(member.id)
  }

  close(error: Error): void {
    this.#closed = error
    this.#growTimer?.()
    this.#waiters.rejectAll(error)
  }

  /** What there is to hand out: anything that belongs to nobody; and who has a process, which takes its owner's next call too. */
  #left(): { readonly free: boolean; readonly holders: ReadonlySet<string | undefined> } {
    const { lists } = this.#parts
    const holders = new Set(lists.in('idle', 'busy').map(({ owner }) => owner))
    return { free: holders.has(undefined) || lists.count('started', 'spare') > 0, holders }
  }

  /** A process in service will take the session's call sooner or later. */
  #isServed({ rootsKey }: Member): boolean {
    const { sharing, lists } = this.#parts
    return sharing !== 'owned' && lists.in('idle', 'busy').some(({ roots }) => roots === rootsKey)
  }

  #letsOthersGo({ member }: Waiter): boolean {
    const isOther = (one: Waiter) => one.member !== member && !one.greetingOnly
    // Who must have what another process keeps would gain nothing.
    const mayHave = ({ pinned }: Waiter) => pinned === undefined || pinned.owner === member.id
    const wantsTheSame = (one: Waiter) =>
      isOther(one) && mayHave(one) && one.member.rootsKey === member.rootsKey
    return this.#parts.isOverdue(member) && this.#waiters.some(wantsTheSame)
  }

  #demand(): number {
    const { sharing, lists, limits, clock, profile } = this.#parts
    const waiters = this.#waiters.helpable
    const first = waiters[0]
    if (sharing === 'owned' || first === undefined) return waiters.length
    const inService = lists.in('idle', 'busy')
    const served = new Set(inService.map((upstream) => upstream.roots))
    const missing = new Set(waiters.map(({ member }) => member.rootsKey).filter((key) => !served.has(key)))
      .size
    if (missing > 0) return missing
    // One that its owner keeps, for a task, for calls that were all cancelled or for one that may never be answered, is no
    // reason to let others wait, where a second one does no harm.
    const isKept = (upstream: Upstream) =>
      upstream.lingers || upstream.openTasks > 0 || upstream.oldestCallMs() > limits.stuckMs
    const counted =
      profile.entry?.max === undefined ? inService.filter((upstream) => !isKept(upstream)) : inService
    if (counted.length >= this.most || this.growthPaused) return 0
    const untilGrowMs = limits.growAfterMs - (clock.now() - first.sinceMs)
    if (untilGrowMs <= 0) return 1
    // Who is first later came later: a timer that is set already is never too late.
    this.#growTimer ??= clock.after(untilGrowMs + 1, () => {
      this.#growTimer = undefined
      this.serve()
    })
    return 0
  }

  #waitedTooLong(waitedMs: number): MyceliumError {
    const { profile, lists } = this.#parts
    const { name, server } = profile
    if (this.paused) {
      const hint = `mycelium server resume ${server}`
      return new MyceliumError('server_paused', `${name}: paused for ${waitedMs} ms`, { hint })
    }
    const failure = this.growthPaused ? `; another did not start: ${this.#growthFailure?.reason}` : ''
    const busy = `${lists.count('busy')} of ${this.most} busy${failure}`
    return new MyceliumError('pool_busy', `${name}: waited ${waitedMs} ms for a free process (${busy})`)
  }
}
