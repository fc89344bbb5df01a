import { closeSync, fstatSync, renameSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { Batch, Scratch } from '../events/batch.ts'
import type { EventOf } from '../events/event.ts'
import { SHARED_NAME } from '../events/shared-name.ts'
import { appendText, openToAdd } from '../regular-file.ts'

const MAX_LOG_BYTES = 64 * 1024
/** Half a million events that nobody took in: no more are added until somebody does. */
const MAX_SHARED_BYTES = 128 * 1024 * 1024

/**
 * Records what a process of an agent did, as that a hook fired: one frame, one write that the system appends whole, however many hooks fire at once. The root
 * is never made, so a hook that outlives an undo leaves no trace. Throws the system's error.
 */
export function recordOne<K extends 'hook' | 'decision' | 'allowance' | 'expansion' | 'schema'>(
  paths: Pick<Paths, 'events'>,
  kind: K,
  event: EventOf<K>,
): void {
  const batch = new Batch(kind, new Scratch())
  batch.add(event)
  const fd = openToAdd(join(paths.events, SHARED_NAME), [paths.events])
  try {
    if (fstatSync(fd).size < MAX_SHARED_BYTES) writeSync(fd, batch.take())
  } finally {
    closeSync(fd)
  }
}

/** One line on what kept a hook from being recorded, in log/hook.log; nothing where even that cannot be written. */
export function noteFailure(paths: Pick<Paths, 'log'>, wallMs: number, what: string): void {
  const file = join(paths.log, 'hook.log')
  try {
    appendText(file, `${new Date(wallMs).toISOString()} ${what.replace(/\s+/g, ' ').slice(0, 500)}\n`)
    keepBelow(file, MAX_LOG_BYTES)
  } catch {
    // The agent must not notice.
  }
}

/** A file over the limit becomes the older one, in place of the one before. */
function keepBelow(file: string, limitBytes: number): void {
  if (statSync(file).size > limitBytes) renameSync(file, `${file}.1`)
}
