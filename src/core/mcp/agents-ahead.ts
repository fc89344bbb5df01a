import type { AgentDefinition } from '../agents/definition.ts'
import { type AgentSession, learnAgents, type Preloader, preloadsBy, tryPreloads } from '../agents/preload.ts'

/** What holding definitions ready works with. */
export interface AheadMeans {
  /** The agents that sessions of this client began before, oldest session first. */
  readonly sessions: () => Promise<readonly AgentSession[]>
  /** Definitions as they are now. */
  readonly read: () => readonly AgentDefinition[]
  /** Tells one state of all of their files from another, without reading them. */
  readonly stamp: () => string
  readonly record: (action: 'ahead' | 'hit' | 'waste', agent: string) => void
}

/**
 * Holds the definition that a session is likely to load next ready, where sessions before say so surely enough and a replay of the newest of them says that it pays.
 * It is held in this process and not sent along: a definition that is not used after all must cost the agent nothing. What is held is given only
 * while no file of any definition has changed.
 */
export class AgentsAhead {
  readonly #means: AheadMeans
  readonly #held = new Map<string, { readonly definition: AgentDefinition; readonly stamp: string }>()
  /** Those that were held and of which nobody knows yet whether they are used. */
  readonly #open = new Set<string>()
  #learning: Promise<Preloader | undefined> | undefined
  #preloader: Preloader | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(means: AheadMeans) {
    this.#means = means
  }

  /** The definition of that name, if it is held and still in force. */
  take(name: string): AgentDefinition | undefined {
    const held = this.#held.get(name)
    this.#held.delete(name)
    return held !== undefined && held.stamp === this.#means.stamp() ? held.definition : undefined
  }

  /** It was loaded. What comes next is made ready after the answer, one after the other; where that fails, nothing is. */
  used(name: string): void {
    const answered = new Promise((resolve) => setImmediate(resolve))
    this.#last = this.#last
      .then(() => answered)
      .then(() => this.#step(name))
      .catch(() => {})
  }

  /** The session is over. */
  end(): void {
    for (const { agent } of this.#preloader?.end() ?? []) this.#became(agent, 'waste')
  }

  async #step(name: string): Promise<void> {
    this.#learning ??= this.#learn()
    const preloader = await this.#learning
    if (preloader === undefined) return
    this.#preloader = preloader
    for (const { agent, became } of preloader.used(name)) this.#became(agent, became)
    const next = preloader.next()
    if (next === undefined) return
    const stamp = this.#means.stamp()
    const definition = this.#means.read().find((one) => one.name === next.agent && !one.shadowed)
    if (definition === undefined) return
    this.#held.set(next.agent, { definition, stamp })
    this.#open.add(next.agent)
    this.#means.record('ahead', next.agent)
  }

  async #learn(): Promise<Preloader | undefined> {
    const sessions = await this.#means.sessions()
    return tryPreloads(sessions).use ? preloadsBy(learnAgents(sessions)).open() : undefined
  }

  #became(agent: string, became: 'hit' | 'waste'): void {
    this.#held.delete(agent)
    if (this.#open.delete(agent)) this.#means.record(became, agent)
  }
}
