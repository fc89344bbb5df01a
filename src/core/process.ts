import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { hasErrno } from './errors.ts'
import { environmentsFromPs, residentKbFromPs, tableFromPs } from './process-ps.ts'

/** Environment variable that every upstream and, unless it clears it, each of its descendants carries. Pairs with templates/watcher.sh. */
export const MARKER = 'MYCELIUM_UPSTREAM'

/** One process for good: a pid alone may be given to another process later. */
export interface Identity {
  readonly pid: number
  /** Opaque, without white space: Linux clock ticks since boot, elsewhere the start date in UTC. */
  readonly startTime: string
}

/** One line of the process table. */
export interface ProcessRow extends Identity {
  readonly parent: number
  /** Session leader's pid; where the system does not tell it (macOS), the process group's. */
  readonly session: number
  /** A zombie: it runs no more, but its pid is still taken. */
  readonly ended: boolean
}

const hasProc = process.platform === 'linux'

/** Who has this pid now; undefined when nobody has, or only a zombie. */
export function identityOf(pid: number): Identity | undefined {
  const row = rowOf(pid)
  return row === undefined || row.ended ? undefined : { pid, startTime: row.startTime }
}

/** This pid's line of the process table, also when it is a zombie. */
export function rowOf(pid: number): ProcessRow | undefined {
  if (!hasProc) return tableFromPs(['-p', String(pid)])[0]
  const text = readProc(pid, 'stat')
  return text ? parseStat(text) : undefined
}

/** True while exactly this process runs: not a zombie, not a later process with the same pid. */
export function isAlive(identity: Identity): boolean {
  return identityOf(identity.pid)?.startTime === identity.startTime
}

/** Every process that can be seen, zombies included; those born or gone during the reading may be missing. */
export function processTable(): readonly ProcessRow[] {
  if (!hasProc) return tableFromPs(['-ax'])
  const rows: ProcessRow[] = []
  for (const name of readdirSync('/proc')) {
    if (!startsWithDigit(name)) continue
    const row = rowOf(Number(name))
    if (row !== undefined) rows.push(row)
  }
  return rows
}

/** The living children of these pids, their children and so on; without the pids themselves. */
export function descendantsOf(pids: readonly number[], table = processTable()): Identity[] {
  const children = new Map<number, ProcessRow[]>()
  for (const row of table) {
    const siblings = children.get(row.parent)
    if (siblings === undefined) children.set(row.parent, [row])
    else siblings.push(row)
  }
  const seen = new Set(pids)
  const found: Identity[] = []
  for (const pid of seen) {
    for (const row of children.get(pid) ?? []) {
      if (seen.has(row.pid)) continue
      seen.add(row.pid)
      if (!row.ended) found.push({ pid: row.pid, startTime: row.startTime })
    }
  }
  return found
}

/** The value of one environment variable, as it was at exec, for those of these processes that have it and may be read. */
export function environmentOf(rows: readonly ProcessRow[], name: string): Map<number, string> {
  const values = new Map<number, string>()
  if (!hasProc) {
    const wanted = new Set(rows.map((row) => row.pid))
    for (const [pid, value] of environmentsFromPs(name)) if (wanted.has(pid)) values.set(pid, value)
    return values
  }
  for (const { pid, ended } of rows) {
    const text = ended ? undefined : readProc(pid, 'environ')
    if (!text) continue
    const found = text.split('\0').find((entry) => entry.startsWith(`${name}=`))
    if (found !== undefined) values.set(pid, found.slice(name.length + 1))
  }
  return values
}

/** Memory of one process in KiB: its proportional share (PSS) where the system tells it, else RSS; undefined when gone. */
export function pssKb(pid: number): number | undefined {
  if (!hasProc) return residentKbFromPs(pid)
  const kb = (text: string | undefined, label: RegExp) => {
    const match = text === undefined ? null : label.exec(text)
    return match === null ? undefined : Number(match[1])
  }
  return (
    kb(readProc(pid, 'smaps_rollup'), /^Pss:\s+(\d+) kB/m) ??
    kb(readProc(pid, 'status'), /^VmRSS:\s+(\d+) kB/m)
  )
}

/** What a process shares and what it does not, KiB. */
export interface MemoryShare {
  readonly pssKb: number
  /** Written by it and shared with nobody: another copy of the program has at least as much of its own. Undefined where the system does not tell. */
  readonly ownKb: number | undefined
}

/** One look at both; undefined when gone. */
export function memoryShareOf(pid: number): MemoryShare | undefined {
  const text = hasProc ? readProc(pid, 'smaps_rollup') : undefined
  const [, pss] = /^Pss:\s+(\d+) kB/m.exec(text ?? '') ?? []
  const [, own] = /^Private_Dirty:\s+(\d+) kB/m.exec(text ?? '') ?? []
  if (pss !== undefined) return { pssKb: Number(pss), ownKb: own === undefined ? undefined : Number(own) }
  const other = pssKb(pid)
  return other === undefined ? undefined : { pssKb: other, ownKb: undefined }
}

/** Resident memory of one process in KiB; undefined when gone. Cheaper than its proportional share. */
export function rssKb(pid: number): number | undefined {
  if (!hasProc) return residentKbFromPs(pid)
  const pages = readProc(pid, 'statm')?.split(' ', 2)[1]
  return pages === undefined ? undefined : Number(pages) * PAGE_KB
}

/** Of x86-64 and, in the kernels that distributions ship, of arm64. */
const PAGE_KB = 4

/** Clock ticks per second in /proc: 100 on every system that Node runs on (USER_HZ). */
const TICK_MS = 10

/** CPU time that a process has used so far, ms; undefined when gone, or where the system does not tell it cheaply. */
export function cpuMsOf(pid: number): number | undefined {
  const text = hasProc ? readProc(pid, 'stat') : undefined
  if (!text) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 13)
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** Names this boot of the machine, for start times that only mean something within one; empty where they always do. */
export function machineBootId(): string {
  return hasProc ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim() : ''
}

/** Names the PID namespace: another one gives the same pids to other processes. Empty where the system has none, or does not tell. */
export function pidNamespace(): string {
  try {
    return hasProc ? readlinkSync('/proc/self/ns/pid') : ''
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'EACCES', 'EPERM')) return ''
    throw error
  }
}

/** Fields as in proc(5): the command's name may hold blanks, brackets and line ends, so they are counted from its last ')'. */
export function parseStat(text: string): ProcessRow {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20)
  return {
    pid: Number.parseInt(text, 10),
    startTime: fields[19] ?? '',
    parent: Number(fields[1]),
    session: Number(fields[3]),
    ended: fields[0] === 'Z' || fields[0] === 'X',
  }
}

function readProc(pid: number, file: string): string | undefined {
  try {
    // Node reads UTF-8 in one native call, twice as fast as any other way.
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    // Gone, a kernel thread, or somebody else's.
    if (hasErrno(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined
    throw error
  }
}

function startsWithDigit(name: string): boolean {
  const code = name.charCodeAt(0)
  return code >= 48 && code <= 57
}

/** How many descriptors this process may have open; 256, the least of the systems we know, where it cannot be read. */
export function descriptorLimit(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 256)
  } catch {
    return 256
  }
}
