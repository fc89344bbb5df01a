import { existsSync } from 'node:fs'
import type { Problem } from '../clients/discover.ts'
import { hookHosts } from '../clients/hook-hosts.ts'
import { applyHooks, type HookPlan, planHooks } from '../clients/install-hooks.ts'
import { applyIgnore, type IgnorePreview, previewIgnore } from '../clients/install-ignore.ts'
import type { Where } from '../clients/places.ts'
import { readConfig } from '../config/config-text.ts'
import type { Paths } from '../config/paths.ts'
import { WITHOUT_DIALECT } from './dialects/table.ts'
import type { TargetWish } from './make-plan.ts'
import type { IgnorePlan } from './plan.ts'
import { type PlanRequest, storePlan } from './plan-file.ts'
import { dropOthers } from './take-out.ts'

/** What writing a plan would change. */
export interface WritePreview {
  readonly files: readonly IgnorePreview[]
  readonly hooks: readonly HookPlan[]
  readonly problems: readonly Problem[]
}

/** What writing a plan did. */
export interface Written {
  readonly changed: readonly string[]
  readonly problems: readonly Problem[]
}

/**
 * Clients whose hook stands before hidden files: those that are told of them otherwise too, and Codex, which can be told in no other way, when it is named or,
 * where none is, in use.
 */
export function guardedClients(
  targets: readonly TargetWish[],
  named: readonly string[],
  where: Where,
): readonly string[] {
  if (targets.every(({ wish }) => wish.lines.length === 0)) return []
  return hookHosts(where).flatMap(({ id, marks }) => {
    if (id === 'claude-code') return targets.some(({ dialect }) => dialect.shape === 'deny') ? [id] : []
    if (targets.some(({ dialect }) => dialect.target === id) || named.includes(id)) return [id]
    return named.length === 0 && Object.hasOwn(WITHOUT_DIALECT, id) && marks.some(existsSync) ? [id] : []
  })
}

/** The program that hooks call is below the root; its client asks it before each tool. */
function guardHooks(
  targets: readonly TargetWish[],
  named: readonly string[],
  where: Where,
  paths: Paths,
  problems: Problem[],
): readonly HookPlan[] {
  const only = guardedClients(targets, named, where)
  if (only.length === 0) return []
  const wish = { hooks: false, statusline: false, guards: true, only }
  return planHooks(where, paths, wish, problems).filter(({ before, after }) => before !== after)
}

/** Looks only. */
export function previewWrite(
  targets: readonly TargetWish[],
  named: readonly string[],
  where: Where,
  paths: Paths,
): WritePreview {
  const problems: Problem[] = []
  const files = previewIgnore(
    targets.map(({ wish }) => wish),
    paths,
    problems,
  ).filter(({ before, after, isNew }) => before !== after || (isNew && after !== ''))
  return { files, hooks: guardHooks(targets, named, where, paths, problems), problems }
}

/** Puts a plan in force: the guard first, then what clients read, then the hook that asks the guard. */
export async function carryOut(
  plan: IgnorePlan,
  targets: readonly TargetWish[],
  kept: {
    readonly project: string
    readonly writtenAt: string
    readonly request: PlanRequest
    readonly allowed: readonly string[]
  },
  where: Where,
  paths: Paths,
  quietText: string,
): Promise<Written> {
  storePlan(paths, plan, kept)
  const wishes = targets
    .map(({ wish }) => wish)
    .filter((wish) => wish.lines.length > 0 || readConfig(wish.file) !== undefined)
  const { changed, problems } = await applyIgnore(wishes, where, paths)
  const dropped = await dropOthers(
    kept.project,
    wishes.map(({ file }) => file),
    where,
    paths,
  )
  const hookProblems: Problem[] = []
  const hooks = guardHooks(targets, kept.request.targets, where, paths, hookProblems)
  const hooked =
    hooks.length === 0 ? { changed: [], problems: [] } : await applyHooks(hooks, where, paths, quietText)
  return {
    changed: [...changed, ...hooked.changed.map(({ file }) => file)],
    problems: [...problems, ...dropped, ...hookProblems, ...hooked.problems],
  }
}
