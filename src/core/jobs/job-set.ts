import { mkdirSync, rmSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { writeFailure, writeFileAtomic } from '../config/write-file.ts'
import { fingerprint } from '../hash.ts'
import { MARKER } from '../process.ts'
import { textIfRegular } from '../regular-file.ts'
import { parseAt } from './schedule.ts'

/** What starts jobs by the clock, best first. */
export const SCHEDULERS = ['launchd', 'systemd', 'cron'] as const

/** One of SCHEDULERS. */
export type SchedulerName = (typeof SCHEDULERS)[number]

/** How a scheduler starts mycelium: absolute paths, and all of the environment that it needs. */
export interface Program {
  readonly node: string
  readonly script: string
  readonly env: Readonly<Record<string, string>>
}

/** One job of the set. */
export interface InstalledJob {
  readonly name: string
  /** As parseAt() writes it. */
  readonly at: string
  /** ISO 8601. Times before it are not missed ones. */
  readonly since: string
}

/** All jobs that a scheduler was told of: jobs/installed.json of the root. */
export interface JobSet {
  readonly version: 1
  readonly scheduler: SchedulerName
  readonly program: Program
  readonly jobs: readonly InstalledJob[]
}

/** The set; undefined where nothing was installed, or what is there cannot be understood. */
export function readJobSet(paths: Pick<Paths, 'jobs'>): JobSet | undefined {
  const text = textIfRegular(setPath(paths))
  if (text === undefined) return undefined
  try {
    const value = Object(JSON.parse(text))
    const { node, script, env } = Object(value.program)
    const isSound =
      value.version === 1 &&
      SCHEDULERS.includes(value.scheduler) &&
      typeof node === 'string' &&
      typeof script === 'string' &&
      typeof env === 'object' &&
      Array.isArray(value.jobs) &&
      value.jobs.every(isInstalled)
    return isSound ? (value as JobSet) : undefined
  } catch {
    return undefined
  }
}

function isInstalled(value: unknown): boolean {
  const { name, at, since } = Object(value)
  if (typeof name !== 'string' || typeof at !== 'string' || !Number.isFinite(Date.parse(since))) return false
  parseAt(at)
  return true
}

/** Keeps the set; one without jobs goes. */
export function storeJobSet(paths: Pick<Paths, 'root' | 'jobs'>, set: JobSet): void {
  if (set.jobs.length === 0) {
    rmSync(setPath(paths), { force: true })
    return
  }
  makeJobsDirectory(paths)
  writeFileAtomic(setPath(paths), `${JSON.stringify(set, null, 2)}\n`)
}

/** Throws write_failed or config_read_only. */
export function makeJobsDirectory(paths: Pick<Paths, 'root' | 'jobs'>): void {
  try {
    for (const dir of [paths.root, paths.jobs]) mkdirSync(dir, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw writeFailure(paths.jobs, cause)
  }
}

function setPath(paths: Pick<Paths, 'jobs'>): string {
  return join(paths.jobs, 'installed.json')
}

/**
 * What tells the jobs of one root from those of another with the same scheduler; empty for the root that the account has. Not by HOME: a
 * sandbox with a home of its own has the account's crontab all the same.
 */
export function instanceOf(paths: Pick<Paths, 'root'>, home = userInfo().homedir): string {
  return paths.root === join(home, '.mycelium') ? '' : fingerprint([paths.root], 8)
}

/** All of ours but the marker of a server's descendants, by which they are ended. */
const isPassed = (name: string) => /^MYCELIUM_[A-Z0-9_]+$/.test(name) && name !== MARKER
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin'

/** The environment that jobs get: HOME, PATH, and what is set of ours. */
export function jobEnvironment(
  env: NodeJS.ProcessEnv,
  home: string,
  paths: Pick<Paths, 'root'>,
): Readonly<Record<string, string>> {
  const ours = Object.entries(env).filter(([name, value]) => isPassed(name) && value)
  const isElsewhere = paths.root !== join(home, '.mycelium')
  return {
    HOME: home,
    PATH: env.PATH || DEFAULT_PATH,
    ...Object.fromEntries(ours.sort(([a], [b]) => (a < b ? -1 : 1)) as [string, string][]),
    ...(isElsewhere && { MYCELIUM_HOME: paths.root }),
  }
}
