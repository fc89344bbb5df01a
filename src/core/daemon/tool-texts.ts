import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import type { Log } from '../log.ts'
import { knownToolsText, readKnownTools } from '../policy/markov/known-tools.ts'
import { bodyText } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'

/** Where what servers list is kept. */
export interface ToolTextServices {
  readonly paths: Pick<Paths, 'knownTools'>
  readonly log: Log
  /** Nothing is kept where nothing is to be recorded. */
  readonly mayKeep: () => boolean
}

const MAX_SERVERS = 64
const MAX_TOOLS = 256
const MAX_NAME_CHARS = 128
const MAX_DESCRIPTION_CHARS = 600

/**
 * Keeps what servers say their tools do, for what is written in a session to be held against: names and descriptions, as any agent of theirs sees them.
 * In a file and not here: they are wanted by another process, now and then.
 */
export class ToolTexts {
  readonly #services: ToolTextServices
  /** Servers whose latest list was not the whole. */
  readonly #paged = new Set<string>()
  readonly #waiting: { readonly server: string; readonly answer: Frame }[] = []

  constructor(services: ToolTextServices) {
    this.#services = services
  }

  /** A server gave a list that it had not given before; calls wait for this, so it is looked at in the next turn. */
  listed(server: string, answer: Frame): void {
    if (!this.#services.mayKeep()) return
    if (this.#waiting.push({ server, answer }) === 1) setImmediate(() => this.#keep())
  }

  #keep(): void {
    const { paths, log } = this.#services
    const lists = this.#waiting.splice(0)
    const known = new Map(readKnownTools(paths.knownTools))
    const before = knownToolsText(known)
    for (const { server, answer } of lists) {
      const { tools, hasMore } = toolsIn(answer)
      const kept = new Map(hasMore || this.#paged.has(server) ? known.get(server) : [])
      if (hasMore) this.#paged.add(server)
      else this.#paged.delete(server)
      for (const [name, description] of tools) kept.set(name, description)
      if (kept.size > 0) known.set(server, [...kept].slice(0, MAX_TOOLS))
      if (known.size > MAX_SERVERS) known.delete(known.keys().next().value!)
    }
    const text = knownToolsText(known)
    if (text === before) return
    try {
      mkdirSync(dirname(paths.knownTools), { recursive: true, mode: 0o700 })
      writeFileAtomic(paths.knownTools, text)
    } catch (error) {
      log.event('tools-unsaved', { because: error instanceof Error ? error.message : String(error) })
    }
  }
}

/** `hasMore`: the list goes on in the next answer. */
function toolsIn(answer: Frame): {
  readonly tools: (readonly [string, string])[]
  readonly hasMore: boolean
} {
  try {
    const { tools, nextCursor } = Object(JSON.parse(bodyText(answer) ?? ''))
    if (!Array.isArray(tools)) return { tools: [], hasMore: true }
    const named = tools.flatMap((tool): (readonly [string, string])[] => {
      const { name, description } = Object(tool)
      if (typeof name !== 'string' || name.length > MAX_NAME_CHARS) return []
      return [[name, typeof description === 'string' ? description.slice(0, MAX_DESCRIPTION_CHARS) : '']]
    })
    return { tools: named, hasMore: nextCursor !== undefined }
  } catch {
    return { tools: [], hasMore: true }
  }
}
