const NEWLINE = 0x0a
/** Pieces below this size are merged as they come: a line that arrives byte by byte costs its bytes, not an object per byte. */
const SMALL_PIECE_BYTES = 4096

/**
 * Cuts a byte stream at newlines. A line that lies within one chunk is a view of it, not a copy; of a longer line the
 * pieces are kept and joined once. A trailing `\r` stays; empty and whitespace-only lines are skipped. A line over
 * `maxLineBytes` (without its newline) is dropped up to its newline and reported once, as soon as it passes the limit,
 * with the bytes seen so far.
 */
export class LineSplitter {
  readonly #maxLineBytes: number
  readonly #onLine: (line: Buffer) => void
  readonly #onOverflow: (bytes: number) => void
  /** Of the unfinished line, in order. */
  #pieces: Buffer[] = []
  #heldBytes = 0
  #dropping = false

  constructor(maxLineBytes: number, onLine: (line: Buffer) => void, onOverflow: (bytes: number) => void) {
    this.#maxLineBytes = maxLineBytes
    this.#onLine = onLine
    this.#onOverflow = onOverflow
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
    const rest = this.#dropping || this.#heldBytes === 0 ? undefined : this.#join(EMPTY)
    this.#dropping = false
    return rest !== undefined && isBlank(rest) ? undefined : rest
  }

  #finish(chunk: Buffer, start: number, end: number): void {
    if (this.#dropping) {
      this.#dropping = false
      return
    }
    const bytes = this.#heldBytes + end - start
    if (bytes > this.#maxLineBytes) {
      this.#forget()
      this.#onOverflow(bytes)
      return
    }
    const tail = chunk.subarray(start, end)
    const line = this.#heldBytes === 0 ? tail : this.#join(tail)
    if (!isBlank(line)) this.#onLine(line)
  }

  #hold(part: Buffer): void {
    if (this.#dropping) return
    const bytes = this.#heldBytes + part.length
    if (bytes > this.#maxLineBytes) {
      this.#forget()
      this.#dropping = true
      this.#onOverflow(bytes)
      return
    }
    this.#heldBytes = bytes
    let piece = part
    let last = this.#pieces.at(-1)
    while (last !== undefined && last.length <= piece.length && piece.length < SMALL_PIECE_BYTES) {
      piece = Buffer.concat([last, piece])
      this.#pieces.pop()
      last = this.#pieces.at(-1)
    }
    this.#pieces.push(piece)
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

function isBlank(line: Buffer): boolean {
  for (const byte of line) {
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false
  }
  return true
}
