import { lineLog } from '../line-log.ts'
import type { Spent } from './allowance.ts'

/** One tool use of an agent, and what it was told about its budget then. */
export interface Spending {
  /** Its name in the plan. */
  readonly agent: string
  readonly tokens: number
  /** MCP server; empty for the client's own tools. */
  readonly server: string
  /** Steps that it was told of with this answer. */
  readonly told: readonly string[]
}

/** What agents of one session have spent: a line each tool use. A session whose log is full is no longer held to its budgets. */
export interface SpendingLog {
  /** What an agent has spent, and the steps that it was told of. */
  of(agent: string): Spent & { readonly told: ReadonlySet<string>; readonly isNew: boolean }
  /** False where nothing more is recorded. Throws the system's error. */
  add(spending: Spending): boolean
}

/** The log of one session of a client in `dir`. */
export function spendingLog(dir: string, session: string): SpendingLog {
  const log = lineLog(dir, session)
  return {
    of: (agent) => {
      let tokens = 0
      let isNew = true
      const byServer: Record<string, number> = {}
      const told = new Set<string>()
      for (const line of log.lines()) {
        const one = spendingIn(line)
        if (one?.agent !== agent) continue
        isNew = false
        tokens += one.tokens
        if (one.server !== '') byServer[one.server] = (byServer[one.server] ?? 0) + one.tokens
        for (const step of one.told) told.add(step)
      }
      return { tokens, byServer, told, isNew }
    },
    add: (spending) => log.add(spending),
  }
}

/** A line that a full disk cut short is none. */
function spendingIn(line: string): Spending | undefined {
  try {
    const one = JSON.parse(line)
    const isOne = typeof one?.agent === 'string' && Number.isFinite(one.tokens) && Array.isArray(one.told)
    return isOne ? one : undefined
  } catch {
    return undefined
  }
}
