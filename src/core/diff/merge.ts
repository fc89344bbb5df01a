import { apply } from './apply.ts'
import type { Hunk, Patch } from './patch.ts'
import { glimpse, isSameHash, linesOf, SHOWN_CHARS, textHash } from './text.ts'

/** What a receiver makes of a patch: the text, or the word that it needs all of it. */
export type Received =
  | { readonly kind: 'text'; readonly text: string; readonly by: 'held' | 'base' | 'merge' }
  | { readonly kind: 'need-full'; readonly next: string }

/**
 * The next text of a patch, from any of the texts that a receiver holds: it may be the next one itself, the base, or another version, as where the
 * agent has made some of the changes already. Then each hunk is made where its lines still stand, and what comes out counts only if its hash is
 * that of the next text: a merge that is not proven equal is none. Else the receiver needs the full text. Never throws for a wrong base; throws
 * diff_invalid for a patch that is damaged.
 */
export function receive(held: readonly string[], patch: Patch): Received {
  const byHash = held.map((text) => ({ text, hash: textHash(text) }))
  const same = byHash.find(({ hash }) => isSameHash(hash, patch.next.hash))
  if (same !== undefined) return { kind: 'text', text: same.text, by: 'held' }
  const base = byHash.find(({ hash }) => isSameHash(hash, patch.base.hash))
  if (base !== undefined) return { kind: 'text', text: apply(base.text, patch), by: 'base' }
  for (const { text } of byHash) {
    const merged = mergedInto(text, patch)
    if (merged !== undefined && isSameHash(textHash(merged), patch.next.hash))
      return { kind: 'text', text: merged, by: 'merge' }
  }
  return { kind: 'need-full', next: patch.next.hash }
}

/** What the hunks make of another version, each where its lines are or have been changed already; undefined where one has no place. */
function mergedInto(text: string, { hunks }: Patch): string | undefined {
  const lines = linesOf(text)
  const out: string[] = []
  let [at, shift] = [0, 0]
  for (const hunk of hunks) {
    const put = ownLines(hunk)
    const place = hunk.from - 1 + shift
    if (put === undefined || place < at || place > lines.length) return undefined
    out.push(...lines.slice(at, place))
    const isMade = put.length > 0 && put.every((line, i) => lines[place + i] === line)
    if (!isMade && !isThere(lines, place, hunk)) return undefined
    out.push(...put)
    at = place + (isMade ? put.length : hunk.count)
    if (isMade) shift += put.length - hunk.count
  }
  out.push(...lines.slice(at))
  return out.join('')
}

/** The lines that a hunk puts in, where it takes none of them from the base. */
function ownLines({ parts }: Hunk): readonly string[] | undefined {
  if (parts.some(({ kind }) => kind !== 'text')) return undefined
  return parts.flatMap((part) => (part.kind === 'text' ? part.lines : []))
}

/** Whether the lines that go are there, as far as they are shown. */
function isThere(lines: readonly string[], place: number, { count, was: { head, tail } }: Hunk): boolean {
  if (place + count > lines.length) return false
  const isAt = (at: number, shown: string) =>
    lines[at] !== undefined && glimpse(lines[at], SHOWN_CHARS) === shown
  return (
    head.every((shown, i) => isAt(place + i, shown)) &&
    tail.every((shown, i) => isAt(place + count - tail.length + i, shown))
  )
}
