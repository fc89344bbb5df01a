import { randomBytes } from 'node:crypto'
import { type LineLog, lineLog } from '../line-log.ts'
import { type Answer, type Ask, answerTo, type Happening } from './gate.ts'
import type { LineRange, Wanted } from './skeleton.ts'

/** Ranges that an outline begins with, at most, of each kind. */
const MAX_WANTED = 5

/**
 * What one session of an agent read: hashes and line numbers only. What a read is answered by follows from the lines before its own; one whose log is full
 * is answered as if there were no budgets.
 */
export class SessionLog {
  readonly #log: LineLog

  constructor(dir: string, session: string) {
    this.#log = lineLog(dir, session)
  }

  /** Records a read and says what it is answered by; `whole` where nothing can be recorded any more. Throws the system's error. */
  ask(ask: Ask): Answer {
    const id = randomBytes(6).toString('hex')
    if (!this.#log.add({ ...ask, id })) return 'whole'
    const entries = this.#entries()
    const own = entries.findIndex((entry) => entry.id === id)
    return own < 0 ? 'whole' : answerTo(entries.slice(0, own), ask)
  }

  /** What a read would be answered by if it were recorded now. Throws the system's error. */
  foresee(ask: Ask): Answer {
    return answerTo(this.#entries(), ask)
  }

  /** Lines of the file that the session has edited, and those it asked for that are not in the context of this read; the newest first. */
  wanted({ context, file, content }: Ask): Required<Wanted> {
    const entries = this.#entries()
    const lastReset = entries.findLastIndex(({ kind }) => kind === 'reset')
    const asked: LineRange[] = []
    const edited: LineRange[] = []
    for (const [i, entry] of entries.entries()) {
      if (entry.kind === 'reset' || entry.file !== file) continue
      if (entry.kind === 'edit' && entry.lines) edited.unshift({ from: entry.lines[0], to: entry.lines[1] })
      const isElsewhere = i < lastReset || entry.context !== context
      if (entry.kind === 'ask' && !entry.whole && entry.content === content && isElsewhere)
        asked.unshift({ from: entry.from, to: entry.to })
    }
    return { asked: asked.slice(0, MAX_WANTED), edited: edited.slice(0, MAX_WANTED) }
  }

  #entries(): readonly Entry[] {
    return this.#log.lines().flatMap((line) => entryOf(line) ?? [])
  }

  /** Records what happened, where anything was recorded before: else there is nothing that it could change. */
  note(happening: Exclude<Happening, Ask>): void {
    this.#log.addIfKnown(happening)
  }
}

type Entry = Happening & { readonly id?: string }

/** A line that a full disk cut short is none. */
function entryOf(line: string): Entry | undefined {
  try {
    const entry = JSON.parse(line)
    return typeof entry?.kind === 'string' ? entry : undefined
  } catch {
    return undefined
  }
}
