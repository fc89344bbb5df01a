import type { Frame } from './frame.ts'

const NEWLINE = 0x0a

/** Bytes `start` to `end` of a line give way to `text`: JSON text of one character per byte (latin1), as rawText() gives it. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/**
 * The outgoing line of a message under another id and, when given, with another token at `params._meta.progressToken`;
 * all other bytes as they came, one newline at the end. Where the frame has no id or no token, none is put. Texts are
 * JSON as rawText() gives it, one character per byte.
 */
export function spliceId(frame: Frame, newIdText: string, newTokenText?: string): Buffer {
  const out = Buffer.allocUnsafe(splicedLength(frame, newIdText, newTokenText))
  spliceInto(out, 0, frame, newIdText, newTokenText)
  return out
}

/** Bytes of the line that spliceId gives. */
export function splicedLength(frame: Frame, newIdText: string, newTokenText?: string): number {
  const { line, idStart, idEnd, metaTokenStart, metaTokenEnd } = frame
  let size = line.length + (isEnded(line) ? 0 : 1)
  if (idStart !== -1) size += newIdText.length - (idEnd - idStart)
  if (newTokenText !== undefined && metaTokenStart !== -1)
    size += newTokenText.length - (metaTokenEnd - metaTokenStart)
  return size
}

/** Writes the line that spliceId gives into `out` from `at` on; the index after it. */
export function spliceInto(
  out: Buffer,
  at: number,
  frame: Frame,
  newIdText: string,
  newTokenText?: string,
): number {
  const { line, idStart, idEnd, metaTokenStart, metaTokenEnd } = frame
  const withToken = newTokenText !== undefined && metaTokenStart !== -1
  const tokenFirst = withToken && metaTokenStart < idStart
  let to = at
  let from = 0
  if (tokenFirst) {
    to = writeText(out, copyBytes(out, to, line, from, metaTokenStart), newTokenText)
    from = metaTokenEnd
  }
  if (idStart !== -1) {
    to = writeText(out, copyBytes(out, to, line, from, idStart), newIdText)
    from = idEnd
  }
  if (withToken && !tokenFirst) {
    to = writeText(out, copyBytes(out, to, line, from, metaTokenStart), newTokenText)
    from = metaTokenEnd
  }
  to = copyBytes(out, to, line, from, line.length)
  if (!isEnded(line)) out[to++] = NEWLINE
  return to
}

/** The line with these ranges, not empty and not overlapping, replaced, and one newline at the end. */
export function spliceRanges(line: Buffer, edits: readonly Edit[]): Buffer {
  const sorted = edits.length < 2 ? edits : edits.toSorted((a, b) => a.start - b.start)
  let size = line.length + (isEnded(line) ? 0 : 1)
  for (const { start, end, text } of sorted) size += text.length - (end - start)
  const out = Buffer.allocUnsafe(size)
  let to = 0
  let from = 0
  for (const { start, end, text } of sorted) {
    to = writeText(out, copyBytes(out, to, line, from, start), text)
    from = end
  }
  to = copyBytes(out, to, line, from, line.length)
  if (!isEnded(line)) out[to] = NEWLINE
  return out
}

/** A progress notification under another token. */
export function spliceProgress(frame: Frame, tokenText: string): Buffer {
  const edit = { start: frame.progressTokenStart, end: frame.progressTokenEnd, text: tokenText }
  return spliceRanges(frame.line, [edit])
}

function isEnded(line: Buffer): boolean {
  return line.length > 0 && line[line.length - 1] === NEWLINE
}

/** Below this a loop is cheaper than Buffer.copy, which makes a view of the part that it copies. */
const SHORT_BYTES = 64

function copyBytes(out: Buffer, at: number, line: Buffer, start: number, end: number): number {
  if (end - start > SHORT_BYTES) return at + line.copy(out, at, start, end)
  for (let from = start, to = at; from < end; ) out[to++] = line[from++]!
  return at + end - start
}

function writeText(out: Buffer, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i)
  return at + text.length
}
