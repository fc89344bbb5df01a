import { editedIn, type Hunk, type Part, type Patch } from './patch.ts'
import { isWellFormed, WRITTEN_DIGITS } from './text.ts'

/** Begins the text of a patch that holds all of the next text. */
export const WHOLE_MARK = '==='

/**
 * A patch as text, to be read by models and by parse(): a unified diff without context, in which lines that go are shown by the first and the last of
 * them, a block from elsewhere by its line numbers, and a change in a long line by what is before it. docs/diffs.md has the grammar; pairs
 * with parse.ts.
 */
export function encode({ base, next, hunks }: Patch): string {
  const out = [
    `--- ${base.hash.slice(0, WRITTEN_DIGITS)} ${base.lines}\n`,
    `+++ ${next.hash.slice(0, WRITTEN_DIGITS)} ${next.lines}\n`,
  ]
  let shift = 0
  for (const hunk of hunks) {
    const added = addedBy(hunk)
    const label = hunk.label === '' ? '' : ` ${hunk.label}`
    out.push(`@@ -${range(hunk.from, hunk.count)} +${range(hunk.from + shift, added)} @@${label}\n`)
    putHunk(out, hunk)
    shift += added - hunk.count
  }
  return out.join('')
}

/** All of a text in the place of a patch, for where a patch would be no shorter. */
export function encodeWhole(next: string, { hash, lines }: Patch['next']): string {
  return `${WHOLE_MARK} ${hash.slice(0, WRITTEN_DIGITS)} ${lines}\n${next}`
}

/** As diffs write it: of no lines, the one that they would follow; one line without its count. Pairs with parse.ts. */
export function range(from: number, count: number): string {
  if (count === 0) return `${from - 1},0`
  return count === 1 ? `${from}` : `${from},${count}`
}

/** Lines that a hunk puts in. */
export function addedBy({ parts }: Hunk): number {
  return parts.reduce((sum, part) => sum + linesIn(part), 0)
}

function linesIn(part: Part): number {
  if (part.kind === 'text') return part.lines.length
  return part.kind === 'copy' ? part.to - part.from + 1 : 1
}

function putHunk(out: string[], hunk: Hunk): void {
  const { head, hidden, tail } = hunk.was
  for (const line of head) out.push(`-${line}\n`)
  if (hidden > 0) out.push(`.${hidden}\n`)
  for (const line of tail) out.push(`-${line}\n`)
  for (const part of hunk.parts) putPart(out, part)
}

function putPart(out: string[], part: Part): void {
  if (part.kind === 'copy') out.push(`>${part.from}-${part.to}\n`)
  else if (part.kind === 'text') for (const line of part.lines) out.push(newLine(line))
  else {
    out.push(`=${part.line}\n`)
    for (const { at, removed, before, was, text } of part.edits) {
      const gone = was === undefined ? removed : JSON.stringify(was)
      out.push(`~${at} ${JSON.stringify(before)} -${gone} +${JSON.stringify(text)}\n`)
    }
  }
}

/** Half a surrogate pair would be lost wherever the patch is written as UTF-8. */
function newLine(line: string): string {
  if (!isWellFormed(line)) return `"${JSON.stringify(line)}\n`
  return line.endsWith('\n') ? `+${line}` : `+${line}\n\\\n`
}

/** Whether as many lines are shown, hidden or edited as go. */
export function showsAll(hunk: Hunk): boolean {
  const { head, hidden, tail } = hunk.was
  return head.length + hidden + tail.length + editedIn(hunk) === hunk.count
}
