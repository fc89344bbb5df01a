import { createHash } from 'node:crypto'

/** The lines of a text, each with its `\n`; only the last may be without one. Together they are the text, whatever is in it; of the empty text none. */
export function linesOf(text: string): string[] {
  const lines: string[] = []
  let from = 0
  while (from < text.length) {
    const end = text.indexOf('\n', from)
    const to = end === -1 ? text.length : end + 1
    lines.push(text.slice(from, to))
    from = to
  }
  return lines
}

/**
 * SHA-256 of a text in 64 hex digits: that of its UTF-8, as `sha256sum` says it of a file. Half a surrogate pair has no UTF-8, so texts that
 * hold one are hashed by their code units, behind a byte that UTF-8 never has.
 */
export function textHash(text: string): string {
  const hash = createHash('sha256')
  if (isWellFormed(text)) hash.update(text)
  else hash.update(Buffer.of(0xff)).update(text, 'utf16le')
  return hash.digest('hex')
}

/** Hex digits of a hash that a written patch carries: 64 bits, so that no wrong text is taken for the right one by accident. */
export const WRITTEN_DIGITS = 16

/** Whether two hashes are of the same text, as far as the shorter of them says. */
export function isSameHash(a: string, b: string): boolean {
  const digits = Math.min(a.length, b.length)
  return digits >= WRITTEN_DIGITS && a.slice(0, digits) === b.slice(0, digits)
}

/** Whether every surrogate in it has its other half. */
export function isWellFormed(text: string): boolean {
  return text.isWellFormed()
}

/** Of a line that goes, what a patch shows. */
export const SHOWN_CHARS = 100

/** A text on one line of at most `max` characters, for people and models to recognise it by; not for getting it back. */
export function glimpse(text: string, max: number): string {
  // What is cut off, or was half of a pair to begin with, is shown as what UTF-8 makes of it.
  const some = text.slice(0, max + 2).replace(/[\r\n]+$/, '')
  const line = (some.length <= max ? some : `${some.slice(0, max - 1)}…`).toWellFormed()
  return /[\r\n]/.test(line) ? line.replace(/[\r\n]/g, '\ufffd') : line
}
