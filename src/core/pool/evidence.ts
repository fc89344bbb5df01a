import { bodyText } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'

const MAX_ASKED = 32
const MAX_METHOD_LENGTH = 128

/** What was seen of a pool's server that speaks for or against sharing it. */
export class Evidence {
  /** Methods that it asked of agents. */
  readonly asked = new Set<string>()

  /** It asks for roots by itself, when it starts; not in a call that wants to know them. */
  asksRootsFirst = false

  /** It asked that of an agent. Names are the server's own: only so many, and so long, are kept. */
  noteAsked(method: string): void {
    if (this.asked.size < MAX_ASKED && method.length <= MAX_METHOD_LENGTH) this.asked.add(method)
  }

  /** Tools in its last list; undefined before one was asked for. */
  tools: number | undefined
  /** Those of them that it calls read-only. */
  readOnlyTools = 0

  /** The answer to a tools/list. Only the last page counts: this is a hint, not a proof. */
  noteTools(answer: Frame): void {
    if (answer.isError) return
    try {
      const { tools } = Object(JSON.parse(bodyText(answer) ?? ''))
      if (!Array.isArray(tools)) return
      this.tools = tools.length
      this.readOnlyTools = tools.filter(
        (tool) => Object(Object(tool).annotations).readOnlyHint === true,
      ).length
    } catch {
      // The agent gets it as it is.
    }
  }
}
