import { existsSync } from 'node:fs'
import { isAbsolute, relative, sep } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { openDatabase } from '../events/db.ts'

/** What agents read and edited in a directory of late, as the store knows it. */
export interface RecentFiles {
  /** By path below the directory, 0 … 1: what was used now counts 1, half as much for every half-life ago. */
  readonly weights: ReadonlyMap<string, number>
  /** The files of each session, the newest first; at most MAX_SESSIONS. */
  readonly sessions: readonly (readonly string[])[]
}

const NONE: RecentFiles = { weights: new Map(), sessions: [] }
const MAX_SESSIONS = 50
const DAYS = 30
const HALF_LIFE_DAYS = 3
/** Whoever ranks does not wait for others that write. */
const WAIT_MS = 300
const SQL = `
  SELECT project, file, client || ':' || client_session AS session, epoch_ms(max(ts))::DOUBLE AS last_ms
  FROM tool_uses
  WHERE file <> '' AND project <> '' AND ts > make_timestamp_ms($since::BIGINT)
    AND (starts_with($root || '/', project || '/') OR starts_with(project || '/', $root || '/'))
  GROUP BY ALL ORDER BY last_ms DESC`

/** Files of a directory that sessions in it, above it or below it used in the last 30 days; none where nothing is recorded or can be read. */
export async function recentFiles(paths: Paths, root: string, nowMs: number): Promise<RecentFiles> {
  if (!existsSync(paths.database)) return NONE
  try {
    const database = await openDatabase({ file: paths.database, write: false, waitMs: WAIT_MS })
    try {
      const reader = await database.connection.runAndReadAll(SQL, {
        root,
        since: BigInt(Math.round(nowMs - DAYS * 86_400_000)),
      })
      return weigh(reader.getRowsJS() as [string, string, string, number][], root, nowMs)
    } finally {
      database.close()
    }
  } catch (error) {
    // The ranking is no worse for it than before anything was recorded.
    if (error instanceof MyceliumError) return NONE
    throw error
  }
}

function weigh(rows: readonly [string, string, string, number][], root: string, nowMs: number): RecentFiles {
  const weights = new Map<string, number>()
  const sessions = new Map<string, string[]>()
  for (const [project, file, session, atMs] of rows) {
    const path = below(root, `${project}/${file}`)
    if (path === undefined) continue
    const weight = 0.5 ** (Math.max(0, nowMs - atMs) / 86_400_000 / HALF_LIFE_DAYS)
    weights.set(path, Math.max(weights.get(path) ?? 0, weight))
    const files = sessions.get(session)
    if (files !== undefined) files.push(path)
    else if (sessions.size < MAX_SESSIONS) sessions.set(session, [path])
  }
  return { weights, sessions: [...sessions.values()] }
}

function below(root: string, path: string): string | undefined {
  const found = relative(root, path)
  return found === '' || /^\.\.(\/|\\|$)/.test(found) || isAbsolute(found)
    ? undefined
    : found.split(sep).join('/')
}
