import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { readRegular } from '../regular-file.ts'

/** How each agent greets, as last seen: what a server is told when it is warmed before the agent comes. Holds no secrets. */
export class AgentsSeen {
  readonly #file: string
  readonly #byClient: Map<string, string>

  constructor(paths: Paths) {
    this.#file = join(paths.run, 'agents.json')
    this.#byClient = new Map(Object.entries(read(this.#file)))
  }

  /** Remembers the params of an agent's `initialize`. */
  note(client: string, paramsText: string): void {
    if (this.#byClient.get(client) === paramsText) return
    // Most recent last.
    this.#byClient.delete(client)
    this.#byClient.set(client, paramsText)
    try {
      writeFileAtomic(this.#file, JSON.stringify(Object.fromEntries(this.#byClient)))
    } catch {
      // Only a warm start is at stake.
    }
  }

  /** The params of the most recently seen of these agents, if any was. */
  latestOf(clients: readonly string[]): string | undefined {
    return [...this.#byClient].filter(([client]) => clients.includes(client)).at(-1)?.[1]
  }
}

function read(file: string): Record<string, string> {
  try {
    return JSON.parse(readRegular(file).toString('utf8')) as Record<string, string>
  } catch {
    return {}
  }
}
