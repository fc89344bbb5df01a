import { errorText } from '../protocol/messages.ts'

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
