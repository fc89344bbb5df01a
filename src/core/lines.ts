const NEWLINE = 0x0a
/** Pieces below this size are merged as they come: a line that arrives byte by byte costs its bytes, not an object per byte. */
const SMALL_PIECE_BYTES = 4096
/** Kept of either end of a line that is dropped. */
const KEPT_BYTES = 4096

/** A line that was dropped because it is over the limit; its ends do not overlap. */
export interface OverlongLine {
  readonly bytes: number
  readonly head: Buffer
  readonly tail: Buffer
}

/**
 * Cuts a byte stream at newlines. A line that lies within one chunk is a view of it, not a copy; of a longer line the
 * pieces are kept and joined once. A trailing `\r` stays; empty and whitespace-only lines are skipped. A line over
 * `maxLineBytes` (without its newline) is dropped up to its newline and reported twice: as soon as it passes the limit,
 * with the bytes seen so far, and once it has ended, with its two ends.
 */
export class LineSplitter {
  readonly #maxLineBytes: number
  readonly #onLine: (line: Buffer) => void
  readonly #onOverflow: (bytes: number) => void
  readonly #onDropped: (line: OverlongLine) => void
  /** Of the unfinished line, in order. */
  #pieces: Buffer[] = []
  #heldBytes = 0
  /** What is known of the line that is being dropped. */
  #dropping: OverlongLine | undefined

  constructor(
    maxLineBytes: number,
    onLine: (line: Buffer) => void,
    onOverflow: (bytes: number) => void,
    onDropped: (line: OverlongLine) => void = () => {},
  ) {
    this.#maxLineBytes = maxLineBytes
    this.#onLine = onLine
    this.#onOverflow = onOverflow
    this.#onDropped = onDropped
  }

  /** Takes the next bytes of the stream; `onLine` runs for each line they finish. The chunk must not be reused. */
  push(chunk: Buffer): void {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      this.#finish(chunk, from, at)
      from = at + 1
    }
    if (from < chunk.length) this.#hold(from === 0 ? chunk : chunk.subarray(from))
  }

  /** The unterminated rest at the end of the stream, if there is one worth reading; the splitter is empty afterwards. */
  end(): Buffer | undefined {
    const rest = this.#dropping !== undefined || this.#heldBytes === 0 ? undefined : this.#join(EMPTY)
    this.#dropping = undefined
    return rest !== undefined && isBlank(rest) ? undefined : rest
  }

  #finish(chunk: Buffer, start: number, end: number): void {
    const tail = chunk.subarray(start, end)
    if (this.#dropping !== undefined || this.#heldBytes + tail.length > this.#maxLineBytes) {
      this.#drop(tail)
      const dropped = this.#dropping as unknown as OverlongLine
      this.#dropping = undefined
      this.#onDropped(dropped)
      return
    }
    const line = this.#heldBytes === 0 ? tail : this.#join(tail)
    if (!isBlank(line)) this.#onLine(line)
  }

  #hold(part: Buffer): void {
    if (this.#dropping !== undefined || this.#heldBytes + part.length > this.#maxLineBytes) {
      this.#drop(part)
      return
    }
    this.#heldBytes += part.length
    let piece = part
    let last = this.#pieces.at(-1)
    while (last !== undefined && last.length <= piece.length && piece.length < SMALL_PIECE_BYTES) {
      piece = Buffer.concat([last, piece])
      this.#pieces.pop()
      last = this.#pieces.at(-1)
    }
    this.#pieces.push(piece)
  }

  /** Takes the next part of a line that is over the limit. */
  #drop(part: Buffer): void {
    const known = this.#dropping
    const kept = Math.min(KEPT_BYTES, this.#maxLineBytes >> 1)
    if (known === undefined) {
      const pieces = [...this.#pieces, part]
      const bytes = this.#heldBytes + part.length
      this.#forget()
      this.#dropping = { bytes, head: firstOf(pieces, kept), tail: lastOf(pieces, kept) }
      this.#onOverflow(bytes)
    } else {
      this.#dropping = { ...known, bytes: known.bytes + part.length, tail: lastOf([known.tail, part], kept) }
    }
  }

  #join(tail: Buffer): Buffer {
    const line = Buffer.concat([...this.#pieces, tail], this.#heldBytes + tail.length)
    this.#forget()
    return line
  }

  #forget(): void {
    this.#pieces = []
    this.#heldBytes = 0
  }
}

const EMPTY = Buffer.alloc(0)

/** Copies, so that nothing holds on to the chunks. */
function firstOf(pieces: readonly Buffer[], bytes: number): Buffer {
  return Buffer.concat(pieces, Math.min(bytes, totalOf(pieces)))
}

function lastOf(pieces: readonly Buffer[], bytes: number): Buffer {
  const parts: Buffer[] = []
  let missing = bytes
  for (let i = pieces.length - 1; i >= 0 && missing > 0; i--) {
    const part = pieces[i]!.subarray(-missing)
    parts.unshift(part)
    missing -= part.length
  }
  return Buffer.concat(parts)
}

function totalOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0)
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) {
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false
  }
  return true
}
