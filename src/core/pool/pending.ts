import type { MyceliumError } from '../errors.ts'
import type { Call, Reply } from '../pipeline/call.ts'

/** One request in flight to a process. */
export interface Pending {
  readonly id: number
  readonly sentAtMs: number
  /** The agent's own progress token as JSON text. */
  readonly tokenText: string | undefined
  readonly call: Call | undefined
  reply(reply: Reply): void
  gone(error: MyceliumError): void
  cancelled: boolean
  /** It keeps its process busy; not so a request of our own, nor a call that was given up on. */
  counted: boolean
}

const FIRST_SIZE = 16

/**
 * The requests in flight to one process, by id. Ids count up from 1 and are never used twice. Not a Map: what is
 * deleted from a Map stays in the tables that it leaves behind when it rehashes, and those keep each other alive until
 * the next full collection, so every call would become old before it dies.
 */
export class PendingTable {
  /** At `id & (length - 1)`. An id whose place is taken by a long call is skipped. */
  #places: (Pending | undefined)[] = new Array(FIRST_SIZE).fill(undefined)
  #size = 0
  #nextId = 1

  get size(): number {
    return this.#size
  }

  /** The id for the next request; pairs with add(). */
  nextId(): number {
    if (this.#size * 2 >= this.#places.length) this.#grow()
    const mask = this.#places.length - 1
    while (this.#places[this.#nextId & mask] !== undefined) this.#nextId++
    return this.#nextId++
  }

  add(pending: Pending): void {
    this.#places[pending.id & (this.#places.length - 1)] = pending
    this.#size++
  }

  get(id: number): Pending | undefined {
    const pending = this.#places[id & (this.#places.length - 1)]
    return pending?.id === id ? pending : undefined
  }

  /** False when it was not there. */
  delete(pending: Pending): boolean {
    if (this.get(pending.id) !== pending) return false
    this.#places[pending.id & (this.#places.length - 1)] = undefined
    this.#size--
    return true
  }

  /** All of them, oldest first. */
  all(): readonly Pending[] {
    return this.#places.filter((one) => one !== undefined).sort((a, b) => a.id - b.id)
  }

  #grow(): void {
    const old = this.#places
    this.#places = new Array(old.length * 2).fill(undefined)
    for (const pending of old)
      if (pending !== undefined) this.#places[pending.id & (this.#places.length - 1)] = pending
  }
}
