import { MyceliumError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { patternsFor } from './patterns.ts'
import type { IgnorePlan, KeptFile } from './plan.ts'
import type { StoredPlan } from './plan-file.ts'

/** The plan in force without a path, or without everything below it: nothing is ranked anew. Throws ignore_path_unknown. */
export function reopened(stored: StoredPlan, path: string): IgnorePlan {
  const isMeant = (one: string): boolean => one === path || one.startsWith(`${path}/`)
  const known = Object.keys(stored.importance)
  const opened = stored.hide.filter((file) => isMeant(file.path))
  if (opened.length === 0 && !isBelowHidden(stored, path)) {
    const close = nearest(
      path,
      stored.hide.map((file) => file.path),
    )
    throw new MyceliumError(
      'ignore_path_unknown',
      `${path} is not hidden`,
      close === undefined ? {} : { hint: `did you mean ${close}?` },
    )
  }
  const hide = stored.hide.filter((file) => !isMeant(file.path))
  const hidden = new Set(hide.map((file) => file.path))
  const keep = new Map<string, KeptFile>()
  for (const [one, importance] of Object.entries(stored.importance))
    if (!hidden.has(one))
      keep.set(one, { reason: isMeant(one) ? 'named by you' : 'worth its tokens', importance })
  const savedTokens = hide.reduce((sum, { tokens }) => sum + tokens, 0)
  const { patterns } = patternsFor([...hidden], [...new Set([...known, path])])
  return {
    hide,
    keep,
    patterns,
    totalTokens: stored.totalTokens,
    savedTokens,
    budgetTokens: stored.totalTokens,
    recall: { edits: 0, kept: 0, share: 1 },
    overTokens: 0,
  }
}

/** Made since, in a directory that is hidden whole. */
function isBelowHidden({ hide, importance }: StoredPlan, path: string): boolean {
  const { patterns } = patternsFor(
    hide.map((file) => file.path),
    Object.keys(importance),
  )
  return patterns.directories.some((directory) => path.startsWith(`${directory}/`))
}
