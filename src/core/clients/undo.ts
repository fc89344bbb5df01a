import { setImmediate as otherWork } from 'node:timers/promises'
import { leaveFailureNote, type Paths } from '../config/paths.ts'
import { type ServerDef, writeRegistry } from '../config/registry.ts'
import { MyceliumError } from '../errors.ts'
import { goneFiles, isGone, isKeptFor, neededLaunchers, stillCalled } from './called.ts'
import { changeFile } from './change-file.ts'
import { discover, type Problem, problemOf } from './discover.ts'
import { JOURNAL_NAME, type JournalFile, readJournal, withFile, writeJournal } from './journal.ts'
import { knownServers, registrySays } from './known-servers.ts'
import { type Left, leftBehind } from './left-behind.ts'
import {
  anythingOfOurs,
  hasRecords,
  type Kept,
  removeCreated,
  removeLaunchers,
  removeOurFiles,
} from './our-files.ts'
import type { Where } from './places.ts'
import { serversNow } from './plan.ts'
import {
  goneProblem,
  type UndoneFile,
  type UndoOutcome,
  type UndoTarget,
  undoTargets,
  undoText,
} from './undo-targets.ts'

/** What undo did. */
export interface Undone {
  readonly files: readonly UndoneFile[]
  readonly problems: readonly Problem[]
  /** Whether everything of ours is gone from the machine, but for the user's own settings. A problem says what else stayed. */
  readonly removed: boolean
  readonly daemonStopped: boolean
  /** What became of recorded usage; undefined where there was none, or nothing was removed. */
  readonly records?: 'kept' | 'removed'
  /** What is not ours and stays, once all of ours is removed. */
  readonly left?: Left
  /** Why launchers and daemon stay, when they do. */
  readonly stays?: 'in use' | 'failed'
}

/** How to undo. */
export interface UndoChoices {
  /** Stops between two files. */
  readonly signal?: AbortSignal | undefined
  /** Leaves what was recorded. */
  readonly keepUsage?: boolean | undefined
}

/** Takes our edits out of these files, and, when no file holds any more, removes everything else of ours. */
export async function undo(
  targets: readonly UndoTarget[],
  where: Where,
  paths: Paths,
  stopDaemon: (paths: Paths) => Promise<boolean>,
  { signal, keepUsage = false }: UndoChoices = {},
): Promise<Undone> {
  const files: UndoneFile[] = []
  const problems: Problem[] = []
  const stays: Undone = { files, problems, removed: false, daemonStopped: false }
  for (const target of targets) {
    const client = target.clients[0]?.id ?? ''
    // Ctrl-C is seen between two turns of the event loop only.
    await otherWork()
    try {
      if (signal?.aborted) throw new MyceliumError('interrupted', `stopped before ${target.file}`)
      const undone = await undoFile(target, where, paths)
      files.push(undone)
      settleJournal(target, undone.outcome, paths)
    } catch (error) {
      problems.push(problemOf(client, target.file, error))
      if (signal?.aborted) return { ...stays, stays: 'failed' }
    }
  }
  const failed = problems.length > 0
  const gone = goneFiles(paths)
  try {
    const servers = serversOf(where, paths)
    // Asked anew: entries of other clients, or copied meanwhile, may still call launchers.
    if (failed || servers.length > 0 || undoTargets(where, paths, [], []).some(({ file }) => !isGone(file))) {
      keepNeeded(servers, failed, where, paths)
      const own = gone.filter(({ realFile }) => targets.some((target) => target.realFile === realFile))
      problems.push(...own.map((record) => goneProblem(record, paths)))
      return { ...stays, stays: failed ? 'failed' : 'in use' }
    }
    // An agent that reconnects now gets its original server, not a new daemon.
    if (anythingOfOurs(paths)) leaveFailureNote(paths, 'mycelium is being undone')
    const daemonStopped = await stopDaemon(paths)
    problems.push(...gone.map((record) => goneProblem(record, paths)))
    const recorded = hasRecords(paths)
    problems.push(...removeOurFiles(paths, keptFor(gone, keepUsage)))
    const records = recorded ? { records: keepUsage ? ('kept' as const) : ('removed' as const) } : {}
    const left = problems.length === 0 ? { left: leftBehind(paths, keepUsage) } : {}
    return { files, problems, removed: problems.length === 0, daemonStopped, ...records, ...left }
  } catch (error) {
    problems.push(problemOf('mycelium', paths.root, error))
    return { ...stays, stays: 'failed' }
  }
}

async function undoFile(target: UndoTarget, where: Where, paths: Paths): Promise<UndoneFile> {
  let outcome: UndoOutcome = 'missing'
  let servers: readonly string[] = []
  await changeFile(target.realFile, (text) => {
    const result = undoText(target, text, where, paths)
    outcome = result.outcome
    servers = result.servers
    return result.text
  })
  const { record, realFile } = target
  const created = record?.hooks?.created ?? record?.ignore?.created
  if ((outcome as UndoOutcome) === 'restored' && created !== undefined) removeCreated(realFile, created)
  return { file: target.file, clients: target.clients.map((client) => client.id), outcome, servers }
}

/** Forgets the way back of a file that was undone. Of one that is gone it stays, for it may have been moved, and of one of which this was a copy. */
function settleJournal({ record, realFile }: UndoTarget, outcome: UndoOutcome, paths: Paths): void {
  if (record === undefined) return
  const settled =
    outcome === 'missing' ? !isKeptFor(record, paths) : record.realFile === realFile || isGone(record.file)
  if (settled) writeJournal(paths, withFile(readJournal(paths), record.realFile, undefined))
}

/** What the configs call now; of a config that cannot be read, what it called. */
function serversOf(where: Where, paths: Paths): readonly ServerDef[] {
  const discovery = discover(where)
  return serversNow(discovery, stillCalled(knownServers(paths), discovery.files, where))
}

function keepNeeded(servers: readonly ServerDef[], failed: boolean, where: Where, paths: Paths): void {
  const former = knownServers(paths).servers.map((server) => server.id)
  if (!registrySays(paths, servers)) writeRegistry(paths, { version: 1, servers })
  // While a file could not be undone, it may call any launcher: none is removed.
  if (!failed) removeLaunchers(paths, neededLaunchers(servers, where, paths), former)
}

function keptFor(gone: readonly JournalFile[], usage: boolean): Kept {
  return {
    usage,
    launchers: new Set(gone.flatMap(({ edits }) => edits.map((edit) => edit.id))),
    backups: new Set(
      gone.length === 0 ? [] : [JOURNAL_NAME, ...gone.flatMap(({ first, base }) => [first, base])],
    ),
  }
}
