import { renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { hasErrno } from '../errors.ts'
import { appendText } from '../regular-file.ts'

/** A log is begun anew before a run once it is larger; two older ones are kept. */
const MAX_FILE_BYTES = 512 * 1024
const KEPT_FILES = 2
/** What one run may write; the rest is counted. */
const MAX_RUN_BYTES = 512 * 1024

/** The log of one run. */
export interface JobLog {
  /** A line of ours. */
  note(text: string): void
  /** What the job writes, as it comes. */
  output(text: string): void
  /** Says what was left out. */
  close(): void
}

/** Where the log of a job is; undo knows the name (config/own-names.ts). */
export function jobLogPath(paths: Pick<Paths, 'log'>, job: string): string {
  return join(paths.log, `job-${job}.log`)
}

/** Opens it, making room first. At most 3 MB are on disk: what is full or cannot be written stops no job. */
export function openJobLog(paths: Pick<Paths, 'log'>, job: string): JobLog {
  const path = jobLogPath(paths, job)
  const append = (text: string) => {
    try {
      appendText(path, text)
    } catch (error) {
      if (!hasErrno(error, 'ENOSPC', 'EDQUOT', 'EIO', 'ENOENT', 'ENXIO', 'EACCES')) throw error
    }
  }
  let bytes = 0
  let leftOut = 0
  let isAtLineStart = true
  makeRoom(path)
  return {
    note: (text) => {
      append(`${isAtLineStart ? '' : '\n'}--- ${text}\n`)
      isAtLineStart = true
    },
    output: (text) => {
      const size = Buffer.byteLength(text)
      if (bytes + size > MAX_RUN_BYTES) {
        leftOut += size
        return
      }
      bytes += size
      append(text)
      isAtLineStart = text.endsWith('\n')
    },
    close: () => {
      if (leftOut > 0) append(`--- ${leftOut} bytes of output were left out\n`)
    },
  }
}

/** Removes all logs of a job. */
export function removeJobLogs(paths: Pick<Paths, 'log'>, job: string): void {
  const path = jobLogPath(paths, job)
  for (const suffix of ['', ...olderOnes()]) rmSync(path + suffix, { force: true })
}

function olderOnes(): readonly string[] {
  return Array.from({ length: KEPT_FILES }, (_, i) => `.${i + 1}`)
}

function makeRoom(path: string): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= MAX_FILE_BYTES) return
  for (let n = KEPT_FILES - 1; n >= 0; n -= 1) {
    try {
      renameSync(n === 0 ? path : `${path}.${n}`, `${path}.${n + 1}`)
    } catch (error) {
      if (!hasErrno(error, 'ENOENT')) throw error
    }
  }
}
