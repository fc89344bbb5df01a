import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { fingerprint } from '../hash.ts'
import { namesIn } from '../names-in.ts'
import { readRegular, textIfRegular } from '../regular-file.ts'
import { type Guard, guardPath } from './guard-file.ts'
import type { FormerPlan } from './hysteresis.ts'
import type { HiddenFile, IgnorePlan } from './plan.ts'

/** How a plan was asked for, so that the next one is asked for alike. */
export interface PlanRequest {
  readonly budgetTokens?: number
  readonly keepPercent?: number
  readonly targets: readonly string[]
  readonly hideTests: boolean
}

/** The plan in force in one project: ignore/ID.plan.json of the root. */
export interface StoredPlan {
  readonly version: 1
  readonly project: string
  /** ISO 8601. */
  readonly writtenAt: string
  readonly request: PlanRequest
  readonly hide: readonly HiddenFile[]
  /** Importance of every file when it was written, for hysteresis. */
  readonly importance: Readonly<Record<string, number>>
  /** Paths that the user opened: they stay visible in every plan. */
  readonly allowed: readonly string[]
  readonly savedTokens: number
  readonly totalTokens: number
}

function planPath(paths: Pick<Paths, 'ignore'>, project: string): string {
  return join(paths.ignore, `${fingerprint([project])}.plan.json`)
}

/** The plan in force; undefined where nothing is hidden, or what is there cannot be understood. */
export function readPlan(paths: Pick<Paths, 'ignore'>, project: string): StoredPlan | undefined {
  try {
    const value = Object(JSON.parse(readRegular(planPath(paths, project)).toString('utf8')))
    const sound = [value.hide, value.allowed].every(Array.isArray) && typeof value.importance === 'object'
    return value.version === 1 && value.project === project && sound ? (value as StoredPlan) : undefined
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR') || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** The same where there must be one. Throws ignore_none. */
export function planInForce(paths: Pick<Paths, 'ignore'>, project: string): StoredPlan {
  const stored = readPlan(paths, project)
  if (stored === undefined) throw nothingHidden(project)
  return stored
}

/** What a command says that needs a plan in force. */
export function nothingHidden(project: string): MyceliumError {
  return new MyceliumError('ignore_none', `nothing is hidden in ${project}`)
}

/** What hysteresis needs of it. */
export function formerOf(plan: StoredPlan): FormerPlan {
  return {
    hidden: new Set(plan.hide.map(({ path }) => path)),
    importance: new Map(Object.entries(plan.importance)),
  }
}

/** Puts a plan in force for the hook, and keeps it for the next. The guard comes last: hooks read it at any moment. */
export function storePlan(
  paths: Pick<Paths, 'root' | 'ignore'>,
  plan: IgnorePlan,
  kept: Pick<StoredPlan, 'project' | 'writtenAt' | 'request' | 'allowed'>,
): void {
  for (const directory of [paths.root, paths.ignore]) mkdirSync(directory, { recursive: true, mode: 0o700 })
  const importance: Record<string, number> = Object.create(null)
  for (const { path, importance: worth } of plan.hide) importance[path] = worth
  for (const [path, { importance: worth }] of plan.keep) importance[path] = worth
  const stored: StoredPlan = {
    version: 1,
    ...kept,
    hide: plan.hide,
    importance,
    savedTokens: plan.savedTokens,
    totalTokens: plan.totalTokens,
  }
  const guard: Guard = { version: 1, project: kept.project, ...plan.patterns }
  writeFileAtomic(planPath(paths, kept.project), `${JSON.stringify(stored)}\n`)
  writeFileAtomic(guardPath(paths.ignore, kept.project), `${JSON.stringify(guard)}\n`)
}

/** Takes it out of force. The guard goes first. */
export function removePlan(paths: Pick<Paths, 'ignore'>, project: string): void {
  rmSync(guardPath(paths.ignore, project), { force: true })
  rmSync(planPath(paths, project), { force: true })
}

/** Whether any project has a plan in force. */
export function anyPlan(paths: Pick<Paths, 'ignore'>): boolean {
  return namesIn(paths.ignore).some((name) => name.endsWith('.guard.json'))
}

/** Every plan in force, by project; what cannot be understood is left out. */
export function storedPlans(paths: Pick<Paths, 'ignore'>): readonly StoredPlan[] {
  return namesIn(paths.ignore)
    .filter((name) => name.endsWith('.plan.json'))
    .flatMap((name) => {
      const text = textIfRegular(join(paths.ignore, name))
      return text === undefined ? [] : (projectIn(text, paths) ?? [])
    })
    .sort((a, b) => (a.project < b.project ? -1 : 1))
}

function projectIn(text: string, paths: Pick<Paths, 'ignore'>): StoredPlan | undefined {
  try {
    const { project } = Object(JSON.parse(text))
    return typeof project === 'string' ? readPlan(paths, project) : undefined
  } catch {
    return undefined
  }
}
