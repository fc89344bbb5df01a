import type { EventOf } from '../../events/event.ts'
import type { Emit } from './reader.ts'

type ToolUse = EventOf<'toolUse'>

/** Uses without a result that are remembered; of more the oldest stay without one. */
const MAX_OPEN = 128

/**
 * Tool uses whose result has not come, in the order they began. Each is emitted once, with its result; one that still has none when the
 * file ends is emitted without, and again should the result come at another time: of several records of a use the last counts.
 */
export class OpenUses {
  readonly #emit: Emit
  readonly #open = new Map<string, { use: ToolUse; told: boolean }>()

  constructor(emit: Emit, remembered: unknown) {
    this.#emit = emit
    if (!Array.isArray(remembered)) return
    for (const use of remembered as ToolUse[]) this.#open.set(use.toolUse, { use, told: true })
  }

  start(use: ToolUse): void {
    if (use.toolUse === '') return
    this.#open.set(use.toolUse, { use, told: false })
    if (this.#open.size <= MAX_OPEN) return
    const [oldest, entry] = this.#open.entries().next().value!
    this.#open.delete(oldest)
    if (!entry.told) this.#emit('toolUse', entry.use)
  }

  /** Adds what is told about a use before its result. */
  amend(id: string, facts: Partial<ToolUse>): void {
    const entry = this.#open.get(id)
    if (entry !== undefined) this.#open.set(id, { use: { ...entry.use, ...facts }, told: false })
  }

  /** The use has its result, at that time of the transcript; a result of no known use is left out. */
  finish(id: string, at: number, bytesOut: number, failed: boolean): void {
    const entry = this.#open.get(id)
    if (entry === undefined) return
    this.#open.delete(id)
    const { use } = entry
    const durationUs = use.durationUs >= 0 ? use.durationUs : at >= use.at ? at - use.at : -1
    this.#emit('toolUse', { ...use, bytesOut, failed: use.failed || failed, durationUs })
  }

  flush(): void {
    for (const entry of this.#open.values()) {
      if (!entry.told) this.#emit('toolUse', entry.use)
      entry.told = true
    }
  }

  /** What to hand to the next instance; undefined for nothing. */
  state(): readonly ToolUse[] | undefined {
    return this.#open.size === 0 ? undefined : [...this.#open.values()].map(({ use }) => use)
  }
}
