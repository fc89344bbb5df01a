import { type Clock, pause, systemClock } from '../clock.ts'
import { hasErrno } from '../errors.ts'
import { type Identity, isAlive } from '../process.ts'
import type { UpstreamProcess } from './spawn.ts'
import { markedPids, readTable, rememberTrees, type TableIndex, treeMembers } from './tree.ts'

/** How long an upstream may take at each step before the next. */
export interface EndOptions {
  /** From closing stdin to SIGTERM. */
  readonly eofMs?: number
  /** From SIGTERM to SIGKILL. */
  readonly graceMs?: number
  readonly clock?: Clock
}

/** Finds the living members of some trees in a process table. */
export type FindMembers = (table: TableIndex) => readonly Identity[]

/** SIGKILL is awaited this long; what is left then hangs in the kernel and nobody can end it. */
const KILL_WAIT_MS = 5_000

/** Ends one upstream and its whole tree; see endUpstreams. */
export function endUpstream(upstream: UpstreamProcess, options?: EndOptions): Promise<readonly Identity[]> {
  return endUpstreams([upstream], options)
}

/**
 * Ends upstreams and everything they started: closes stdin, then SIGTERM, then SIGKILL. Also for an upstream that has exited by
 * itself, because it may have left a grandchild. Resolves when all are gone, with those that even SIGKILL did not end (normally none).
 */
export async function endUpstreams(
  upstreams: readonly UpstreamProcess[],
  { eofMs = 500, graceMs = 1500, clock = systemClock }: EndOptions = {},
): Promise<readonly Identity[]> {
  if (upstreams.length === 0) return []
  // The clock's timers let this process end; an open port holds it until the trees are gone.
  const hold = new MessageChannel().port1
  hold.ref()
  try {
    // Parents are only known while they live, so look before anything ends.
    const trees = rememberTrees(upstreams)
    for (const { stdin } of upstreams) stdin.end()
    await whileAlive(trees, eofMs, clock)
    const find = finderFor(upstreams)
    const stubborn = find(readTable())
    if (stubborn.length === 0) return []
    // One each, not one to the group and another to the process: some programs take the second for "at once".
    for (const member of stubborn) signal(member, 'SIGTERM')
    await whileAlive(stubborn, graceMs, clock)
    return await killTrees(find, clock)
  } finally {
    hold.close()
    for (const upstream of upstreams) closePipes(upstream, clock)
  }
}

/** SIGKILLs these upstreams' trees at once, for the synchronous way out of the daemon. */
export function killNow(upstreams: readonly UpstreamProcess[]): void {
  if (upstreams.length > 0) strike(finderFor(upstreams))
}

/** SIGKILLs what is known of a tree, without a look at the process table: its end is then told, and takes the rest. */
export function killSeen({ seen }: UpstreamProcess): void {
  for (const member of seen.values()) signal(member, 'SIGKILL')
}

/** SIGKILLs trees until none of their members is left; resolves with those it could not end. */
export async function killTrees(find: FindMembers, clock: Clock): Promise<readonly Identity[]> {
  const deadline = clock.now() + KILL_WAIT_MS
  // A process that forks and exits all the time can slip through one reading of the table: two must be empty.
  for (let empty = 0; empty < 2; ) {
    const struck = strike(find)
    empty = struck.length === 0 ? empty + 1 : 0
    if (clock.now() > deadline) return struck
    if (struck.length > 0) await whileAlive(struck, deadline - clock.now(), clock)
    else await pause(clock, 20)
  }
  return []
}

/** Stops every member before it kills any, so that no member can start another meanwhile. */
function strike(find: FindMembers): Identity[] {
  const stopped = new Map<number, Identity>()
  for (let round = 0; round < 10; round++) {
    const fresh = find(readTable()).filter(({ pid }) => !stopped.has(pid))
    if (fresh.length === 0) break
    for (const member of fresh) {
      signal(member, 'SIGSTOP')
      stopped.set(member.pid, member)
    }
  }
  for (const member of stopped.values()) signal(member, 'SIGKILL')
  return [...stopped.values()]
}

/**
 * Finds the members of the trees of `known` and of all whose marker matches. Whoever was found once stays known: after a
 * member's death nothing else may lead to its children.
 */
export function treeFinder(
  known: readonly Identity[],
  matches: (marker: string) => boolean,
  since: readonly Identity[] = [],
): FindMembers {
  const everSeen = new Map(known.map((identity) => [identity.pid, identity]))
  return (table) => {
    const members = treeMembers(table, everSeen.values(), markedPids(table, matches, since))
    for (const { pid, startTime } of members) everSeen.set(pid, { pid, startTime })
    return members
  }
}

function finderFor(upstreams: readonly UpstreamProcess[]): FindMembers {
  const markers = new Set(upstreams.map(({ marker }) => marker))
  const known = upstreams.flatMap(({ seen }) => [...seen.values()])
  const roots = upstreams.map(({ identity }) => identity)
  return treeFinder(known, (marker) => markers.has(marker), roots)
}

function signal(member: Identity, name: NodeJS.Signals): void {
  if (!isAlive(member)) return
  try {
    process.kill(member.pid, name)
  } catch (error) {
    // Gone in this instant, or it became another user's (sudo).
    if (!hasErrno(error, 'ESRCH', 'EPERM')) throw error
  }
}

async function whileAlive(members: readonly Identity[], limitMs: number, clock: Clock): Promise<void> {
  const deadline = clock.now() + limitMs
  let left = members.filter(isAlive)
  for (let waitMs = 5; left.length > 0 && clock.now() < deadline; waitMs = Math.min(50, waitMs * 2)) {
    await pause(clock, Math.min(waitMs, deadline - clock.now()))
    left = left.filter(isAlive)
  }
}

/** What the server wrote last may still be on its way to a reader; a pipe that nobody reads must not stay open. */
function closePipes({ stdin, stdout, stderr }: UpstreamProcess, clock: Clock): void {
  stdin.destroy()
  clock.after(250, () => {
    stdout.destroy()
    stderr.destroy()
  })
}
