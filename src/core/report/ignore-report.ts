import type { MadePlan, TargetWish } from '../ignore/make-plan.ts'
import type { HiddenFile, IgnorePlan } from '../ignore/plan.ts'
import { counted } from './counted.ts'
import type { Paint } from './paint.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'

/** Rows of one table; `--json` has them all. */
const MAX_ROWS = 20

/** What a screen is like. */
export interface Screen {
  readonly width: number
  readonly paint: Paint
}

/** A plan for people: what goes and why, what changes beside the plan in force, what each target loses, and what it is worth. */
export function planReport(
  { plan, stored, changes }: MadePlan,
  targets: readonly TargetWish[],
  untold: readonly string[],
  screen: Screen,
): string {
  const { width, paint } = screen
  const parts: string[] = []
  const rows = largestFirst(plan.hide).slice(0, MAX_ROWS)
  if (rows.length > 0) {
    parts.push(hiddenTable('HIDE', rows, width))
    if (plan.hide.length > rows.length)
      parts.push(`and ${counted(plan.hide.length - rows.length, 'file')} more: --json lists all\n`)
  }
  if (stored !== undefined && changes.length > 0)
    parts.push(
      `\n${paint.strong('CHANGES')}\n${changesText(changes.slice(0, MAX_ROWS))}${changes.length > MAX_ROWS ? `and ${changes.length - MAX_ROWS} more\n` : ''}`,
    )
  const told = targets.filter(({ wish }) => wish.lines.length > 0)
  if (told.length > 0) {
    const lines = told.map(
      ({ dialect, lossy }) =>
        `  ${dialect.file} (${dialect.title})\n${lossy.map((one) => `    ${paint.faint('not:')} ${one}\n`).join('')}`,
    )
    parts.push(`\n${paint.strong('WHERE')}\n${lines.join('')}`)
  }
  for (const one of untold) parts.push(`  ${one}\n`)
  parts.push(`\n${summary(plan)}`)
  return parts.join('')
}

/** By tokens: what is at the end may be left out of a table. */
export function largestFirst(files: readonly HiddenFile[]): readonly HiddenFile[] {
  return files.toSorted((a, b) => b.tokens - a.tokens)
}

/** Hidden files under a title, with their tokens and why each. */
export function hiddenTable(title: string, files: readonly HiddenFile[], width: number): string {
  const columns = [
    { title, shrinks: true },
    { title: 'TOKENS', align: 'right' as const },
    { title: 'WHY', shrinks: true },
  ]
  return table(
    columns,
    files.map(({ path, tokens, why }) => [printable(path), String(tokens), why]),
    width,
  )
}

/** Which files change sides, and why. */
export function changesText(changes: MadePlan['changes']): string {
  return changes
    .map(({ path, to, why }) => `  ${to === 'hidden' ? '-' : '+'} ${printable(path)}: ${to}, ${why}\n`)
    .join('')
}

function summary(plan: IgnorePlan): string {
  const { hide, savedTokens, totalTokens, recall, overTokens } = plan
  const lines = [
    `hides ${counted(hide.length, 'file')}, ${savedTokens} of ${totalTokens} tokens (${share(savedTokens, totalTokens)})`,
    recall.edits === 0
      ? 'no history to measure it by'
      : `of ${counted(recall.edits, 'edit')} in recent commits, ${share(recall.kept, recall.edits)} were of files that stay visible`,
    ...(overTokens > 0 ? [`${overTokens} tokens over the budget: the rest must stay visible`] : []),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

function share(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${((part / whole) * 100).toFixed(1)} %`
}

/** A plan for scripts. */
export function planJson(
  { plan, stored, changes }: MadePlan,
  targets: readonly TargetWish[],
  project: string,
): object {
  return {
    project,
    hide: plan.hide.map(({ path, tokens, importance, why }) => ({ path, tokens, importance, why })),
    keep: [...plan.keep].map(([path, { reason }]) => ({ path, reason })),
    savedTokens: plan.savedTokens,
    totalTokens: plan.totalTokens,
    budgetTokens: plan.budgetTokens,
    overTokens: plan.overTokens,
    recall: plan.recall,
    changes: stored === undefined ? [] : changes,
    targets: targets.map(({ dialect, wish, lossy }) => ({
      target: dialect.target,
      file: wish.file,
      lines: wish.lines.length,
      lossy,
    })),
  }
}
