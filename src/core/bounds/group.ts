import { readFileSync, rmdirSync } from 'node:fs'
import { mkdir, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pause, systemClock } from '../clock.ts'
import { hasErrno } from '../errors.ts'
import type { Bounds, Hold, Rung } from './rung.ts'

const MB = 1024 * 1024

/** The files of a control group by what they are for. */
interface Files {
  /** What each bound is written to, in this order. */
  readonly writes: (bounds: Bounds) => readonly (readonly [file: string, text: string])[]
  /** Where the kernel counts whom it ended. */
  readonly counts: string
}

const UNIFIED: Files = {
  writes: ({ softMb, hardMb }) => {
    const text = (mb: number | null) => (mb === null ? 'max' : String(Math.round(mb * MB)))
    return [
      // What was swapped out is not in memory.max: without a bound a leak would go on there.
      ['memory.swap.max', text(hardMb)],
      // A server is of no use without its children: it ends as one.
      ['memory.oom.group', hardMb === null ? '0' : '1'],
      ['memory.high', text(softMb)],
      ['memory.max', text(hardMb)],
    ]
  },
  counts: 'memory.events',
}

const LEGACY: Files = {
  writes: ({ softMb, hardMb }) => {
    const text = (mb: number | null) => (mb === null ? '-1' : String(Math.round(mb * MB)))
    const hard = ['memory.limit_in_bytes', text(hardMb)] as const
    return [
      ['memory.soft_limit_in_bytes', text(softMb)],
      // Memory alone may never be over memory and swap: down it goes first, up it goes last.
      ['memory.limit_in_bytes', `?${hard[1]}`],
      ['memory.memsw.limit_in_bytes', `?${text(hardMb)}`],
      hard,
    ]
  },
  counts: 'memory.oom_control',
}

const REMOVAL_TRIES = 10
const REMOVAL_PAUSE_MS = 20

/** Without these a group still bounds memory: swap is no part of some kernels. */
const OPTIONAL = ['memory.swap.max', 'memory.oom.group', 'memory.memsw.limit_in_bytes']

/** Control groups of one version below `base`, one for each tree. `prepare` makes `base` fit for that where it is not, and gives what takes that back. */
export function groupRung(version: 1 | 2, base: string, prepare: () => Promise<() => void>): Rung {
  const files = version === 2 ? UNIFIED : LEGACY
  let takeBack = () => {}
  return {
    mechanism: version === 2 ? 'cgroup-v2' : 'cgroup-v1',
    holdsHard: true,
    holdsSoft: version === 2,
    dirOf: (name) => join(base, name),
    hold: async ({ name, pid, bounds }) => {
      // Each time: another daemon may have put it back as it was.
      takeBack = await prepare()
      const dir = join(base, name)
      await mkdir(dir)
      try {
        await writeBounds(dir, files, bounds)
        await enter(dir, pid)
      } catch (error) {
        await removeGroup(dir)
        throw error
      }
      return holdOf(dir, files)
    },
    close: () => takeBack(),
  }
}

function holdOf(dir: string, files: Files): Hold {
  return {
    dir,
    bound: (bounds) => writeBounds(dir, files, bounds),
    gather: async (pids) => {
      const inside = new Set(pidsIn(dir))
      for (const pid of pids)
        if (!inside.has(pid))
          await enter(dir, pid).catch((error) => {
            if (!hasErrno(error, 'ESRCH')) throw error
          })
    },
    kills: () => killsIn(textOf(join(dir, files.counts))),
    release: () => removeGroup(dir),
  }
}

/** Writing may take a while, the kernel looks for memory to free meanwhile: never in this thread. */
async function writeBounds(dir: string, files: Files, bounds: Bounds): Promise<void> {
  for (const [file, value] of files.writes(bounds)) {
    const maybe = value.startsWith('?') || OPTIONAL.includes(file)
    try {
      await writeFile(join(dir, file), value.replace('?', ''))
    } catch (error) {
      if (!maybe) throw error
    }
  }
}

async function enter(dir: string, pid: number): Promise<void> {
  await writeFile(join(dir, 'cgroup.procs'), String(pid))
}

/** The processes in a group itself; none for one that is gone. */
export function pidsIn(dir: string): readonly number[] {
  return (textOf(join(dir, 'cgroup.procs')) ?? '').split('\n').filter(Boolean).map(Number)
}

/** Of memory.events or memory.oom_control: `oom_kill N`. Kernels before 4.13 do not say it of v1. */
export function killsIn(counts: string | undefined): number {
  return Number(/^oom_kill (\d+)$/m.exec(counts ?? '')?.[1] ?? 0)
}

/** Removes a group that is empty or about to be: whoever ended leaves a little later. False while something is left in it. */
export async function removeGroup(dir: string): Promise<boolean> {
  for (let tries = 0; ; tries++) {
    try {
      await rmdir(dir)
      return true
    } catch (error) {
      if (isGone(error)) return true
    }
    if (tries === REMOVAL_TRIES) return false
    await pause(systemClock, REMOVAL_PAUSE_MS)
  }
}

/** As removeGroup, for the way out. */
export function removeGroupNow(dir: string): boolean {
  try {
    rmdirSync(dir)
    return true
  } catch (error) {
    return isGone(error)
  }
}

function isGone(error: unknown): boolean {
  if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return true
  if (hasErrno(error, 'EBUSY', 'ENOTEMPTY', 'EACCES', 'EPERM', 'EROFS')) return false
  throw error
}

/** A small file of the system; undefined where there is none. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
