import type { Clock } from '../clock.ts'
import type { Member } from './member.ts'
import type { Turns } from './turns.ts'
import type { Upstream } from './upstream.ts'

/** Somebody who needs a process: a call, or a session that must have one of its own. */
export interface Waiter {
  readonly member: Member
  readonly sinceMs: number
  /** Only the greeting is wanted: any greeted process will do and none is taken. */
  readonly greetingOnly: boolean
  /** Only this process will do, while it serves. */
  readonly pinned: Upstream | undefined
  resolve(upstream: Upstream): void
  reject(error: unknown): void
}

/** Those who wait for a process of one pool, each for a bounded time: served in turn, and first come first served within one. */
export class Waiters {
  readonly #clock: Clock
  readonly #turns: Turns
  #queue: Waiter[] = []

  constructor(clock: Clock, turns: Turns) {
    this.#clock = clock
    this.#turns = turns
  }

  get length(): number {
    return this.#queue.length
  }

  /** Those that one more process would help. */
  get helpable(): readonly Waiter[] {
    return this.#queue.filter(({ pinned }) => pinned === undefined)
  }

  some(which: (waiter: Waiter) => boolean): boolean {
    return this.#queue.some(which)
  }

  /** Queues up; `giveUp` ends the wait with an error, which `late` makes when boundMs have passed. */
  add(
    member: Member,
    greetingOnly: boolean,
    pinned: Upstream | undefined,
    boundMs: number,
    late: () => Error,
  ): { readonly upstream: Promise<Upstream>; giveUp(error: Error): void } {
    let waiter: Waiter | undefined
    let cancelTimer = (): void => {}
    this.#turns.join(member.id)
    const upstream = new Promise<Upstream>((resolve, reject) => {
      waiter = { member, greetingOnly, pinned, sinceMs: this.#clock.now(), resolve, reject }
      this.#queue.push(waiter)
    }).finally(() => cancelTimer())
    const giveUp = (error: Error): void => {
      for (const one of this.take((other) => other === waiter)) one.reject(error)
    }
    cancelTimer = this.#clock.after(boundMs, () => giveUp(late()))
    return { upstream, giveUp }
  }

  /** Removes those that match; the caller answers them. */
  take(which: (waiter: Waiter) => boolean): readonly Waiter[] {
    const taken = this.#queue.filter(which)
    if (taken.length > 0) this.#queue = this.#queue.filter((waiter) => !taken.includes(waiter))
    return taken
  }

  /** Ends everybody's wait. */
  rejectAll(error: unknown): void {
    for (const waiter of this.take(() => true)) waiter.reject(error)
  }

  /**
   * Offers each in turn what `find` gives for it. `may` says cheaply whether there can be something for it, and is asked
   * again after each that got something: with nothing left, however many wait cost next to nothing.
   */
  serve(may: (waiter: Waiter) => boolean, find: (waiter: Waiter) => Upstream | undefined): void {
    for (const waiter of this.#turns.sorted(this.#queue.filter(may), ({ member }) => member.id)) {
      if (!may(waiter)) continue
      const upstream = find(waiter)
      if (upstream === undefined) continue
      this.#queue.splice(this.#queue.indexOf(waiter), 1)
      waiter.resolve(upstream)
    }
  }
}
