const START = 1 << 13
/** Slots in use before the table grows, of 8. */
const FULL = 5

/** Numbers by pairs of numbers from 0 on: as a Map, but without a heap number for each key, which makes it several times as fast. */
export class PairTable {
  #first = new Int32Array(START).fill(-1)
  #second = new Int32Array(START)
  #value = new Int32Array(START)
  #size = 0

  /** The number of a pair; −1 where there is none. */
  get(first: number, second: number): number {
    const slot = this.#slot(first, second)
    return this.#first[slot] === -1 ? -1 : this.#value[slot]!
  }

  /** Gives a pair that is not there yet its number. */
  add(first: number, second: number, value: number): void {
    if (this.#size * 8 >= this.#first.length * FULL) this.#grow()
    const slot = this.#slot(first, second)
    this.#first[slot] = first
    this.#second[slot] = second
    this.#value[slot] = value
    this.#size += 1
  }

  /** All pairs with their numbers, in no order. */
  *entries(): Generator<readonly [first: number, second: number, value: number]> {
    for (let slot = 0; slot < this.#first.length; slot++)
      if (this.#first[slot] !== -1) yield [this.#first[slot]!, this.#second[slot]!, this.#value[slot]!]
  }

  /** Where the pair is, or would be: linear probing from a multiplicative hash. */
  #slot(first: number, second: number): number {
    const mask = this.#first.length - 1
    let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)
    hash ^= hash >>> 15
    let slot = hash & mask
    while (this.#first[slot] !== -1 && (this.#first[slot] !== first || this.#second[slot] !== second))
      slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const before = [...this.entries()]
    const length = this.#first.length * 4
    this.#first = new Int32Array(length).fill(-1)
    this.#second = new Int32Array(length)
    this.#value = new Int32Array(length)
    this.#size = 0
    for (const [first, second, value] of before) this.add(first, second, value)
  }
}
