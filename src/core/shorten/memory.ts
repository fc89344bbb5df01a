import { type Happening, type Held, happened, nothingSeen, type Seen, versionsHeld } from '../diff/seen.ts'

const SESSIONS = 64
/** Characters of texts that are kept for one session, to make patches against. */
const CHARACTERS = 4_000_000

/** What the agent of one session holds, and the texts of it. */
export class SessionMemory {
  seen: Seen = nothingSeen()
  /** Counts the results that it was sent. */
  turn = 0
  readonly #texts = new Map<string, string>()

  textOf(version: string): string | undefined {
    return this.#texts.get(version)
  }

  /** What it holds of a source. */
  held(source: string): Held | undefined {
    return this.seen.get('')?.held.get(source)
  }

  get isEmpty(): boolean {
    return this.seen.size === 0
  }

  /** Something else was sent in the place of these sources. */
  unsure(isSource: (source: string) => boolean): void {
    for (const source of this.seen.get('')?.held.keys() ?? [])
      if (isSource(source)) this.seen = happened(this.seen, { kind: 'unsure', context: '', source })
  }

  /** It was sent that. */
  happened(happening: Happening, version: string, text: string): void {
    this.seen = happened(this.seen, happening)
    this.#texts.delete(version)
    this.#texts.set(version, text)
    const held = versionsHeld(this.seen)
    let characters = 0
    for (const [one, { length }] of this.#texts) {
      if (held.has(one)) characters += length
      else this.#texts.delete(one)
    }
    for (const [oldest, { length }] of this.#texts) {
      if (characters <= CHARACTERS || this.#texts.size === 1) break
      this.#texts.delete(oldest)
      characters -= length
    }
  }
}

/** What each of the latest sessions holds. */
export class Memory {
  readonly #sessions = new Map<string, SessionMemory>()

  of(session: string): SessionMemory {
    const known = this.#sessions.get(session) ?? new SessionMemory()
    this.#sessions.delete(session)
    this.#sessions.set(session, known)
    if (this.#sessions.size > SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!)
    return known
  }

  /** What it held may have left its context. */
  lost(session: string): void {
    this.#sessions.delete(session)
  }
}
