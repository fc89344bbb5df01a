import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { removeIfEmpty } from '../clients/our-files.ts'
import { instanceOf, type JobSet, readJobSet } from './job-set.ts'
import { JOBS } from './job-table.ts'
import { carryOutFiles, fileChange } from './planned-files.ts'
import { parseAt } from './schedule.ts'
import {
  type Change,
  callTool,
  differing,
  type Ground,
  refusal,
  type Scheduler,
  toolPath,
} from './scheduler.ts'
import { systemdService, systemdTimer } from './systemd-file.ts'

/** A timer and a service for each job, in the units of the user's own manager. */
export const systemd: Scheduler = {
  name: 'systemd',
  missing: (ground) => {
    if (toolPath('systemctl', ground) === undefined) return 'systemctl is not on this machine'
    const socket = join(runtimeDirectory(ground), 'systemd/private')
    return existsSync(socket) ? undefined : `no user manager of systemd runs (${socket})`
  },
  changes: async (set, ground) => fileChanges(set, ground),
  apply: async (set, ground) => {
    const changes = fileChanges(set, ground)
    const gone = timersOf(changes.filter(({ before, after }) => before !== undefined && after === undefined))
    // The manager may be gone, and with it what it would have started: then the files are all there is.
    const isThere = systemd.missing(ground) === undefined
    const refused =
      gone.length > 0 && isThere
        ? await control(['disable', '--now', ...gone], ground).catch(reason)
        : undefined
    carryOutFiles(changes)
    for (const timer of gone) carryOutFiles([{ path: wanted(timer, ground), before: '', after: undefined }])
    if (gone.length > 0) removeEmptied(ground)
    if (refused !== undefined) throw refused
    if (set === undefined && (!isThere || differing(changes).length === 0)) return
    await control(['daemon-reload'], ground)
    if (set === undefined) return
    const timers = timersOf(changes.filter(({ after }) => after !== undefined))
    await control(['enable', ...timers], ground)
    // Anew, because one that runs goes on with the time that it was started with.
    await control(['restart', ...timers], ground)
  },
}

/** Kept until the files are gone too: those would start it all again. */
function reason(error: unknown): unknown {
  return error
}

function fileChanges(set: JobSet | undefined, ground: Ground): readonly Change[] {
  const former = readJobSet(ground.paths)?.jobs.map(({ name }) => name) ?? []
  const names = [...new Set([...JOBS.map(({ name }) => name), ...former, ...namesIn(set)])]
  return names.flatMap((name) => {
    const job = set?.jobs.find((one) => one.name === name)
    const texts =
      job === undefined || set === undefined
        ? [undefined, undefined]
        : [
            systemdService(`mycelium: ${name}`, ['jobs', 'run', '--due', name], set.program),
            systemdTimer(`mycelium: ${name}`, parseAt(job.at).schedule),
          ]
    return ['service', 'timer'].map((kind, i) =>
      fileChange(join(unitDirectory(ground), unitName(name, kind, ground)), texts[i], name),
    )
  })
}

function namesIn(set: JobSet | undefined): readonly string[] {
  return set?.jobs.map(({ name }) => name) ?? []
}

function unitName(job: string, kind: string, { paths }: Ground): string {
  const instance = instanceOf(paths)
  return `mycelium-${job}${instance === '' ? '' : `-${instance}`}.${kind}`
}

function timersOf(changes: readonly Change[]): readonly string[] {
  return changes.flatMap(({ path }) =>
    path.endsWith('.timer') ? [path.slice(path.lastIndexOf('/') + 1)] : [],
  )
}

/** The link by which a timer is enabled: `disable` removes it, where there is a manager to ask. */
function wanted(timer: string, ground: Ground): string {
  return join(unitDirectory(ground), 'timers.target.wants', timer)
}

function unitDirectory({ where }: Ground): string {
  return join(where.env.XDG_CONFIG_HOME || join(where.home, '.config'), 'systemd/user')
}

/** Up to those that everybody has. */
function removeEmptied(ground: Ground): void {
  const units = unitDirectory(ground)
  for (const directory of [join(units, 'timers.target.wants'), units, dirname(units)])
    removeIfEmpty(directory)
}

function runtimeDirectory({ where }: Ground): string {
  return where.env.XDG_RUNTIME_DIR || `/run/user/${process.getuid?.() ?? 0}`
}

async function control(args: readonly string[], ground: Ground): Promise<void> {
  const result = await callTool('systemctl', ['--user', ...args], ground, {
    env: { XDG_RUNTIME_DIR: runtimeDirectory(ground) },
  })
  if (result.code !== 0) throw refusal(`systemctl --user ${args[0]}`, result)
}
