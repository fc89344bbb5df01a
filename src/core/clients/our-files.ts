import { closeSync, lstatSync, readdirSync, readSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import {
  isBudgetName,
  isCalibrationName,
  isDatabaseName,
  isDiffsName,
  isJobsName,
  isModelName,
  isOriginalsName,
  isOurLogName,
  isOurRunName,
  isPlanName,
  isScoresName,
  isSegmentName,
} from '../config/own-names.ts'
import { isForeignRun, type Paths } from '../config/paths.ts'
import { saysNothing } from '../config/settings-file.ts'
import { TEMPORARY } from '../config/write-file.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { namesIn } from '../names-in.ts'
import { openRegular } from '../regular-file.ts'
import type { Problem } from './discover.ts'
import { isSoundBackup, JOURNAL_NAME, readJournal } from './journal.ts'
import { knownServers } from './known-servers.ts'

/** Second line of every launcher; pairs with templates/launcher.sh. */
const LAUNCHER_MARK = '\n# mycelium launcher of the MCP server '
/** Enough to hold the mark. */
const HEAD_BYTES = 128
/** Pairs with launch/compiled-relay.ts, which also leaves temporary names when it is killed, and launch/quiet.ts. */
const BIN_NAME = /^relay-[0-9a-f]{12}(\.[0-9a-f]{8}\.tmp.*)?$|^(quiet|mcp)(\.\d+\.[0-9a-f]{8}\.tmp)?$/
const CONF_DRAFT = /\.tmp-\d{10}[0-9a-f]{6}$/
/** Of the root unless MYCELIUM_HOME says otherwise: what lies in it is ours even if others use the name too. */
export const OWN_ROOT_NAME = '.mycelium'

/** What a removal leaves: ids of launchers, and names in the directory of backups. */
export interface Kept {
  readonly launchers: ReadonlySet<string>
  readonly backups: ReadonlySet<string>
  /** What was recorded: events, the database, and what was learnt from transcripts. */
  readonly usage: boolean
}

/** Whether anything below the root, or its run directory, was made by us. The root may be a directory of the user's with things of their own. */
export function anythingOfOurs(paths: Paths): boolean {
  if (ourLaunchers(paths).length > 0 || ourRunFiles(paths).length > 0 || ourRecords(paths).length > 0)
    return true
  if (ourDerived(paths).length > 0 || namesIn(paths.ignore).some(isPlanName)) return true
  if (namesIn(paths.jobs).some(isJobsName)) return true
  if (knownServers(paths).servers.length > 0 || readJournal(paths).files.length > 0) return true
  if (ourBackups(paths).some((name) => isSoundBackup(paths, name))) return true
  // Names that others use too count only where the directory has our name.
  if (basename(paths.root) !== OWN_ROOT_NAME) return false
  if (saysNothing(paths.settings)) return true
  return directoriesOf(paths).some(exists) || (exists(paths.root) && isEmptyDirectory(paths.root))
}

/** Removes the launchers that are ours and not to be kept. */
export function removeLaunchers(paths: Paths, kept: ReadonlySet<string>, named: Iterable<string> = []): void {
  for (const name of ourLaunchers(paths, named)) {
    if (!kept.has(name)) rmSync(join(paths.launchers, name), { force: true })
  }
}

/** Removes all that we made, and directories that are empty then. What cannot be removed becomes a problem. */
export function removeOurFiles(paths: Paths, kept: Kept): readonly Problem[] {
  if (!anythingOfOurs(paths)) return []
  const problems: Problem[] = []
  const trying = (path: string, work: () => void) => {
    try {
      work()
    } catch (cause) {
      if (!isSystemError(cause)) throw cause
      const error = new MyceliumError('not_removed', `${path} could not be removed: ${cause.code}`, { cause })
      problems.push({ client: 'mycelium', file: path, error })
    }
  }
  const backups = ourBackups(paths).filter((name) => !kept.backups.has(name))
  for (const path of [
    ...ourLaunchers(paths)
      .filter((name) => !kept.launchers.has(name))
      .map((name) => join(paths.launchers, name)),
    ...backups.map((name) => join(paths.backups, name)),
    ...namesIn(paths.bin)
      .filter((name) => BIN_NAME.test(name))
      .map((name) => join(paths.bin, name)),
    ...namesIn(paths.log)
      .filter(isOurLogName)
      .map((name) => join(paths.log, name)),
    ...namesIn(paths.ignore)
      .filter(isPlanName)
      .map((name) => join(paths.ignore, name)),
    ...namesIn(paths.jobs)
      .filter(isJobsName)
      .map((name) => join(paths.jobs, name)),
    ...namesIn(paths.root)
      .filter((name) =>
        [paths.registry, paths.settings, paths.mcpPlaces].some((file) => isDraftOf(file, name)),
      )
      .map((name) => join(paths.root, name)),
    paths.registry,
    paths.mcpPlaces,
    ...(saysNothing(paths.settings) ? [paths.settings] : []),
  ]) {
    trying(path, () => rmSync(path, { force: true }))
  }
  for (const path of ourDerived(paths)) trying(path, () => rmSync(path, { recursive: true, force: true }))
  // DuckDB's spill directory is one of them.
  for (const path of kept.usage ? [] : ourRecords(paths))
    trying(path, () => rmSync(path, { recursive: true, force: true }))
  for (const path of [
    paths.launchers,
    paths.bin,
    paths.backups,
    paths.log,
    paths.events,
    paths.scores,
    paths.models,
    paths.budgets,
    paths.originals,
    paths.diffs,
    paths.ignore,
    paths.jobs,
  ])
    trying(path, () => removeIfEmpty(path))
  trying(paths.run, () => removeRun(paths))
  trying(paths.root, () => removeIfEmpty(paths.root))
  return problems
}

/** What a write that was killed left beside its file; conf names its own drafts (config/store.ts). */
function isDraftOf(file: string, name: string): boolean {
  return name.startsWith(`${basename(file)}.`) && (TEMPORARY.test(name) || CONF_DRAFT.test(name))
}

/** Named by the registry or the journal, or carrying the mark. */
function ourLaunchers(paths: Paths, named: Iterable<string> = []): readonly string[] {
  const ids = new Set(named)
  for (const { id } of knownServers(paths).servers) ids.add(id)
  for (const { edits } of readJournal(paths).files) for (const { id } of edits) ids.add(id)
  return namesIn(paths.launchers).filter(
    (name) => ids.has(name) || TEMPORARY.test(name) || hasMark(join(paths.launchers, name)),
  )
}

function hasMark(file: string): boolean {
  let fd: number | undefined
  try {
    if (!lstatSync(file).isFile()) return false
    fd = openRegular(file)
    const head = Buffer.alloc(HEAD_BYTES)
    return head.toString('utf8', 0, readSync(fd, head)).includes(LAUNCHER_MARK)
  } catch (error) {
    if (isSystemError(error) || error instanceof MyceliumError) return false
    throw error
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function ourBackups(paths: Paths): readonly string[] {
  const named = new Set(readJournal(paths).files.flatMap(({ first, base }) => [first, base]))
  return namesIn(paths.backups).filter(
    (name) => name === JOURNAL_NAME || named.has(name) || TEMPORARY.test(name) || isSoundBackup(paths, name),
  )
}

/** Whether anything was recorded. */
export function hasRecords(paths: Paths): boolean {
  return ourRecords(paths).length > 0
}

/** What was recorded, segments before the database that they go into. */
function ourRecords(paths: Paths): readonly string[] {
  return [
    ...namesIn(paths.events)
      .filter(isSegmentName)
      .map((name) => join(paths.events, name)),
    ...namesIn(paths.root)
      .filter((name) => isDatabaseName(name) || isCalibrationName(name))
      .map((name) => join(paths.root, name)),
  ]
}

/** What was made from repositories and from calls: it can be made again, or is of no use to anybody else. */
function ourDerived(paths: Paths): readonly string[] {
  return [
    ...namesIn(paths.scores)
      .filter(isScoresName)
      .map((name) => join(paths.scores, name)),
    ...namesIn(paths.budgets)
      .filter(isBudgetName)
      .map((name) => join(paths.budgets, name)),
    ...namesIn(paths.originals)
      .filter(isOriginalsName)
      .map((name) => join(paths.originals, name)),
    ...namesIn(paths.diffs)
      .filter(isDiffsName)
      .map((name) => join(paths.diffs, name)),
    ...namesIn(paths.models)
      .filter(isModelName)
      .map((name) => join(paths.models, name)),
  ]
}

function ourRunFiles(paths: Paths): readonly string[] {
  if (isForeignRun(paths)) return []
  return namesIn(paths.run).filter(isOurRunName)
}

/** Last, and in one step: it holds the lock that an init may be waiting for, which then makes one of its own. */
function removeRun(paths: Paths): void {
  if (isForeignRun(paths)) return
  const names = namesIn(paths.run)
  if (isLink(paths.run) || !names.every(isOurRunName)) {
    // Shared with somebody: the lock is given up by the one who holds it.
    for (const name of names.filter((name) => isOurRunName(name) && !name.startsWith('configs.')))
      rmSync(join(paths.run, name), { recursive: true, force: true })
    return
  }
  const gone = `${paths.run}.${process.pid}.gone`
  try {
    renameSync(paths.run, gone)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return
    throw error
  }
  rmSync(gone, { recursive: true, force: true })
}

/** Settings and whatever else the user has in there stay, and with them the directory; so does a link, which only the user can have made. */
export function removeIfEmpty(directory: string): void {
  try {
    if (isEmptyDirectory(directory)) rmdirSync(directory)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR', 'ENOTEMPTY')) throw error
  }
}

/** A file that was made only for us goes when nothing is in it any more, and so does a directory that was made for it. */
export function removeCreated(realFile: string, created: 'file' | 'directory'): void {
  if (statSync(realFile, { throwIfNoEntry: false })?.size !== 0) return
  rmSync(realFile)
  if (created === 'directory') removeIfEmpty(dirname(realFile))
}

function isEmptyDirectory(path: string): boolean {
  return lstatSync(path).isDirectory() && readdirSync(path).length === 0
}

function directoriesOf(paths: Paths): readonly string[] {
  const {
    launchers,
    bin,
    backups,
    log,
    events,
    scores,
    models,
    budgets,
    originals,
    diffs,
    ignore,
    jobs,
    run,
  } = paths
  return [launchers, bin, backups, log, events, scores, models, budgets, originals, diffs, ignore, jobs, run]
}

function exists(path: string): boolean {
  return namesIn(dirname(path)).includes(basename(path))
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
