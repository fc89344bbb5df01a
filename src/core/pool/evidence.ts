import { bodyText } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'

/** What was seen of a pool's server that speaks for or against sharing it. */
export class Evidence {
  /** Methods that it asked of agents. */
  readonly asked = new Set<string>()
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
