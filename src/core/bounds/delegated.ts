import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pidsIn, removeGroupNow, textOf } from './group.ts'

/** Below a group of v2: where its processes go so that it may have groups with bounds. */
const LEAF = 'mycelium-daemon'

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
 * and with others in it this throws. Gives what puts all back as it was.
 */
export function passMemoryOn(base: string, ours: () => readonly number[]): () => void {
  if (passesMemoryOn(base)) return () => {}
  const inside = pidsIn(base)
  const strangers = inside.filter((pid) => !ours().includes(pid))
  if (strangers.length > 0) throw new Error(`${strangers.length} processes in ${base} are not mycelium's`)
  const leaf = join(base, LEAF)
  if (textOf(join(leaf, 'cgroup.procs')) === undefined) mkdirSync(leaf)
  const move = (from: string, to: string) => {
    for (const pid of pidsIn(from)) writeFileSync(join(to, 'cgroup.procs'), String(pid))
  }
  const back = () => {
    move(leaf, base)
    rmdirSync(leaf)
  }
  move(base, leaf)
  try {
    writeFileSync(join(base, 'cgroup.subtree_control'), '+memory')
  } catch (error) {
    back()
    throw error
  }
  return () => {
    try {
      writeFileSync(join(base, 'cgroup.subtree_control'), '-memory')
      back()
    } catch {
      // Something of a server is left in there; the next daemon sweeps.
    }
  }
}

/** The leaf that a killed daemon left, when its processes are gone. */
export function sweepLeaf(base: string): void {
  removeGroupNow(join(base, LEAF))
}

function wordsOf(path: string): readonly string[] {
  return (textOf(path) ?? '').trim().split(/\s+/)
}
