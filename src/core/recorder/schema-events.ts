import type { EventOf } from '../events/event.ts'
import { fingerprint } from '../hash.ts'
import type { Frame } from '../protocol/frame.ts'
import { decodeString, elementsOf, findMember } from '../protocol/json-text.ts'

/** Bytes of JSON that make a token, roughly; reports say that it is an estimate. */
const BYTES_PER_TOKEN = 4
/** Definitions that are remembered; one that was forgotten is told again. */
const MAX_SEEN = 16_384

/** What each tool's definition weighs, told when it is not the one that was told last. A list may come in pages, and differ by client. */
export class SchemaEvents {
  readonly #seen = new Map<string, string>()
  readonly #tell: (event: EventOf<'schema'>) => void

  constructor(tell: (event: EventOf<'schema'>) => void) {
    this.#tell = tell
  }

  /** Looks at an answer to tools/list; true where something in it is new. `at` in microseconds. */
  look(client: string, server: string, answer: Frame, at: number): boolean {
    let hasNews = false
    const { line, bodyStart } = answer
    const tools = findMember(line, bodyStart, 'tools')
    if (tools === undefined) return false
    for (const { start, end } of elementsOf(line, tools.start)?.elements ?? []) {
      const name = findMember(line, start, 'name')
      const tool = name === undefined ? undefined : decodeString(line, name.start, name.end)
      if (tool === undefined) continue
      const hash = fingerprint([line.toString('latin1', start, end)])
      if (!this.#isNews(`${client}\0${server}\0${tool}`, hash)) continue
      hasNews = true
      const bytes = end - start
      const tokens = Math.round(bytes / BYTES_PER_TOKEN)
      this.#tell({ at, client, server, tool, bytes, tokens, hash, source: 'daemon' })
    }
    return hasNews
  }

  #isNews(key: string, hash: string): boolean {
    if (this.#seen.get(key) === hash) return false
    this.#seen.delete(key)
    this.#seen.set(key, hash)
    if (this.#seen.size > MAX_SEEN) this.#seen.delete(this.#seen.keys().next().value!)
    return true
  }
}
