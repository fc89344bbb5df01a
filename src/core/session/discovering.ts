import type { Call, Reply } from '../pipeline/call.ts'
import { paramsText } from '../protocol/fields.ts'
import type { SessionServices } from './services.ts'

/** An agent's questions what its server is, while it has not said how it speaks itself. */
export class Discovering {
  readonly #discover: SessionServices['discover']
  readonly #leaves = new Set<() => void>()

  constructor(discover: SessionServices['discover']) {
    this.#discover = discover
  }

  async ask(call: Call): Promise<Reply> {
    const { answer, leave } = this.#discover(paramsText(call.frame) ?? '{}')
    this.#leaves.add(leave)
    call.onCancel = leave
    try {
      return { frame: await answer }
    } finally {
      this.#leaves.delete(leave)
    }
  }

  /** The agent goes on without an answer: it gets the one of a server that does not know the question. */
  leave(): void {
    for (const leave of this.#leaves) leave()
  }
}
