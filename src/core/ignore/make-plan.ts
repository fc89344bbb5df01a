import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { IgnoreWish } from '../clients/ignore-edit.ts'
import type { Where } from '../clients/places.ts'
import type { Paths } from '../config/paths.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import type { Dialect } from './dialects/dialect.ts'
import { dialectsFor, WITHOUT_DIALECT } from './dialects/table.ts'
import { type Change, changesBetween } from './hysteresis.ts'
import { type IgnorePlan, planIgnore } from './plan.ts'
import { formerOf, type PlanRequest, readPlan, type StoredPlan } from './plan-file.ts'
import { recentlyUsed } from './recent-use.ts'
import type { RankRepository } from './source.ts'
import { userKeeps } from './user-lines.ts'

/** Commits whose edits a plan is measured by. */
const HISTORY_COMMITS = 200
/** Files touched within so many commits, or used in so many sessions, stay. */
const RECENT_COMMITS = 20
const RECENT_SESSIONS = 10
const FLOOR = 0.98
/** What is kept unless another size is asked for: a file that is missed costs an agent more than one that is there. */
const CAUTIOUS_PERCENT = 80

/** Where and for what a plan is made. */
export interface PlanPlace {
  readonly project: string
  readonly where: Where
  readonly paths: Paths
  /** `ignore.keep`. */
  readonly keep: readonly string[]
  readonly rank: RankRepository
  readonly signal?: AbortSignal
}

/** A plan, and beside what. */
export interface MadePlan {
  readonly plan: IgnorePlan
  readonly stored: StoredPlan | undefined
  readonly changes: readonly Change[]
}

/** One place that a plan is written to, and what it loses there. */
export interface TargetWish {
  readonly dialect: Dialect
  readonly wish: IgnoreWish
  readonly lossy: readonly string[]
}

/** The project of a path: the git work tree around it, or itself. Links followed. Throws usage. */
export function projectFor(cwd: string, path: string | undefined): string {
  let start: string
  try {
    start = realpathSync(resolve(cwd, path ?? '.'))
  } catch (cause) {
    if (!hasErrno(cause, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) throw cause
    throw new MyceliumError('usage', `${path} is not there`, {
      cause,
      hint: 'mycelium ignore plan DIRECTORY',
    })
  }
  for (let at = start; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at
    if (dirname(at) === at) return start
  }
}

/** Ranks the project's files and plans what to hide, beside the plan in force. `allowed` are paths that the user opened. */
export async function makePlan(
  place: PlanPlace,
  request: PlanRequest,
  allowed: readonly string[],
): Promise<MadePlan> {
  const { project, paths, where, rank, keep, signal } = place
  const { files, commits, recent } = await rank(project, { commits: HISTORY_COMMITS, signal })
  const total = files.reduce((sum, file) => sum + file.tokens, 0)
  const stored = readPlan(paths, project)
  const former = stored === undefined ? undefined : formerOf(stored)
  const rules = {
    floor: FLOOR,
    hideTests: request.hideTests,
    recentCommits: RECENT_COMMITS,
    used: new Set([
      ...recentlyUsed(where.env.CLAUDE_CONFIG_DIR || join(where.home, '.claude'), project, RECENT_SESSIONS),
      ...(recent?.sessions.slice(0, RECENT_SESSIONS).flat() ?? []),
    ]),
    wanted: userKeeps(project, keep, allowed),
    former,
  }
  const budgetTokens =
    request.budgetTokens ?? Math.round((total * (request.keepPercent ?? CAUTIOUS_PERCENT)) / 100)
  const plan = planIgnore(files, commits, { ...rules, budgetTokens })
  const none = { hidden: new Set<string>(), importance: new Map<string, number>() }
  return { plan, stored, changes: changesBetween(former ?? none, plan) }
}

/** What each target would be told. Throws unknown_target. */
export function targetWishes(
  { patterns, hide }: Pick<IgnorePlan, 'patterns' | 'hide'>,
  targets: readonly string[],
  project: string,
  where: Where,
): readonly TargetWish[] {
  const tokens = new Map(hide.map((file) => [file.path, file.tokens]))
  return dialectsFor(targets, (dialect) => isUsed(dialect, project, where)).map((dialect) => {
    const { lines, lossy } = dialect.render(patterns, (path) => tokens.get(path) ?? 0)
    const file = join(project, dialect.shape === 'read' ? opencodeFile(project) : dialect.file)
    return { dialect, wish: { client: dialect.target, project, file, shape: dialect.shape, lines }, lossy }
  })
}

/** Targets that were named and can be told nothing, and why. */
export function untold(targets: readonly string[]): readonly string[] {
  return targets.flatMap((target) => WITHOUT_DIALECT[target] ?? [])
}

function isUsed({ marks, file }: Dialect, project: string, { home, env, platform }: Where): boolean {
  const config = env.XDG_CONFIG_HOME || join(home, '.config')
  const app = platform === 'darwin' ? join(home, 'Library/Application Support') : config
  const places = marks.map((mark) =>
    mark
      .replace(/^~(?=\/)/, () => home)
      .replace('{config}', () => config)
      .replace('{app}', () => app),
  )
  return [...places, file].some((place) => existsSync(resolve(project, place)))
}

function opencodeFile(project: string): string {
  const names = ['opencode.json', 'opencode.jsonc', '.opencode/opencode.json', '.opencode/opencode.jsonc']
  return names.find((name) => existsSync(join(project, name))) ?? 'opencode.json'
}
