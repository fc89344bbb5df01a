import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pidsIn, removeGroupNow, textOf } from './group.ts'

/** Below a group of v2: where its processes go so that it may have groups with bounds. */
const LEAF = 'mycelium-daemon'
/** Begins the names of groups of servers; pairs with groupPrefix() in daemon/records.ts. */
const OURS = 'mycelium-'

/** Whether groups below a v2 group have memory bounds already. */
export function passesMemoryOn(base: string): boolean {
  return wordsOf(join(base, 'cgroup.subtree_control')).includes('memory')
}

/** Whether a v2 group could pass memory on. */
export function hasMemory(base: string): boolean {
  return wordsOf(join(base, 'cgroup.controllers')).includes('memory')
}

/**
 * Makes a v2 group pass memory on to groups below it. A group that does may have no process itself, so its own go to a leaf; only `ours` are moved,
 * and with others in it this throws. Gives what puts all back as it was, which the last of several daemons there does: without memory passed on, groups
 * of servers lose their bounds.
 */
export function passMemoryOn(base: string, ours: () => readonly number[]): () => void {
  const leaf = join(base, LEAF)
  const move = (from: string, to: string) => {
    for (const pid of pidsIn(from)) writeFileSync(join(to, 'cgroup.procs'), String(pid))
  }
  const back = () => {
    move(leaf, base)
    rmdirSync(leaf)
  }
  const takeBack = () => {
    try {
      if (readdirSync(base).some((name) => name.startsWith(OURS) && name !== LEAF)) return
      writeFileSync(join(base, 'cgroup.subtree_control'), '-memory')
      back()
    } catch {
      // Something of a server is left in there; the next daemon sweeps.
    }
  }
  // By another daemon, which leaves it to this one, or by an administrator, who had no need of a leaf.
  if (passesMemoryOn(base)) return existsSync(leaf) ? takeBack : () => {}
  const inside = pidsIn(base)
  const strangers = inside.filter((pid) => !ours().includes(pid))
  if (strangers.length > 0) throw new Error(`${strangers.length} processes in ${base} are not mycelium's`)
  if (textOf(join(leaf, 'cgroup.procs')) === undefined) mkdirSync(leaf)
  move(base, leaf)
  try {
    writeFileSync(join(base, 'cgroup.subtree_control'), '+memory')
  } catch (error) {
    back()
    throw error
  }
  return takeBack
}

/** The leaf that a killed daemon left, when its processes are gone. */
export function sweepLeaf(base: string): void {
  removeGroupNow(join(base, LEAF))
}

function wordsOf(path: string): readonly string[] {
  return (textOf(path) ?? '').trim().split(/\s+/)
}
