import { MyceliumError } from '../errors.ts'
import { addedBy, range, showsAll, WHOLE_MARK } from './encode.ts'
import type { Edit, Hunk, Part, Patch, Version } from './patch.ts'
import { linesOf } from './text.ts'

/** What a written patch says: a patch, or all of the next text. */
export type Written =
  | { readonly kind: 'patch'; readonly patch: Patch }
  | { readonly kind: 'whole'; readonly next: Version; readonly text: string }

const VERSION = '([0-9a-f]{16}) (\\d{1,9})'
const HEAD = new RegExp(`^--- ${VERSION}$`)
const NEXT = new RegExp(`^\\+\\+\\+ ${VERSION}$`)
const WHOLE = new RegExp(`^${WHOLE_MARK} ${VERSION}\n`)
const RANGE = '(\\d{1,9}(?:,\\d{1,9})?)'
const HUNK = new RegExp(`^@@ -${RANGE} \\+${RANGE} @@(?: ([^\n]+))?$`)
const STRING = '("(?:[^"\\\\]|\\\\.)*")'
const EDIT = new RegExp(`^~(\\d{1,9}) ${STRING} -(\\d{1,9}|${STRING}) \\+${STRING}$`)

/**
 * Reads what encode() or encodeWhole() wrote. Strict: every line must be one that they write, hunks in order and within the base, and every count
 * must agree. Throws diff_invalid, which names the line.
 */
export function parse(text: string): Written {
  const whole = WHOLE.exec(text)
  if (whole !== null) {
    const next = { hash: whole[1]!, lines: Number(whole[2]) }
    const rest = text.slice(whole[0].length)
    if (linesOf(rest).length !== next.lines) throw damaged(1, `the text has not ${next.lines} lines`)
    return { kind: 'whole', next, text: rest }
  }
  return { kind: 'patch', patch: new Reader(text).patch() }
}

/** Where a patch is being read. */
class Reader {
  readonly #lines: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#lines = linesOf(text)
  }

  patch(): Patch {
    const base = this.#version(HEAD)
    const next = this.#version(NEXT)
    const hunks: Hunk[] = []
    let [free, shift] = [1, 0]
    while (this.#at < this.#lines.length) {
      const line = this.#at + 1
      const { hunk, added } = this.#hunk(shift, base.lines)
      // Two hunks that touch would have been one.
      if (hunk.from < free || (hunks.length > 0 && hunk.from === free))
        throw damaged(line, 'it stands before the end of the hunk above')
      free = hunk.from + hunk.count
      shift += added - hunk.count
      hunks.push(hunk)
    }
    if (base.lines + shift !== next.lines)
      throw damaged(2, `the hunks make ${base.lines + shift} lines, not ${next.lines}`)
    return { base, next, hunks }
  }

  #version(pattern: RegExp): Version {
    const [, hash, lines] = pattern.exec(this.#line() ?? '') ?? []
    if (hash === undefined) throw damaged(this.#at, 'it is not the head of a patch')
    return { hash, lines: Number(lines) }
  }

  #hunk(shift: number, baseLines: number): { readonly hunk: Hunk; readonly added: number } {
    const start = this.#at + 1
    const [, gone, put, label = ''] = HUNK.exec(this.#line() ?? '') ?? []
    if (gone === undefined || put === undefined) throw damaged(start, 'it is not the head of a hunk')
    const { from, count } = rangeIn(gone, start)
    if (from < 1 || from + count - 1 > baseLines) throw damaged(start, `the base has ${baseLines} lines`)
    const head = this.#gone()
    const hidden = /^\.([1-9]\d{0,8})$/.exec(this.#peek() ?? '')?.[1]
    if (hidden !== undefined) this.#at++
    const tail = hidden === undefined ? [] : this.#gone()
    const parts = this.#parts(baseLines)
    const hunk = { from, count, parts, was: { head, hidden: Number(hidden ?? 0), tail }, label }
    const added = addedBy(hunk)
    if (put !== range(from + shift, added)) throw damaged(start, `it puts ${added} lines, not +${put}`)
    if (!showsAll(hunk)) throw damaged(start, `it does not show what becomes of ${count} lines`)
    if (count === 0 && added === 0) throw damaged(start, 'it changes nothing')
    return { hunk, added }
  }

  #gone(): string[] {
    const lines: string[] = []
    for (let line = this.#peek(); line?.startsWith('-'); line = this.#peek()) {
      lines.push(line.slice(1))
      this.#at++
    }
    return lines
  }

  #parts(baseLines: number): Part[] {
    const parts: Part[] = []
    for (let line = this.#peek(); line !== undefined && !line.startsWith('@@ '); line = this.#peek()) {
      this.#at++
      const copy = /^>(\d{1,9})-(\d{1,9})$/.exec(line)
      const edited = /^=(\d{1,9})$/.exec(line)
      const last = parts.at(-1)
      if (copy !== null) {
        const [from, to] = [Number(copy[1]), Number(copy[2])]
        if (from < 1 || to < from || to > baseLines) throw damaged(this.#at, 'the base has no such lines')
        parts.push({ kind: 'copy', from, to })
      } else if (edited !== null) {
        const base = Number(edited[1])
        if (base < 1 || base > baseLines) throw damaged(this.#at, 'the base has no such line')
        parts.push({ kind: 'edit', line: base, edits: this.#edits() })
      } else {
        const text = this.#newLine(line)
        if (last?.kind === 'text') (last.lines as string[]).push(text)
        else parts.push({ kind: 'text', lines: [text] })
      }
    }
    return parts
  }

  #newLine(line: string): string {
    if (line.startsWith('"')) {
      const text = stringIn(line.slice(1), this.#at)
      // Only the last one of all may be without its end, and none has more than one.
      if (text === '' || linesOf(text).length !== 1) throw damaged(this.#at, 'it is not one line')
      return text
    }
    if (!line.startsWith('+')) throw damaged(this.#at, 'it is not a line of a patch')
    if (this.#peek() !== '\\') return `${line.slice(1)}\n`
    this.#at++
    if (line === '+') throw damaged(this.#at, 'it ends a line that has nothing')
    return line.slice(1)
  }

  #edits(): Edit[] {
    const edits: Edit[] = []
    let free = 0
    for (let line = this.#peek(); line?.startsWith('~'); line = this.#peek()) {
      this.#at++
      const [, place, before, gone, , text] = EDIT.exec(line) ?? []
      if (place === undefined) throw damaged(this.#at, 'it is not a change inside a line')
      const was = gone!.startsWith('"') ? stringIn(gone!, this.#at) : undefined
      const edit = {
        at: Number(place),
        removed: was === undefined ? Number(gone) : was.length,
        text: stringIn(text!, this.#at),
        before: stringIn(before!, this.#at),
        was,
      }
      if (edit.at < free) throw damaged(this.#at, 'it stands before the end of the change above')
      free = edit.at + edit.removed
      edits.push(edit)
    }
    if (edits.length === 0) throw damaged(this.#at, 'nothing is changed inside the line')
    return edits
  }

  /** The line that comes next, without its end; undefined behind the last. Every line of a patch has an end. */
  #peek(): string | undefined {
    const line = this.#lines[this.#at]
    if (line === undefined) return undefined
    if (!line.endsWith('\n')) throw damaged(this.#at + 1, 'it is cut off')
    return line.slice(0, -1)
  }

  #line(): string | undefined {
    const line = this.#peek()
    this.#at++
    return line
  }
}

function rangeIn(text: string, line: number): { readonly from: number; readonly count: number } {
  const [first, count = '1'] = text.split(',') as [string, string?]
  const found = { from: Number(count) === 0 ? Number(first) + 1 : Number(first), count: Number(count) }
  // `3,1` and `03` are not written.
  if (range(found.from, found.count) !== text) throw damaged(line, `-${text} is not a range`)
  return found
}

function stringIn(text: string, line: number): string {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'string') return value
  } catch {
    // Said below.
  }
  throw damaged(line, 'it has no text in quotation marks where there must be one')
}

function damaged(line: number, what: string): MyceliumError {
  return new MyceliumError('diff_invalid', `the patch is damaged at line ${line}: ${what}`)
}
