import type { IgnorePlan } from './plan.ts'

/** How far a score must move, as a share of itself, before a file changes sides. Noise of ±5 % moves two files by at most 10 % towards each other. */
export const MARGIN = 0.1

/** The plan that is in force: which files it hides, and the importance that each file had when it was made. */
export interface FormerPlan {
  readonly hidden: ReadonlySet<string>
  readonly importance: ReadonlyMap<string, number>
}

/**
 * The importance by which a file is put in order beside a former plan: hidden files must earn their return, visible ones their going. With
 * scores s before and s' within (1 ± MARGIN/2)·s now, every file that was hidden still comes before every one that was not.
 */
export function steadied(importance: number, path: string, former: FormerPlan | undefined): number {
  if (former === undefined || !former.importance.has(path)) return importance
  return importance * (former.hidden.has(path) ? 1 - MARGIN : 1 + MARGIN)
}

/** One file that changes sides, or comes or goes. */
export interface Change {
  readonly path: string
  readonly to: 'hidden' | 'visible' | 'gone'
  readonly why: string
}

/** What a new plan changes beside the former one, and why; by path. */
export function changesBetween(former: FormerPlan, plan: IgnorePlan): readonly Change[] {
  const hidden = new Map(plan.hide.map((file) => [file.path, file]))
  const changes: Change[] = []
  for (const [path, file] of hidden) {
    if (former.hidden.has(path)) continue
    const before = former.importance.get(path)
    const why = before === undefined ? `new; ${file.why}` : moved(before, file.importance, file.why)
    changes.push({ path, to: 'hidden', why })
  }
  for (const path of former.hidden) {
    if (hidden.has(path)) continue
    const kept = plan.keep.get(path)
    if (kept === undefined) changes.push({ path, to: 'gone', why: 'the file is gone' })
    else if (kept.reason === 'worth its tokens')
      changes.push({
        path,
        to: 'visible',
        why: moved(former.importance.get(path) ?? 0, kept.importance, 'the budget has room for it'),
      })
    else changes.push({ path, to: 'visible', why: kept.reason })
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

function moved(before: number, now: number, otherwise: string): string {
  if (Math.abs(now - before) <= before * MARGIN) return otherwise
  return `importance ${now < before ? 'fell' : 'rose'} from ${before.toFixed(3)} to ${now.toFixed(3)}`
}
