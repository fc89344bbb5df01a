/**
 * Where an upstream process is in its life. State is which list it is in (docs/architecture.md, "States"):
 * started   spawned, nothing said yet
 * greeting  `initialize` sent
 * spare     greeted, belongs to nobody; `initialized` not sent yet
 * idle      in service, no call in flight
 * busy      in service, calls in flight
 * draining  finishes its calls, takes no new one
 * stopping  being ended
 * gone      the process and its tree have ended
 */
export type UpstreamState =
  | 'started'
  | 'greeting'
  | 'spare'
  | 'idle'
  | 'busy'
  | 'draining'
  | 'stopping'
  | 'gone'

const MOVES: Readonly<Record<UpstreamState, readonly UpstreamState[]>> = {
  started: ['greeting', 'idle', 'stopping', 'gone'],
  greeting: ['spare', 'stopping', 'gone'],
  spare: ['idle', 'stopping', 'gone'],
  idle: ['busy', 'draining', 'stopping', 'gone'],
  busy: ['idle', 'draining', 'stopping', 'gone'],
  draining: ['stopping', 'gone'],
  stopping: ['gone'],
  gone: [],
}

/** Every state, in the order of life. */
export const UPSTREAM_STATES = Object.keys(MOVES) as readonly UpstreamState[]

/** Anything that sits in one of the lists. */
export interface Listed {
  state: UpstreamState
}

/** The lists of one pool; `move` is the only door between them. */
export class Lists<T extends Listed> {
  readonly #lists = new Map<UpstreamState, Set<T>>(UPSTREAM_STATES.map((state) => [state, new Set<T>()]))

  add(item: T): void {
    this.#of(item.state).add(item)
  }

  /** Moves an item to another list; an illegal move is a bug and throws. */
  move(item: T, to: UpstreamState): void {
    const from = item.state
    if (from === to) return
    if (!MOVES[from].includes(to)) throw new Error(`illegal move of an upstream: ${from} → ${to}`)
    this.#of(from).delete(item)
    item.state = to
    if (to !== 'gone') this.#of(to).add(item)
  }

  in(...states: UpstreamState[]): T[] {
    return states.flatMap((state) => [...this.#of(state)])
  }

  /** The item of these states that `better` prefers to all others; undefined when there is none. Makes no list. */
  best(states: readonly UpstreamState[], better: (item: T, than: T | undefined) => boolean): T | undefined {
    let best: T | undefined
    for (const state of states) for (const item of this.#of(state)) if (better(item, best)) best = item
    return best
  }

  count(...states: UpstreamState[]): number {
    return states.reduce((sum, state) => sum + this.#of(state).size, 0)
  }

  #of(state: UpstreamState): Set<T> {
    return this.#lists.get(state) as Set<T>
  }
}
