import { hasErrno } from '../errors.ts'
import { descendantsOf, environmentOf, type Identity, processTable, pssKb } from '../process.ts'

/** Looks at the process table that killAll takes at most. */
const MAX_SWEEPS = 50

/**
 * Everything alive that was started with this HOME, and what it started. A double fork loses the parent but keeps the environment, so a daemon
 * is found as surely as a child. The calling process is never among them.
 */
export function processesOf(home: string): Identity[] {
  const table = processTable()
  const homes = environmentOf(table, 'HOME')
  const own = table.filter((row) => !row.ended && row.pid !== process.pid && homes.get(row.pid) === home)
  const pids = own.map((row) => row.pid)
  return [...own, ...descendantsOf(pids, table)]
}

/** Memory of these processes together in MB: shared pages divided among their users (PSS) where the system tells, else RSS. */
export function memoryMb(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (pssKb(pid) ?? 0), 0) / 1024
}

/** Sends SIGKILL to everything with this HOME until nothing is left; returns what would not die. */
export function killAll(home: string): Identity[] {
  let left = processesOf(home)
  // A parent may start another child between the look and the kill, so look again.
  for (let sweep = 0; left.length > 0 && sweep < MAX_SWEEPS; sweep++) {
    for (const { pid } of left) killNow(pid)
    left = processesOf(home)
  }
  return left
}

/** SIGKILL to one process; that it is gone already is fine. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!hasErrno(error, 'ESRCH')) throw error
  }
}
