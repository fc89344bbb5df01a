import type { Cluster, Words } from './clusters.ts'

/** One word of a pattern: the same in all lines, or one that varies between what is the same before and behind it. */
export interface Slot {
  /** Blanks before it, where they are the same in all lines. */
  readonly blanks: string
  readonly word?: string
  readonly before: string
  readonly behind: string
  /** With the blanks before it, or behind it, it takes as many characters in each line. */
  readonly width?: { readonly side: '>' | '<'; readonly chars: number }
}

/** What a pattern looks like; a word with this in it would be read as one. */
const BRACES = /[{}∅]/

/** The words of a cluster; undefined where its lines are spaced in ways that a pattern cannot say. */
export function slotsOf(
  { lines, words }: Cluster,
  all: readonly (Words | undefined)[],
): readonly Slot[] | undefined {
  const rows = lines.map((i) => all[i]!)
  const slots: Slot[] = []
  /** Blanks that the word before takes with it. */
  let taken = false
  for (let at = 0; at < words.length; at++) {
    const values = rows.map((row) => row.words[at]!)
    const blanks = rows.map((row) => row.blanks[at]!)
    const isSame = values.every((value) => value === values[0])
    const evenly = taken || blanks.every((blank) => blank === blanks[0])
    const own = taken ? '' : evenly ? blanks[0]! : undefined
    taken = false
    if (isSame) {
      if (own === undefined || BRACES.test(values[0]!)) return undefined
      slots.push({ blanks: own, word: values[0]!, before: '', behind: '' })
      continue
    }
    if (values.some((value) => BRACES.test(value))) return undefined
    const next = rows.map((row) => row.blanks[at + 1])
    const right = evenly ? undefined : evenWidth(values, blanks)
    if (own === undefined) {
      if (right === undefined) return undefined
      slots.push({ blanks: '', before: '', behind: '', width: { side: '>', chars: right } })
      continue
    }
    const isUneven = at + 1 < words.length && next.some((blank) => blank !== next[0])
    const left = isUneven ? evenWidth(values, next as readonly string[]) : undefined
    if (left !== undefined) {
      slots.push({ blanks: own, before: '', behind: '', width: { side: '<', chars: left } })
      taken = true
      continue
    }
    slots.push({ blanks: own, ...around(values) })
  }
  return slots
}

/** Characters that a word and its blanks take in each line; undefined where that differs, or blanks are not. */
function evenWidth(values: readonly string[], blanks: readonly string[]): number | undefined {
  const chars = values[0]!.length + blanks[0]!.length
  const isEven = values.every(
    (value, i) => value.length + blanks[i]!.length === chars && /^ +$/.test(blanks[i]!),
  )
  return isEven ? chars : undefined
}

/** What all begin and end with, not within a word or a number. */
function around(values: readonly string[]): { readonly before: string; readonly behind: string } {
  const [first] = values as [string]
  let before = values.reduce((n, value) => Math.min(n, alike(first, value)), first.length)
  while (before > 0 && values.some((value) => isWithin(value, before))) before--
  const rests = values.map((value) => value.slice(before))
  let behind = rests.reduce(
    (n, value) => Math.min(n, alike(reversed(rests[0]!), reversed(value))),
    rests[0]!.length,
  )
  while (behind > 0 && rests.some((value) => isWithin(value, value.length - behind))) behind--
  return { before: first.slice(0, before), behind: first.slice(first.length - behind) }
}

function alike(a: string, b: string): number {
  let n = 0
  while (n < a.length && n < b.length && a[n] === b[n]) n++
  return n
}

function reversed(text: string): string {
  return text.split('').reverse().join('')
}

function isWithin(text: string, at: number): boolean {
  return at > 0 && at < text.length && /\w/.test(text[at - 1]!) && /\w/.test(text[at]!)
}

/** The pattern in words: `{}` for what varies, `{>8}` for what takes eight characters with the blanks before it, `{<8}` with those behind it. */
export function templateText(slots: readonly Slot[]): string {
  return slots
    .map(({ blanks, word, before, behind, width }) =>
      word === undefined
        ? `${blanks}${before}{${width === undefined ? '' : width.side + width.chars}}${behind}`
        : blanks + word,
    )
    .join('')
}

/** What varies of a word. */
export function varying({ before, behind }: Slot, word: string): string {
  return word.slice(before.length, word.length - behind.length)
}

/** The word that a value and its place in the pattern stand for. */
export function wordAt(blanks: string, side: string, width: number, value: string): string {
  if (side === '>') return blanks + value.padStart(width)
  return blanks + (side === '<' ? value.padEnd(width) : value)
}
