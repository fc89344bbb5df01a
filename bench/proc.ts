import { readFileSync } from 'node:fs'
import { hasErrno } from '../src/core/errors.ts'

/** Memory of some processes in MB: as each maps it, and with shared pages divided among their users. */
export interface Memory {
  readonly rssMb: number
  readonly pssMb: number
}

/** Memory of these processes together (Linux); those that ended meanwhile count nothing. */
export function memoryOf(pids: readonly number[]): Memory {
  let rssKb = 0
  let pssKb = 0
  for (const pid of pids) {
    const rollup = readProc(pid, 'smaps_rollup')
    rssKb += Number(/^Rss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0)
    pssKb += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0)
  }
  return { rssMb: rssKb / 1024, pssMb: pssKb / 1024 }
}

/** A process's command line (Linux), arguments joined by blanks; empty when it is gone. */
export function commandLineOf(pid: number): string {
  return readProc(pid, 'cmdline').replaceAll('\0', ' ').trimEnd()
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ESRCH')) return ''
    throw error
  }
}
