import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as otherWork } from 'node:timers/promises'
import { readConfig } from '../config/config-text.ts'
import type { Paths } from '../config/paths.ts'
import { type ServerDef, writeRegistry } from '../config/registry.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { MyceliumError } from '../errors.ts'
import { textIfRegular } from '../regular-file.ts'
import { neededLaunchers, stillCalled } from './called.ts'
import { changeFile } from './change-file.ts'
import { clientById } from './client-lookup.ts'
import { discover, entryRules, type Problem, problemOf } from './discover.ts'
import type { EntryRules } from './entry.ts'
import { takeIgnore } from './ignore-edit.ts'
import type { JournalFile } from './journal.ts'
import { knownServers, registrySays } from './known-servers.ts'
import { noteChange } from './note-change.ts'
import { removeLaunchers } from './our-files.ts'
import type { Where } from './places.ts'
import { type FilePlan, type Plan, serversNow } from './plan.ts'
import { type Edit, takeOver } from './rewrite.ts'
import { sameWords } from './server-id.ts'
import { takeBack } from './take-back.ts'

/** The text of a server's launcher. */
export type LauncherText = (server: ServerDef) => string

/** One config text before and after, for showing. */
export interface Preview {
  readonly file: string
  readonly format: FilePlan['format']
  readonly before: string
  readonly after: string
}

/** What applyPlan did. */
export interface Applied {
  readonly changed: readonly {
    readonly client: string
    readonly file: string
    readonly servers: readonly string[]
  }[]
  readonly launchersWritten: number
  /** Ids of servers that were known and that no config calls any more. */
  readonly forgotten: readonly string[]
  readonly problems: readonly Problem[]
}

/** What a plan would make of the files as they are now. */
export function previewPlan(plan: Plan, where: Where): readonly Preview[] {
  return plan.files.flatMap((file) => {
    const before = readConfig(file.file)?.text
    if (before === undefined) return []
    const after = takeOver(
      { ...file, text: before },
      clientById(file.client)!,
      file.takes,
      entryRules(where)(),
    ).text
    return [{ file: file.file, format: file.format, before, after }]
  })
}

/**
 * Carries out a plan. Launchers and registry are written before any config names them, and the journal before the config it is about,
 * so that an end at any point leaves a state from which both init and undo go on. What fails, an interruption too, is in the problems.
 */
export async function applyPlan(
  plan: Plan,
  where: Where,
  paths: Paths,
  launcherText: LauncherText,
  signal?: AbortSignal,
): Promise<Applied> {
  const known = knownServers(paths).servers
  const launchersWritten = writeLaunchers(plan.servers, paths, launcherText)
  if (!registrySays(paths, plan.servers)) writeRegistry(paths, { version: 1, servers: plan.servers })
  const changed: Applied['changed'][number][] = []
  const problems: Problem[] = []
  for (const file of plan.files) {
    // Ctrl-C is seen between two turns of the event loop only.
    await otherWork()
    try {
      if (signal?.aborted) throw new MyceliumError('interrupted', `stopped before ${file.file}`)
      const done = await editFile(file, paths, entryRules(where)())
      if (done.servers.length > 0)
        changed.push({ client: file.client, file: file.file, servers: done.servers })
      if (done.missed.length > 0)
        problems.push({ client: file.client, file: file.file, error: missedError(file, done.missed) })
    } catch (error) {
      problems.push(problemOf(file.client, file.file, error))
      if (signal?.aborted) break
    }
  }
  let forgotten: readonly string[] = []
  try {
    forgotten = dropUncalled(plan, problems.length > 0, known, where, paths)
  } catch (error) {
    problems.push(problemOf('mycelium', paths.registry, error))
  }
  return { changed, launchersWritten, forgotten, problems }
}

function missedError(file: FilePlan, names: readonly string[]): MyceliumError {
  return new MyceliumError(
    'config_changed',
    `${file.file}: ${names.join(', ')} changed meanwhile and was left as it is`,
  )
}

/** Writes the launchers whose text differs from what is on disk; returns how many. */
export function writeLaunchers(
  servers: readonly ServerDef[],
  paths: Paths,
  launcherText: LauncherText,
): number {
  if (servers.length === 0) return 0
  for (const directory of [paths.root, paths.launchers])
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  let written = 0
  for (const server of servers) {
    const file = join(paths.launchers, server.id)
    const text = launcherText(server)
    if (textIfRegular(file) === text) continue
    writeFileAtomic(file, text, 0o700)
    written += 1
  }
  return written
}

/** How many launchers writeLaunchers would write. */
export function staleLaunchers(
  servers: readonly ServerDef[],
  paths: Paths,
  launcherText: LauncherText,
): number {
  return servers.filter((server) => textIfRegular(join(paths.launchers, server.id)) !== launcherText(server))
    .length
}

async function editFile(
  plan: FilePlan,
  paths: Paths,
  rules: EntryRules,
): Promise<{ servers: readonly string[]; missed: readonly string[] }> {
  const client = clientById(plan.client)!
  let missed: readonly string[] = []
  const outcome = await changeFile(plan.realFile, (text) => {
    const result = takeOver({ ...plan, text }, client, plan.takes, rules)
    missed = result.missed.map((take) => take.name)
    if (result.text !== text) note(plan, paths, rules, text, result.text, result.edits)
    return result.text
  })
  if (outcome === 'missing') missed = plan.takes.map((take) => take.name)
  return { servers: plan.takes.map((take) => take.name).filter((name) => !missed.includes(name)), missed }
}

function note(
  plan: FilePlan,
  paths: Paths,
  rules: EntryRules,
  before: string,
  after: string,
  edits: readonly Edit[],
): void {
  const isNew = (old: Edit) =>
    !edits.some((edit) => edit.name === old.name && sameWords(edit.place, old.place))
  const kept = (record: JournalFile | undefined) => (record?.edits ?? []).filter(isNew)
  noteChange(
    paths,
    { file: plan.file, realFile: plan.realFile, before, after },
    (record) => ({ edits: [...kept(record), ...edits] }),
    (record) => {
      const shown = record?.ignore === undefined ? before : takeIgnore(before, record.ignore, plan.file).text
      return takeBack({ ...plan, text: shown }, [clientById(plan.client)!], kept(record), rules).text
    },
  )
}

/** Removes servers and launchers that no config calls, and gives the ids of those that were known: the files decide, not what was planned for them. */
function dropUncalled(
  plan: Plan,
  failed: boolean,
  before: readonly ServerDef[],
  where: Where,
  paths: Paths,
): readonly string[] {
  let { servers } = plan
  if (failed) {
    const discovery = discover(where)
    servers = serversNow(discovery, stillCalled(knownServers(paths), discovery.files, where))
    writeRegistry(paths, { version: 1, servers })
  }
  const isUncalled = ({ id }: ServerDef) => !servers.some((server) => server.id === id)
  const uncalled = [...before, ...plan.servers].filter(isUncalled).map((server) => server.id)
  if (uncalled.length > 0) removeLaunchers(paths, neededLaunchers(servers, where, paths), uncalled)
  return before.filter(isUncalled).map((server) => server.id)
}
