import type { AgentDefinition } from '../agents/definition.ts'
import { type LoadedAgent, loadAgent } from '../agents/load-agent.ts'
import { delta } from '../diff/delta.ts'

/** Definitions that one session is remembered to hold; the oldest go first. */
const MAX_HELD = 64

/**
 * What a session was given of definitions. A context may have been compacted since, and nobody says so here: whoever asks twice in a row for what it was
 * told it has is given all of it.
 */
export class AgentsHeld {
  readonly #texts = new Map<string, string>()
  readonly #last = new Map<string, { readonly hash: string; readonly isWhole: boolean }>()

  /** Throws unknown_agent. */
  load(definitions: readonly AgentDefinition[], name: string): LoadedAgent {
    const last = this.#last.get(name)
    const loaded = loadAgent(definitions, {
      name,
      ...(last?.isWhole && { held: this.#texts, former: last.hash, diff: changesBetween }),
    })
    const { hash, text } = loaded.definition
    this.#last.delete(name)
    this.#last.set(name, { hash, isWhole: loaded.form === 'whole' })
    this.#texts.set(hash, text)
    if (this.#last.size > MAX_HELD) this.#last.delete(this.#last.keys().next().value!)
    const named = new Set([...this.#last.values()].map((one) => one.hash))
    for (const one of this.#texts.keys()) if (!named.has(one)) this.#texts.delete(one)
    return loaded
  }
}

function changesBetween(before: string, after: string): string | undefined {
  const { kind, text } = delta(before, after)
  return kind === 'patch' ? `Changes to the definition that you have:\n${text}` : undefined
}
