import { readdirSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { writeFileAtomic } from '../config/write-file.ts'
import { hasErrno } from '../errors.ts'
import { fingerprint } from '../hash.ts'
import { readRegular } from '../regular-file.ts'
import { type BudgetPlan, SMALL_TOKENS } from './plan.ts'

/** What one file may take, which is null for any size, and its tokens and bytes when the plan was made. */
type Entry = readonly [room: number | null, tokens: number, bytes: number]

/** Before 2 a file that was whole had its own size as its budget. */
const FORMAT = 2

/** What the hook reads: the budgets of a repository, as JSON. Written anew, never edited. */
interface PlanFile {
  readonly format: typeof FORMAT
  /** Directory that the paths are below, with links resolved. */
  readonly root: string
  readonly window: number
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Files larger than those that are always given whole. */
  readonly files: Readonly<Record<string, Entry>>
}

/** What is known of one file that was planned. */
export interface PlannedFile {
  /** Tokens up to which it is given whole, and that an outline of it may have; Infinity where everything fits. */
  readonly budget: number
  /** When the plan was made. */
  readonly tokens: number
  readonly bytes: number
}

/** The name of a repository's plan in the directory of budgets; pairs with config/own-names.ts. */
export function planName(root: string): string {
  return `plan-${fingerprint([root])}.json`
}

/** Writes the plan for the hook. `root` with links resolved. Throws write_failed, config_read_only. */
export function writePlan(dir: string, root: string, plan: BudgetPlan, nowMs: number): string {
  const large = plan.files.filter(({ tokens }) => tokens > SMALL_TOKENS)
  const files = Object.fromEntries(
    large.map(({ path, room, tokens, bytes }): [string, Entry] => [
      path,
      [Number.isFinite(room) ? room : null, tokens, bytes],
    ]),
  )
  const file: PlanFile = { format: FORMAT, root, window: plan.window, at: nowMs, files }
  const path = join(dir, planName(root))
  writeFileAtomic(path, `${JSON.stringify(file)}\n`)
  return path
}

/** The plan of a repository; undefined where there is none, or none that this version reads. */
export function readPlan(dir: string, root: string): PlanFile | undefined {
  try {
    const plan = JSON.parse(readRegular(join(dir, planName(root))).toString('utf8'))
    return isPlan(plan) ? plan : undefined
  } catch (error) {
    if (error instanceof SyntaxError || hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

function isPlan(value: unknown): value is PlanFile {
  const { format, files } = Object(value)
  return (
    format === FORMAT && typeof files === 'object' && files !== null && Object.values(files).every(isEntry)
  )
}

function isEntry(value: unknown): value is Entry {
  const [room, tokens, bytes] = Array.isArray(value) ? value : []
  return (room === null || Number.isFinite(room)) && Number.isFinite(tokens) && Number.isFinite(bytes)
}

/** Budgets given before, for a plan that is to be made anew; undefined where there are none for this window. */
export function formerBudgets(
  dir: string,
  root: string,
  window: number,
): ReadonlyMap<string, number> | undefined {
  const plan = readPlan(dir, root)
  if (plan === undefined || plan.window !== window) return undefined
  return new Map(Object.entries(plan.files).map(([path, [room]]) => [path, room ?? Number.POSITIVE_INFINITY]))
}

/** Whether any repository has a plan: where none has, nothing else needs to be looked at. */
export function planNames(dir: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(dir).filter((name) => name.startsWith('plan-')))
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return new Set()
    throw error
  }
}

/** What the nearest plan above a file says of it. `file` with links resolved. */
export function plannedFile(dir: string, names: ReadonlySet<string>, file: string): PlannedFile | undefined {
  for (let at = dirname(file); ; at = dirname(at)) {
    if (names.has(planName(at))) {
      const entry = readPlan(dir, at)?.files[relative(at, file).split(sep).join('/')]
      if (!isEntry(entry)) return undefined
      const [room, tokens, bytes] = entry
      return { budget: room ?? Number.POSITIVE_INFINITY, tokens, bytes }
    }
    if (dirname(at) === at) return undefined
  }
}
