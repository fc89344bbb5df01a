import { readFileSync } from 'node:fs'

const LOOK_MS = 40
const GIVE_UP_MS = 4000
/** Share of the machine that may be in use. */
const BUSY_SHARE = 0.15

/** Waits for moments in which nothing else uses the machine, and counts those it did not get. */
export interface QuietGate {
  /** Resolves at the next quiet moment, or after 4 s. */
  next(): Promise<void>
  readonly asked: number
  readonly refused: number
}

/** A gate of one bench run (Linux). */
export function quietGate(): QuietGate {
  let asked = 0
  let refused = 0
  return {
    get asked() {
      return asked
    },
    get refused() {
      return refused
    },
    next: async () => {
      asked += 1
      const deadline = performance.now() + GIVE_UP_MS
      while ((await busyShare()) > BUSY_SHARE) {
        if (performance.now() < deadline) continue
        refused += 1
        return
      }
    },
  }
}

async function busyShare(): Promise<number> {
  const before = cpuTicks()
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  const after = cpuTicks()
  return (after.busy - before.busy) / Math.max(1, after.all - before.all)
}

function cpuTicks(): { busy: number; all: number } {
  // user nice system idle iowait irq softirq steal …
  const ticks = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1, 9).map(Number)
  const all = ticks.reduce((sum, value) => sum + value, 0)
  return { busy: all - ticks[3]! - ticks[4]!, all }
}
