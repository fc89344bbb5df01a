import type { Frame } from './frame.ts'

const NEWLINE = 0x0a

/**
 * Bytes `start` to `end` of a line give way to `text`: JSON text, as bytes or as a string of one character per byte
 * (latin1), which is what rawText() gives.
 */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string | Buffer
}

/**
 * The outgoing line of a message under another id and, when given, with another token at `params._meta.progressToken`;
 * all other bytes as they came, one newline at the end. Where the frame has no id or no token, none is put.
 */
export function spliceId(frame: Frame, newIdText: string | Buffer, newTokenText?: string | Buffer): Buffer {
  const { idStart, idEnd, metaTokenStart, metaTokenEnd } = frame
  const edits: Edit[] = []
  if (idStart !== -1) edits.push({ start: idStart, end: idEnd, text: newIdText })
  if (newTokenText !== undefined && metaTokenStart !== -1) {
    const token = { start: metaTokenStart, end: metaTokenEnd, text: newTokenText }
    if (metaTokenStart < idStart) edits.unshift(token)
    else edits.push(token)
  }
  return spliceSorted(frame.line, edits)
}

/** The line with these ranges, not empty and not overlapping, replaced, and one newline at the end. */
export function spliceRanges(line: Buffer, edits: readonly Edit[]): Buffer {
  return spliceSorted(line, edits.length < 2 ? edits : edits.toSorted((a, b) => a.start - b.start))
}

function spliceSorted(line: Buffer, edits: readonly Edit[]): Buffer {
  const ended = line.length > 0 && line[line.length - 1] === NEWLINE
  let size = line.length + (ended ? 0 : 1)
  for (const { start, end, text } of edits) size += text.length - (end - start)
  const out = Buffer.allocUnsafe(size)
  let to = 0
  let from = 0
  for (const { start, end, text } of edits) {
    to += line.copy(out, to, from, start)
    to += writeText(out, to, text)
    from = end
  }
  to += line.copy(out, to, from)
  if (!ended) out[to] = NEWLINE
  return out
}

/** Ids are short: a loop over their characters is cheaper than a call into native code. */
function writeText(out: Buffer, at: number, text: string | Buffer): number {
  if (typeof text !== 'string') return text.copy(out, at)
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i)
  return text.length
}
