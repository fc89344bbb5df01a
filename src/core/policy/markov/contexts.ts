import { PairTable } from './pair-table.ts'

const START = 1 << 12
/** Below this a weight is what subtracting has left of nothing. */
const NOTHING = 1e-9

/** Contexts as flat numbers: for each node its parent, its symbol, how many successors, and each with its count in hundredths. */
export interface StoredContexts {
  readonly order: number
  readonly nodes: readonly number[]
}

/** Counts are kept to hundredths. */
const SCALE = 100

/**
 * Weighted counts of what came after each context of up to `order` symbols: a tree of contexts, the newest symbol first, each with the list
 * of its successors. Counts can be added and taken away again.
 */
export class Contexts {
  readonly order: number
  /** Node of (node, next older symbol). Node 0 is the empty context. */
  readonly #children = new PairTable()
  /** Place of (node, successor) in the lists. */
  readonly #places = new PairTable()
  #head = new Int32Array(START).fill(-1)
  #total = new Float64Array(START)
  #nodes = 1
  #next = new Int32Array(START)
  #symbol = new Int32Array(START)
  #count = new Float64Array(START)
  #size = 0
  #version = 0

  constructor(order: number) {
    this.order = order
  }

  /** Contexts as store() gave them. */
  static from({ order, nodes }: StoredContexts): Contexts {
    const contexts = new Contexts(order)
    const ids: number[] = []
    for (let at = 0; at < nodes.length; ) {
      const [parent, symbol, successors] = [nodes[at]!, nodes[at + 1]!, nodes[at + 2]!]
      const id = parent < 0 ? 0 : contexts.#child(ids[parent]!, symbol)
      ids.push(id)
      at += 3
      for (let i = 0; i < successors; i++, at += 2) contexts.#bump(id, nodes[at]!, nodes[at + 1]! / SCALE)
    }
    return contexts
  }

  /** The largest counts, at most about `limit` and those without context; a context of which none is left goes too. */
  store(limit: number): StoredContexts {
    const counts = this.#count.slice(0, this.#size).sort()
    const bar = Math.max(0.5 / SCALE, this.#size > limit ? counts[this.#size - limit - 1]! + NOTHING : 0)
    const nodes: number[] = []
    const ids = new Map<number, number>()
    const parents = new Map<number, readonly [parent: number, symbol: number]>([[0, [-1, 0]]])
    for (const [parent, symbol, child] of this.#children.entries()) parents.set(child, [parent, symbol])
    for (let node = 0; node < this.#nodes; node++) {
      const [parent, symbol] = parents.get(node)!
      // A parent has a smaller number than its children, and counts at least as large.
      const parentId = parent < 0 ? -1 : ids.get(parent)
      if (parentId === undefined) continue
      const kept: number[] = []
      for (let at = this.#head[node]!; at >= 0; at = this.#next[at]!)
        if (this.#count[at]! >= (node === 0 ? 0.5 / SCALE : bar))
          kept.push(this.#symbol[at]!, Math.max(1, Math.round(this.#count[at]! * SCALE)))
      if (kept.length === 0 && node > 0) continue
      ids.set(node, ids.size)
      nodes.push(parentId, symbol, kept.length / 2, ...kept)
    }
    return { order: this.order, nodes }
  }

  /** Counts a whole sequence with a weight; a negative one takes it away again. */
  add(symbols: readonly number[], weight: number): void {
    for (let i = 0; i < symbols.length; i++) {
      let node = 0
      this.#bump(node, symbols[i]!, weight)
      const deepest = Math.min(this.order, i)
      for (let k = 1; k <= deepest; k++) {
        node = this.#child(node, symbols[i - k]!)
        this.#bump(node, symbols[i]!, weight)
      }
    }
  }

  /** Counts one symbol after one other, wherever that was; the empty context stays as it is. */
  addPair(before: number, after: number, weight: number): void {
    this.#bump(this.#child(0, before), after, weight)
  }

  /** Another number after each change. */
  get version(): number {
    return this.#version
  }

  /**
   * The nodes of the contexts that a history ends in, shortest first, as far as they were seen. `into` takes them; gives how many.
   */
  path(history: ArrayLike<number>, into: Int32Array): number {
    let node = 0
    let depth = 0
    into[depth++] = node
    for (let k = 1; k <= this.order && k <= history.length; k++) {
      const child = this.#children.get(node, history[history.length - k]!)
      if (child < 0 || this.#total[child]! <= NOTHING) break
      node = child
      into[depth++] = node
    }
    return depth
  }

  /**
   * Turns the probabilities in `p`, and their logarithms in `logs`, into those after one more symbol of context: interpolation with the escape
   * of PPM method C, p' = (count + types · p) / (total + types), a type seen less than once counting as that part of one. Gives the total of
   * the context. Logarithms are taken of successors only, as all others shrink alike.
   * Source: Moffat, Implementing the PPM data compression scheme, 1990; Witten and Bell, The zero-frequency problem, 1991.
   */
  refine(node: number, p: Float64Array, logs: Float64Array): number {
    const total = this.#total[node]!
    if (total <= NOTHING) return 0
    const norm = total + this.#types(node)
    const keep = 1 - total / norm
    const logKeep = Math.log(keep)
    for (let i = 0; i < p.length; i++) {
      p[i]! *= keep
      logs[i]! += logKeep
    }
    for (let at = this.#head[node]!; at >= 0; at = this.#next[at]!) {
      const count = this.#count[at]!
      if (count <= NOTHING) continue
      const symbol = this.#symbol[at]!
      p[symbol]! += count / norm
      logs[symbol] = Math.log(p[symbol]!)
    }
    return total
  }

  /** Adds the logarithm of how much likelier one more symbol of context makes each symbol than `p` does. */
  addGains(node: number, p: Float64Array, gains: Float64Array): void {
    const total = this.#total[node]!
    if (total <= NOTHING) return
    const norm = total + this.#types(node)
    const keep = 1 - total / norm
    const lost = Math.log(keep)
    for (let i = 0; i < gains.length; i++) gains[i]! += lost
    for (let at = this.#head[node]!; at >= 0; at = this.#next[at]!) {
      const count = this.#count[at]!
      if (count <= NOTHING) continue
      const symbol = this.#symbol[at]!
      gains[symbol]! += Math.log((keep + count / norm / p[symbol]!) / keep)
    }
  }

  #types(node: number): number {
    let types = 0
    for (let at = this.#head[node]!; at >= 0; at = this.#next[at]!) {
      const count = this.#count[at]!
      if (count > NOTHING) types += count < 1 ? count : 1
    }
    return types
  }

  #child(node: number, symbol: number): number {
    const known = this.#children.get(node, symbol)
    if (known >= 0) return known
    const child = this.#nodes++
    if (child >= this.#head.length) {
      this.#head = grown(this.#head, -1)
      this.#total = grown(this.#total, 0)
    }
    this.#children.add(node, symbol, child)
    return child
  }

  #bump(node: number, symbol: number, weight: number): void {
    this.#version += 1
    this.#total[node]! += weight
    let at = this.#places.get(node, symbol)
    if (at < 0) {
      at = this.#size++
      if (at >= this.#count.length) {
        this.#next = grown(this.#next, 0)
        this.#symbol = grown(this.#symbol, 0)
        this.#count = grown(this.#count, 0)
      }
      this.#places.add(node, symbol, at)
      this.#symbol[at] = symbol
      this.#next[at] = this.#head[node]!
      this.#head[node] = at
    }
    this.#count[at]! += weight
  }
}

function grown<T extends Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(array: T, fill: number): T {
  const next = new (array.constructor as new (length: number) => T)(array.length * 2)
  next.fill(fill)
  next.set(array)
  return next
}
