import type { Work } from './match.ts'
import type { Part } from './patch.ts'

/** To say where lines are found costs about as much as this many characters. */
const MIN_COPIED_CHARS = 80
const MAX_PLACES = 8

/** Where each line of the base is, for finding again what was moved. */
export interface LineIndex {
  readonly ids: Int32Array
  readonly lines: readonly string[]
  readonly places: ReadonlyMap<number, readonly number[]>
}

/** An index of the base's lines; a line that occurs often leads nowhere, so only some of its places are kept. */
export function lineIndex(ids: Int32Array, lines: readonly string[]): LineIndex {
  const places = new Map<number, number[]>()
  for (let at = 0; at < ids.length; at++) {
    const known = places.get(ids[at]!)
    if (known === undefined) places.set(ids[at]!, [at])
    else if (known.length < MAX_PLACES) known.push(at)
  }
  return { ids, lines, places }
}

/** New lines from `from` to before `to` as parts: what the base has elsewhere is said by its place, the rest as it is. */
export function partsOf(
  next: Int32Array,
  lines: readonly string[],
  [from, to]: readonly [number, number],
  index: LineIndex,
  work: Work,
): Part[] {
  const parts: Part[] = []
  let text: string[] = []
  for (let at = from; at < to; ) {
    const found = longestAt(next, at, to, index, work)
    if (found === undefined) text.push(lines[at++]!)
    else {
      if (text.length > 0) parts.push({ kind: 'text', lines: text })
      text = []
      parts.push({ kind: 'copy', from: found.place + 1, to: found.place + found.length })
      at += found.length
    }
  }
  if (text.length > 0) parts.push({ kind: 'text', lines: text })
  return parts
}

function longestAt(
  next: Int32Array,
  at: number,
  to: number,
  { ids, lines, places }: LineIndex,
  work: Work,
): { readonly place: number; readonly length: number } | undefined {
  if (work.left <= 0) return undefined
  let best: { place: number; length: number } | undefined
  let most = MIN_COPIED_CHARS - 1
  for (const place of places.get(next[at]!) ?? []) {
    let [length, chars] = [0, 0]
    while (at + length < to && place + length < ids.length && ids[place + length] === next[at + length]) {
      chars += lines[place + length]!.length
      length++
    }
    work.left -= length
    if (chars > most) {
      most = chars
      best = { place, length }
    }
  }
  return best
}
