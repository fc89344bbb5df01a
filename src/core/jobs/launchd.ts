import { join } from 'node:path'
import { instanceOf, type JobSet, readJobSet } from './job-set.ts'
import { JOBS } from './job-table.ts'
import { launchdFile } from './launchd-file.ts'
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

/** An agent of launchd for each job, in the user's domain. */
export const launchd: Scheduler = {
  name: 'launchd',
  missing: (ground) => {
    if (ground.where.platform !== 'darwin') return 'launchd is a part of macOS'
    return toolPath('launchctl', ground) === undefined ? 'launchctl is not on this machine' : undefined
  },
  changes: async (set, ground) => fileChanges(set, ground),
  apply: async (set, ground) => {
    const changed = differing(fileChanges(set, ground))
    const isThere = launchd.missing(ground) === undefined
    for (const { job, before } of changed) {
      // One that is not loaded is no failure: its file may have been put there by hand.
      if (before !== undefined && isThere)
        await callTool('launchctl', ['bootout', `${domain()}/${labelOf(job!, ground)}`], ground)
    }
    carryOutFiles(changed)
    for (const { path, after } of changed) {
      if (after === undefined) continue
      const loaded = await callTool('launchctl', ['bootstrap', domain(), path], ground)
      if (loaded.code !== 0) throw refusal('launchctl bootstrap', loaded)
    }
  },
}

function fileChanges(set: JobSet | undefined, ground: Ground): readonly Change[] {
  const former = readJobSet(ground.paths)?.jobs.map(({ name }) => name) ?? []
  const names = [...new Set([...JOBS.map(({ name }) => name), ...former])]
  return names.map((name) => {
    const job = set?.jobs.find((one) => one.name === name)
    const label = labelOf(name, ground)
    const text =
      job === undefined || set === undefined
        ? undefined
        : launchdFile(label, ['jobs', 'run', '--due', name], set.program, parseAt(job.at).schedule)
    return fileChange(join(ground.where.home, 'Library/LaunchAgents', `${label}.plist`), text, name)
  })
}

function labelOf(job: string, { paths }: Ground): string {
  const instance = instanceOf(paths)
  return instance === '' ? `mycelium.${job}` : `mycelium.${instance}.${job}`
}

function domain(): string {
  return `gui/${process.getuid?.() ?? 0}`
}
