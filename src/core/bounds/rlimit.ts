import { basename } from 'node:path'
import type { Bounds, Rung, RunTool } from './rung.ts'

const MB = 1024 * 1024
/** What is mapped and never used counts too: 8 MB for each thread's stack. */
const ROOM_MB = 512

/** The rlimit of a tree's processes, MB: twice what all of them may have, so that it meets bursts only, which are quicker than a look. */
export function dataMbFor(hardMb: number): number {
  return Math.max(2 * hardMb, hardMb + ROOM_MB)
}

/**
 * RLIMIT_DATA by prlimit(1), which counts private writable mappings (Linux 4.7). Only of Python, to which it is an exception that a server can catch;
 * Node ends by it with a signal and has a bound of its own (runtime.ts), a JVM maps hundreds of MB that it does not use. RLIMIT_AS would end all of
 * them: Node maps 0.7 to 11 GB of addresses with 40 MB of memory. The soft bound alone, so that it can be lifted again.
 */
export function rlimitRung(prlimit: string, run: RunTool): Rung {
  return {
    mechanism: 'prlimit',
    holdsHard: false,
    holdsSoft: false,
    hold: async ({ pid, file, bounds }) => {
      const set = ({ hardMb }: Bounds) => {
        const bytes = hardMb === null ? 'unlimited' : String(Math.round(dataMbFor(hardMb) * MB))
        return run(prlimit, [`--pid=${pid}`, `--data=${bytes}:`])
      }
      const counts = isPython(file)
      if (counts) await set(bounds)
      return {
        ...(!counts && { by: 'polling' as const }),
        bound: async (next) => {
          if (counts) await set(next)
        },
        gather: async () => {},
        kills: () => 0,
        release: async () => true,
      }
    },
    close: () => {},
  }
}

/** Whether a program is Python by its name, whatever its version. */
export function isPython(file: string): boolean {
  return /^python(\d+(\.\d+)*)?$/.test(basename(file))
}

/** Nothing of the system: the daemon looks and acts. */
export const POLLING: Rung = {
  mechanism: 'polling',
  holdsHard: false,
  holdsSoft: false,
  hold: async () => ({
    bound: async () => {},
    gather: async () => {},
    kills: () => 0,
    release: async () => true,
  }),
  close: () => {},
}
