import { type Happening, happened, nothingSeen, type Seen } from '../diff/seen.ts'
import { fingerprint } from '../hash.ts'
import { lineLog } from '../line-log.ts'

const KINDS: readonly string[] = ['given', 'lost', 'size', 'unsure'] satisfies readonly Happening['kind'][]

/** What reads of one session came to: hashes and numbers only. */
export interface SeenLog {
  /**
   * What the session holds, and its turn: how many things happened, but for what this use of a tool was noted before: then its hook is done again
   * (templates/quiet.sh), and nobody heard the answer. Of a log that is full, nothing: what came later is not in it.
   */
  read(): { readonly seen: Seen; readonly turn: number }
  /** Adds what happened; false where the log is full. Throws the system's error. */
  note(happening: Happening): boolean
  /** The same where anything was noted before: else there is nothing that it could change. */
  noteIfKnown(happening: Happening): void
}

/** A happening as it is in the log: by which use of a tool, where the client tells. */
type Entry = Happening & { readonly by?: string }

/** The log of a session in a directory of the directory for differences, for one use of a tool; that directory is made where it is not there yet. */
export function seenLog(dir: string, session: string, toolUse: string): SeenLog {
  const log = lineLog(dir, session, 1)
  const by = toolUse === '' ? undefined : fingerprint([toolUse], 12)
  return {
    read: () => {
      const entries = log.lines().map(entryOf)
      const others = entries.filter((entry) => by === undefined || entry.by !== by)
      const known = log.isFull() ? [] : others
      const seen = known.reduce((before, entry) => happened(before, entry), nothingSeen())
      return { seen, turn: others.length }
    },
    note: (happening) => log.add({ ...happening, by }),
    noteIfKnown: (happening) => log.addIfKnown({ ...happening, by }),
  }
}

/** A line that a full disk cut short is taken for the word that nothing is known any more: it may have been that. */
function entryOf(line: string): Entry {
  try {
    const entry = JSON.parse(line)
    if (KINDS.includes(entry?.kind)) return entry
  } catch {
    // As one of a later version.
  }
  return { kind: 'lost' }
}
