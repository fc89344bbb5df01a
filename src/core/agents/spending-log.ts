import { closeSync, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { hasErrno } from '../errors.ts'
import { fingerprint } from '../hash.ts'
import { APPEND, textIfRegular } from '../regular-file.ts'
import type { Spent } from './allowance.ts'

/** About 25,000 tool uses; a session with more is no longer held to its budgets. */
const MAX_BYTES = 2 * 1024 * 1024

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

/** What agents of one session have spent: a line each tool use, added by one write that the system appends whole, however many hooks run at once. */
export interface SpendingLog {
  /** What an agent has spent, and the steps that it was told of. */
  of(agent: string): Spent & { readonly told: ReadonlySet<string>; readonly isNew: boolean }
  /** False where nothing more is recorded. Its parent is never made: a hook that outlives an undo leaves no trace. Throws the system's error. */
  add(spending: Spending): boolean
}

/** The log of one session of a client in `dir`. */
export function spendingLog(dir: string, session: string): SpendingLog {
  const file = join(dir, `${fingerprint([session], 32)}.jsonl`)
  return {
    of: (agent) => {
      let tokens = 0
      let isNew = true
      const byServer: Record<string, number> = {}
      const told = new Set<string>()
      for (const line of (textIfRegular(file) ?? '').split('\n')) {
        const one = spendingIn(line)
        if (one?.agent !== agent) continue
        isNew = false
        tokens += one.tokens
        if (one.server !== '') byServer[one.server] = (byServer[one.server] ?? 0) + one.tokens
        for (const step of one.told) told.add(step)
      }
      return { tokens, byServer, told, isNew }
    },
    add: (spending) => {
      const fd = openIn(dir, file)
      try {
        if (fstatSync(fd).size > MAX_BYTES) return false
        writeSync(fd, `${JSON.stringify(spending)}\n`)
        return true
      } finally {
        closeSync(fd)
      }
    },
  }
}

function openIn(dir: string, file: string): number {
  try {
    mkdirSync(dir, { mode: 0o700 })
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error
  }
  return openSync(file, APPEND, 0o600)
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
