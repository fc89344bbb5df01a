import { type Frame, scanFrame } from '../protocol/frame.ts'
import { errorText, splitBatch } from '../protocol/messages.ts'

/** Takes the messages of a batch one by one; their answers are written as one. */
export function takeBatch(
  line: Buffer,
  write: (line: Buffer) => void,
  take: (frame: Frame, batch: BatchReply) => void,
): void {
  const batch = new BatchReply(write)
  for (const element of splitBatch(line)) {
    const frame = scanFrame(element)
    if (frame?.kind === 'request') batch.expect()
    if (frame === undefined || frame.kind === 'invalid' || frame.kind === 'batch') batch.refuse()
    else take(frame, batch)
  }
  batch.complete()
}

/** Collects the answers to one batch of 2025-03-26 and sends them as one array when the last one is there. */
export class BatchReply {
  readonly #write: (line: Buffer) => void
  readonly #answers: string[] = []
  #owed = 0
  #complete = false

  constructor(write: (line: Buffer) => void) {
    this.#write = write
  }

  /** One more request whose answer belongs in. */
  expect(): void {
    this.#owed += 1
  }

  add(line: Buffer): void {
    this.#answers.push(line.toString('utf8').trimEnd())
    this.#settle()
  }

  /** An element that is no message. */
  refuse(): void {
    this.#owed += 1
    this.add(Buffer.from(errorText('null', -32600, 'invalid request')))
  }

  /** A request that gets no answer, because it was cancelled. */
  skip(): void {
    this.#settle()
  }

  /** All elements were read. */
  complete(): void {
    this.#complete = true
    this.#sendIfDone()
  }

  #settle(): void {
    this.#owed -= 1
    this.#sendIfDone()
  }

  #sendIfDone(): void {
    if (!this.#complete || this.#owed > 0 || this.#answers.length === 0) return
    this.#write(Buffer.from(`[${this.#answers.splice(0).join(',')}]\n`))
  }
}
