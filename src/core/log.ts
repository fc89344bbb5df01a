import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from './clock.ts'
import { APPEND, appendText } from './regular-file.ts'

/** One line of the daemon's log: facts by name, never values of variables, arguments or payloads. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined | null>>

/** Where the daemon says what happened and why. */
export interface Log {
  event(name: string, fields?: LogFields): void
  /** Lines of a server's standard error, already redacted. */
  server(id: string, lines: readonly string[]): void
}

const MAX_FILE_BYTES = 10 * 1024 * 1024
const KEPT_FILES = 3
const MAX_LINE_CHARS = 2_000

/** A log of JSON lines in log/daemon.log and log/server-<id>.log, each rotated at 10 MiB with 3 old files kept. `also` is told each event too. Undo knows them by these names (config/own-names.ts). */
export function openLog(
  directory: string,
  clock: Clock,
  also?: (name: string, fields: LogFields) => void,
): Log {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const sizes = new Map<string, number>()

  const append = (name: string, line: string): void => {
    const path = join(directory, name)
    try {
      const size = sizes.get(path) ?? sizeOf(path)
      if (size + line.length > MAX_FILE_BYTES) {
        rotate(path)
        sizes.set(path, 0)
      }
      appendText(path, line)
      sizes.set(path, (sizes.get(path) ?? size) + Buffer.byteLength(line))
    } catch {
      // A full disk must not take the daemon down: the line is lost, the sessions are not.
    }
  }

  return {
    event: (name, fields = {}) => {
      append(
        'daemon.log',
        `${JSON.stringify({ at: new Date(clock.wall()).toISOString(), event: name, ...fields })}\n`,
      )
      also?.(name, fields)
    },
    server: (id, lines) => {
      const at = new Date(clock.wall()).toISOString()
      append(`server-${id}.log`, lines.map((line) => `${at} ${line.slice(0, MAX_LINE_CHARS)}\n`).join(''))
    },
  }
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}

function rotate(path: string): void {
  for (let n = KEPT_FILES - 1; n >= 1; n--) renameIfPresent(`${path}.${n}`, `${path}.${n + 1}`)
  renameIfPresent(path, `${path}.1`)
  closeSync(openSync(path, APPEND, 0o600))
}

function renameIfPresent(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch {
    // Nothing to rotate yet.
  }
}
