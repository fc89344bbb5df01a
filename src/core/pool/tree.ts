import { environmentOf, type Identity, MARKER, type ProcessRow, processTable } from '../process.ts'
import type { UpstreamProcess } from './spawn.ts'

/** The process table, arranged for questions about trees. */
export interface TableIndex {
  readonly rows: readonly ProcessRow[]
  readonly byPid: ReadonlyMap<number, ProcessRow>
  /** Under a pid: its children, and the members of the session it leads. */
  readonly tied: ReadonlyMap<number, readonly ProcessRow[]>
}

/** Reads the process table once, for any number of questions. */
export function readTable(): TableIndex {
  return indexTable(processTable())
}

/** Arranges rows; pure. */
export function indexTable(rows: readonly ProcessRow[]): TableIndex {
  const tied = new Map<number, ProcessRow[]>()
  const tie = (pid: number, row: ProcessRow) => {
    const others = tied.get(pid)
    if (others === undefined) tied.set(pid, [row])
    else others.push(row)
  }
  for (const row of rows) {
    tie(row.parent, row)
    if (row.session !== row.pid) tie(row.session, row)
  }
  return { rows, byPid: new Map(rows.map((row) => [row.pid, row])), tied }
}

/**
 * Every living process of these trees: the known ones, the marked ones, and whoever has one of them as its parent or as the
 * leader of its session, transitively. The session catches orphans, the marker those that made a session of their own; one
 * that also cleared its environment is found through its parent, or because it was known while that parent lived. Pure.
 * Pairs with members() in templates/watcher.sh.
 */
export function treeMembers(
  table: TableIndex,
  known: Iterable<Identity>,
  marked: Iterable<number> = [],
): ProcessRow[] {
  const ours = new Set(marked)
  for (const { pid, startTime } of known) {
    // A pid that nobody has now still names the session it led; one that somebody else has now means nothing.
    const row = table.byPid.get(pid)
    if (row === undefined || row.startTime === startTime) ours.add(pid)
  }
  // init and this process are in no tree, whatever they carry; a set that grows is walked to its end.
  for (const pid of [0, 1, process.pid]) ours.delete(pid)
  for (const pid of ours) {
    for (const row of table.tied.get(pid) ?? []) if (row.pid !== process.pid) ours.add(row.pid)
  }
  return [...ours].flatMap((pid) => {
    const row = table.byPid.get(pid)
    return row === undefined || row.ended ? [] : [row]
  })
}

/** The pids whose environment carries a marker that `matches`. With `since`, processes older than all of those are not looked at. */
export function markedPids(
  table: TableIndex,
  matches: (marker: string) => boolean,
  since: readonly Identity[] = [],
): number[] {
  const oldest = since.length === 0 ? 0 : Math.min(...since.map(({ startTime }) => Number(startTime)))
  // Start times that are not numbers (macOS) compare false both ways: nobody is left out.
  const candidates = table.rows.filter((row) => !(Number(row.startTime) < oldest))
  return [...environmentOf(candidates, MARKER)].filter(([, marker]) => matches(marker)).map(([pid]) => pid)
}

/** Brings `seen` of every upstream up to date in one pass over the table and returns all of them together; takes milliseconds. */
export function rememberTrees(upstreams: readonly UpstreamProcess[]): Identity[] {
  if (upstreams.length === 0) return []
  const table = readTable()
  return upstreams.flatMap(({ identity, seen }) => {
    const members = treeMembers(table, seen.values())
    seen.clear()
    // The root stays, dead or alive: its pid names the session.
    for (const { pid, startTime } of [identity, ...members]) seen.set(pid, { pid, startTime })
    return [...seen.values()]
  })
}
