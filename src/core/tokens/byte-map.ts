/**
 * A map from strings of bytes to whole numbers from 0. It is asked about a stretch of a larger array, so that nothing is allocated to look
 * one up. Written by `put` and `clear` only.
 */
export interface ByteMap {
  /** Open addressing with linear probing: which string is here, counted from 1 as they came; 0 for none. At least half of them are free. */
  readonly slots: Int32Array
  /** Where each string begins in `bytes`; it ends where the next one begins. */
  readonly starts: Int32Array
  readonly bytes: Uint8Array
  readonly values: Int32Array
  size: number
}

/** An empty map with room for `capacity` strings of together `maxBytes`. Memory is taken when they come. */
export function byteMap(capacity: number, maxBytes: number): ByteMap {
  return {
    slots: new Int32Array(2 ** Math.ceil(Math.log2(2 * capacity))),
    starts: new Int32Array(capacity + 1),
    bytes: new Uint8Array(maxBytes),
    values: new Int32Array(capacity),
    size: 0,
  }
}

/** The value of the string that is `text` from `from` to before `to`; -1 where it is not in the map. */
export function get(map: ByteMap, text: Uint8Array, from: number, to: number): number {
  const which = map.slots[slotOf(map, text, from, to)]!
  return which === 0 ? -1 : map.values[which - 1]!
}

/** Adds a string that is not there. False, and nothing is added, where there is no room. */
export function put(map: ByteMap, text: Uint8Array, from: number, to: number, value: number): boolean {
  const { slots, starts, bytes, values, size } = map
  const start = starts[size]!
  const end = start + to - from
  if (size === values.length || end > bytes.length) return false
  for (let at = from; at < to; at++) bytes[start + at - from] = text[at]!
  starts[size + 1] = end
  values[size] = value
  map.size = size + 1
  slots[slotOf(map, text, from, to)] = map.size
  return true
}

/** Leaves none of them, and room for as many as at first. */
export function clear(map: ByteMap): void {
  map.slots.fill(0)
  map.size = 0
}

/** The slot that the string has, or would get. */
function slotOf({ slots, starts, bytes }: ByteMap, text: Uint8Array, from: number, to: number): number {
  const length = to - from
  const mask = slots.length - 1
  for (let slot = hashOf(text, from, to) & mask; ; slot = (slot + 1) & mask) {
    const which = slots[slot]!
    if (which === 0) return slot
    const start = starts[which - 1]!
    if (starts[which]! - start !== length) continue
    let same = 0
    while (same < length && bytes[start + same] === text[from + same]) same++
    if (same === length) return slot
  }
}

/** As FNV-1a, with the multiplier of MurmurHash2. Its best bits are the high ones, and the low ones choose the slot. */
function hashOf(text: Uint8Array, from: number, to: number): number {
  let hash = 0
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ text[at]!, 0x5bd1e995)
  return hash ^ (hash >>> 15)
}
