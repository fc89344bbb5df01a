import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isOriginalsName } from '../config/own-names.ts'
import { TEMPORARY } from '../config/write-file.ts'
import { namesIn } from '../names-in.ts'
import { appendText, textIfRegular } from '../regular-file.ts'
import type { Bounds } from './store.ts'

/** Bytes there were at the last tidying, and what each original since then added: a line each. */
const ADDED = 'added'
/** Room is made for a while, so that not each original looks at all others. */
const TIDY_TO_SHARE = 0.9
const DAY_MS = 24 * 60 * 60_000
/** A write that was killed left it. */
const MAX_DRAFT_AGE_MS = 10 * 60_000
/** Names that originals, notes and what a killed write left have. */
const ORIGINAL_NAME = /^[0-9a-f]{10,64}(\.json)?(\.\d+\.[0-9a-f]{8}\.tmp)?$/

/**
 * Counts what was added and makes room where it is too much, or a day has passed since that was looked at. Never throws: a store that cannot
 * be tidied is tidied by the next.
 */
export function noteAdded(dir: string, bytes: number, bounds: Bounds, now: number): void {
  try {
    appendText(join(dir, ADDED), `${bytes}\n`)
    const [at, ...sizes] = (textIfRegular(join(dir, ADDED)) ?? '').split('\n')
    const total = sizes.reduce((sum, size) => sum + Number(size), 0)
    const lookedAt = /^at (\d+)$/.exec(at!)?.[1]
    if (lookedAt !== undefined && total <= bounds.maxBytes && now - Number(lookedAt) < DAY_MS) return
    const left = tidy(dir, bounds, now)
    writeFileSync(join(dir, ADDED), `at ${Math.round(now)}\n${left}\n`, { mode: 0o600 })
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error
  }
}

/** Removes what is too old, then what was not used for longest until there is room; gives the bytes that are left. */
function tidy(dir: string, { maxBytes, maxAgeMs }: Bounds, now: number): number {
  const files = filesIn(dir).sort((a, b) => b.usedMs - a.usedMs || (a.path < b.path ? -1 : 1))
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const most = total > maxBytes ? maxBytes * TIDY_TO_SHARE : maxBytes
  let left = 0
  for (const { path, bytes, usedMs, isDraft } of files) {
    const isOver = now - usedMs > (isDraft ? MAX_DRAFT_AGE_MS : maxAgeMs)
    if (isOver || left + bytes > most) rmSync(path, { force: true })
    else left += bytes
  }
  return left
}

interface File {
  readonly path: string
  readonly bytes: number
  readonly usedMs: number
  readonly isDraft: boolean
}

function filesIn(dir: string): File[] {
  const found: File[] = []
  for (const part of namesIn(dir).filter(isOriginalsName)) {
    if (part === ADDED) continue
    for (const name of readdirSync(join(dir, part))) {
      if (!ORIGINAL_NAME.test(name)) continue
      const path = join(dir, part, name)
      const stat = statSync(path, { throwIfNoEntry: false })
      if (stat?.isFile())
        found.push({ path, bytes: stat.size, usedMs: stat.mtimeMs, isDraft: TEMPORARY.test(name) })
    }
  }
  return found
}
