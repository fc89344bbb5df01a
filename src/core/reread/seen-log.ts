import { type Happening, happened, nothingSeen, type Seen } from '../diff/seen.ts'
import { type LineLog, lineLog } from '../line-log.ts'

const KINDS: readonly string[] = ['given', 'lost', 'size', 'unsure'] satisfies readonly Happening['kind'][]

/** What reads of one session came to: hashes and numbers only. */
export interface SeenLog {
  /** What the session holds, and its turn: how many things happened. Of a log that is full, nothing: what came later is not in it. */
  read(): { readonly seen: Seen; readonly turn: number }
  /** Adds what happened; false where the log is full. Throws the system's error. */
  note(happening: Happening): boolean
  /** The same where anything was noted before: else there is nothing that it could change. */
  noteIfKnown(happening: Happening): void
}

/** The log of a session in a directory of the directory for differences; that one is made where it is not there yet. */
export function seenLog(dir: string, session: string): SeenLog {
  const log = lineLog(dir, session, 1)
  return {
    read: () => seenIn(log),
    note: (happening) => log.add(happening),
    noteIfKnown: (happening) => log.addIfKnown(happening),
  }
}

function seenIn(log: LineLog): { readonly seen: Seen; readonly turn: number } {
  const entries = log.lines().map(entryOf)
  const known = log.isFull() ? [] : entries
  const seen = known.reduce((before, entry) => happened(before, entry), nothingSeen())
  return { seen, turn: entries.length }
}

/** A line that a full disk cut short is taken for the word that nothing is known any more: it may have been that. */
function entryOf(line: string): Happening {
  try {
    const entry = JSON.parse(line)
    if (KINDS.includes(entry?.kind)) return entry
  } catch {
    // As one of a later version.
  }
  return { kind: 'lost' }
}
