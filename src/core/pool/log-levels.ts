import { LOG_LEVELS } from '../protocol/methods.ts'

/** What a session that never set a level gets while another one asked for more. */
const UNSET_LEVEL = 'info'

/** The log level each session asked for: the most verbose one goes upstream, each session sees only what it asked for. */
export class LogLevels {
  readonly #levels = new Map<string, string>()

  set(session: string, level: string): void {
    this.#levels.set(session, level)
  }

  remove(session: string): void {
    this.#levels.delete(session)
  }

  /** The most verbose level among these sessions, undefined when none was set. */
  mostVerbose(sessions: Iterable<string>): string | undefined {
    let lowest: number | undefined
    for (const session of sessions) {
      const level = this.#levels.get(session)
      if (level !== undefined) lowest = Math.min(lowest ?? Number.POSITIVE_INFINITY, verbosity(level))
    }
    return lowest === undefined ? undefined : LOG_LEVELS[lowest]
  }

  isKnown(level: string): boolean {
    return verbosity(level) < LOG_LEVELS.length
  }

  /** Whether a process at level `a` already sends everything that `b` asks for. */
  moreVerbose(a: string, b: string): boolean {
    return verbosity(a) <= verbosity(b)
  }

  /** Whether a message of this level is for this session. */
  admits(session: string, messageLevel: string): boolean {
    if (this.#levels.size === 0) return true
    return verbosity(messageLevel) >= verbosity(this.#levels.get(session) ?? UNSET_LEVEL)
  }
}

function verbosity(level: string): number {
  const at = LOG_LEVELS.indexOf(level as (typeof LOG_LEVELS)[number])
  return at === -1 ? LOG_LEVELS.length : at
}
