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
  /** Sources whose text it was sent with passages named by where they stood before: not a text to build upon. */
  readonly #referred = new Set<string>()

  textOf(version: string): string | undefined {
    return this.#texts.get(version)
  }

  /** The newest texts of other sources that it was sent as they are, in the last so many turns: those it can be referred to. */
  literalTexts(source: string, maxAgeTurns: number, maxCharacters: number): readonly string[] {
    const texts: string[] = []
    let characters = 0
    for (const [other, { full }] of [...(this.seen.get('')?.held ?? [])].reverse()) {
      const text = this.#texts.get(full.version)
      if (other === source || text === undefined || this.#referred.has(other)) continue
      if (this.turn - full.turn > maxAgeTurns) continue
      characters += text.length
      if (characters > maxCharacters) break
      texts.push(text)
    }
    return texts
  }

  isReferred(source: string): boolean {
    return this.#referred.has(source)
  }

  /** It was sent the text of a source with such passages, or, with `false`, as it is. */
  refer(source: string, refers: boolean): void {
    if (refers) this.#referred.add(source)
    else this.#referred.delete(source)
    const held = this.seen.get('')?.held
    for (const one of this.#referred) if (held?.has(one) !== true) this.#referred.delete(one)
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
