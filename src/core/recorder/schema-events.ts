import type { EventOf } from '../events/event.ts'
import { fingerprint } from '../hash.ts'
import type { Frame } from '../protocol/frame.ts'
import { decodeString, elementsOf, findMember } from '../protocol/json-text.ts'

/** Bytes of JSON that make a token, roughly; reports say that it is an estimate. */
const BYTES_PER_TOKEN = 4
/** Lists that were seen last; a server that changes more often is told again. */
const MAX_SEEN = 512

/** What each tool's definition weighs, told when a server's list is not the one that was told last. */
export class SchemaEvents {
  readonly #seen = new Map<string, string>()
  readonly #tell: (event: EventOf<'schema'>) => void

  constructor(tell: (event: EventOf<'schema'>) => void) {
    this.#tell = tell
  }

  /** Looks at an answer to tools/list. `at` in microseconds. */
  look(client: string, server: string, answer: Frame, at: number): void {
    const body = answer.line.subarray(answer.bodyStart, answer.bodyEnd)
    const key = `${client}\0${server}`
    const hash = fingerprint([body.toString('latin1')])
    if (this.#seen.get(key) === hash) return
    this.#seen.delete(key)
    this.#seen.set(key, hash)
    if (this.#seen.size > MAX_SEEN) this.#seen.delete(this.#seen.keys().next().value!)
    const tools = findMember(body, 0, 'tools')
    if (tools === undefined) return
    for (const { start, end } of elementsOf(body, tools.start)?.elements ?? []) {
      const name = findMember(body, start, 'name')
      const tool = name === undefined ? undefined : decodeString(body, name.start, name.end)
      if (tool === undefined) continue
      const bytes = end - start
      const text = body.toString('latin1', start, end)
      this.#tell({
        at,
        client,
        server,
        tool,
        bytes,
        tokens: Math.round(bytes / BYTES_PER_TOKEN),
        hash: fingerprint([text]),
        source: 'daemon',
      })
    }
  }
}
