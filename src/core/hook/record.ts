import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { hasErrno } from '../errors.ts'
import type { EventOf } from '../events/event.ts'

/** Some 30,000 events; one older file of that size is kept. */
const MAX_FILE_BYTES = 8 * 1024 * 1024
const MAX_LOG_BYTES = 64 * 1024
/** Enough for the longest event: seven names of 512 characters, escaped. */
const TAIL_BYTES = 64 * 1024

/** Where hooks record until a reader takes the lines away; clients/our-files.ts knows the name. */
export function hookFile(paths: Pick<Paths, 'root'>): string {
  return join(paths.root, 'events', 'hooks.jsonl')
}

/**
 * Records that a hook fired: one line, one write that the system appends whole, however many hooks fire at once. The root is never made,
 * so a hook that outlives an undo leaves no trace. Throws the system's error.
 */
export function recordHook(paths: Pick<Paths, 'root'>, event: EventOf<'hook'>): void {
  const file = hookFile(paths)
  const line = `${JSON.stringify(event)}\n`
  try {
    appendFileSync(file, line, { mode: 0o600 })
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
    mkdirSync(join(paths.root, 'events'), { mode: 0o700 })
    appendFileSync(file, line, { mode: 0o600 })
  }
  keepBelow(file, MAX_FILE_BYTES)
}

/** Microseconds since the epoch at which the last hook of a client fired; undefined when none is on record. */
export function lastHookAt(paths: Pick<Paths, 'root'>, client: string): number | undefined {
  for (const file of [hookFile(paths), `${hookFile(paths)}.1`]) {
    let text: string
    try {
      text = readFileSync(file).subarray(-TAIL_BYTES).toString('utf8')
    } catch (error) {
      if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) continue
      throw error
    }
    for (const line of text.split('\n').reverse()) {
      const at = atOf(line, client)
      if (at !== undefined) return at
    }
  }
  return undefined
}

function atOf(line: string, client: string): number | undefined {
  try {
    const event = Object(JSON.parse(line))
    return event.client === client && typeof event.at === 'number' ? event.at : undefined
  } catch {
    return undefined
  }
}

/** One line on what kept a hook from being recorded, in log/hook.log; nothing where even that cannot be written. */
export function noteFailure(paths: Pick<Paths, 'log'>, wallMs: number, what: string): void {
  const file = join(paths.log, 'hook.log')
  try {
    appendFileSync(file, `${new Date(wallMs).toISOString()} ${what.replace(/\s+/g, ' ').slice(0, 500)}\n`, {
      mode: 0o600,
    })
    keepBelow(file, MAX_LOG_BYTES)
  } catch {
    // The agent must not notice.
  }
}

/** A file over the limit becomes the older one, in place of the one before. */
function keepBelow(file: string, limitBytes: number): void {
  if (statSync(file).size > limitBytes) renameSync(file, `${file}.1`)
}
