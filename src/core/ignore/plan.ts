import { DEFAULT_WEIGHTS } from '../score/importance/weights.ts'
import type { RankedFile } from '../score/ranked.ts'
import { type FormerPlan, MARGIN, steadied } from './hysteresis.ts'
import { type KeepReason, type KeepRules, mustKeep, stemOf, subjectStemOf } from './keep.ts'
import { type Patterns, patternsFor } from './patterns.ts'
import type { TouchedFiles } from './source.ts'

/** What a plan is asked for. */
export interface PlanWish extends KeepRules {
  /** Tokens of text that may stay visible. */
  readonly budgetTokens: number
  /** Lowest share of edits in the history that must have been to files that stay visible; 0.98 unless the user says otherwise. */
  readonly floor: number
  /** Tests go like other files, not only with what they test. */
  readonly hideTests: boolean
  /** The plan in force: files change sides only by a margin then (hysteresis.ts). */
  readonly former?: FormerPlan | undefined
}

/** One file to hide. */
export interface HiddenFile {
  readonly path: string
  readonly tokens: number
  readonly importance: number
  readonly why: string
}

/** One file that stays, and why. */
export interface KeptFile {
  readonly reason: KeepReason
  readonly importance: number
}

/** How well a plan would have served the repository's own history. */
export interface Recall {
  /** Edits of files that still exist: (commit, file) pairs. */
  readonly edits: number
  /** Of those, to files that the plan keeps visible. */
  readonly kept: number
  /** kept / edits; 1 where there is no history to ask. */
  readonly share: number
}

/** What would be hidden from agents. */
export interface IgnorePlan {
  /** Largest first. */
  readonly hide: readonly HiddenFile[]
  readonly keep: ReadonlyMap<string, KeptFile>
  readonly patterns: Patterns
  readonly totalTokens: number
  readonly savedTokens: number
  readonly budgetTokens: number
  readonly recall: Recall
  /** Tokens over the budget that only files which must stay are left to answer for. */
  readonly overTokens: number
}

/**
 * Chooses what to hide: the files least worth their tokens first, a test together with what it tests, until the visible tokens fit the budget. Never
 * what mustKeep names, and never more than `recall` allows: of what was edited too often, what costs the fewest tokens for each edit comes back. Pure;
 * the same files give the same plan. Throws nothing.
 */
export function planIgnore(
  files: readonly RankedFile[],
  commits: readonly TouchedFiles[],
  wish: PlanWish,
): IgnorePlan {
  const reasons = new Map(files.map((file) => [file.path, mustKeep(file, wish)]))
  const edits = editsOf(files, commits)
  const chosen = chooseWithin(edits, files, reasons, wish)
  // A name that no pattern can tell from a visible one stays: hiding it would hide the other too.
  const { patterns, inexpressible } = patternsFor(
    [...chosen],
    files.map((file) => file.path),
  )
  for (const path of inexpressible) {
    chosen.delete(path)
    reasons.set(path, 'no pattern names it alone')
  }
  const rank = new Map(
    [...files].sort((a, b) => b.importance - a.importance).map((file, i) => [file.path, i + 1]),
  )
  const hide = files
    .filter((file) => chosen.has(file.path))
    .map(
      (file): HiddenFile => ({
        path: file.path,
        tokens: file.tokens,
        importance: file.importance,
        why: whyHidden(file, rank.get(file.path) ?? 0, files.length),
      }),
    )
    .sort((a, b) => b.tokens - a.tokens || (a.path < b.path ? -1 : 1))
  const keep = new Map<string, KeptFile>()
  for (const { path, nature, importance } of files) {
    if (chosen.has(path)) continue
    const reason =
      reasons.get(path) ??
      (nature === 'test' && !wish.hideTests ? 'test of a visible file' : 'worth its tokens')
    keep.set(path, { reason, importance })
  }
  const totalTokens = sum(files)
  const savedTokens = sum(hide)
  return {
    hide,
    keep,
    patterns,
    totalTokens,
    savedTokens,
    budgetTokens: wish.budgetTokens,
    recall: recallOf(edits, chosen),
    overTokens: Math.max(0, totalTokens - savedTokens - wish.budgetTokens),
  }
}

/** The paths to hide that leave recall at the floor or above. */
function chooseWithin(
  edits: ReadonlyMap<string, number>,
  files: readonly RankedFile[],
  reasons: Map<string, KeepReason | undefined>,
  wish: PlanWish,
): Set<string> {
  const cheapest = files
    .filter(({ path }) => edits.has(path))
    .sort(
      (a, b) => a.tokens / edits.get(a.path)! - b.tokens / edits.get(b.path)! || (a.path < b.path ? -1 : 1),
    )
  const all = recallOf(edits, new Set()).edits
  const needed = Math.ceil(all * wish.floor)
  const stays = (path: string) => {
    if (reasons.get(path) === undefined) reasons.set(path, 'edited too often to hide')
  }
  // One that is too many by itself stays in any case, and others need not come back for it.
  for (const [path, count] of edits) if (count > all - needed) stays(path)
  for (;;) {
    const chosen = choose(files, reasons, wish)
    let missing = needed - recallOf(edits, chosen).kept
    if (missing <= 0) return chosen
    // In their place others may be chosen now, which may have been edited too: each turn some stay for good, so this ends.
    for (const { path } of cheapest) {
      if (missing <= 0) break
      if (!chosen.has(path)) continue
      stays(path)
      missing -= edits.get(path)!
    }
  }
}

/** The paths to hide. A longer list for a smaller budget always holds the shorter one. */
function choose(
  files: readonly RankedFile[],
  reasons: ReadonlyMap<string, KeepReason | undefined>,
  wish: PlanWish,
): Set<string> {
  const { former, budgetTokens } = wish
  const chosen = new Set<string>()
  let visible = sum(files)
  const hide = (file: RankedFile): void => {
    chosen.add(file.path)
    visible -= file.tokens
  }
  const isFree = (file: RankedFile): boolean => reasons.get(file.path) === undefined
  const tests = testsBySubject(files, wish.hideTests)
  const candidates = files
    .filter((file) => isFree(file) && (wish.hideTests || file.nature !== 'test'))
    .map((file) => ({
      file,
      worth: densityOf(steadied(file.importance, file.path, former), file.tokens),
      was: former?.hidden.has(file.path) === true,
    }))
    .sort(
      (a, b) =>
        a.worth - b.worth ||
        Number(b.was) - Number(a.was) ||
        b.file.tokens - a.file.tokens ||
        (a.file.path < b.file.path ? -1 : 1),
    )
  for (const { file, was } of candidates) {
    // A file that is visible now goes only when the budget is clearly exceeded, or a returning one would push out the next.
    const room =
      former === undefined || was || !former.importance.has(file.path)
        ? budgetTokens
        : budgetTokens * (1 + MARGIN)
    if (visible <= room) {
      if (visible <= budgetTokens) break
      continue
    }
    hide(file)
    for (const { test, subjects } of tests.get(file.path) ?? [])
      if (!chosen.has(test.path) && isFree(test) && subjects.every((subject) => chosen.has(subject)))
        hide(test)
  }
  return chosen
}

/**
 * What a file is worth for the tokens that it takes, as the ranking was found to keep most (score/importance/order.ts): a large file must be likelier
 * to be needed than a small one to stay.
 */
function densityOf(importance: number, tokens: number): number {
  const p = Math.min(Math.max(importance, 1e-6), 1 - 1e-6)
  return Math.log(p / (1 - p)) - DEFAULT_WEIGHTS.perToken * Math.log(tokens + 1)
}

interface TestOf {
  readonly test: RankedFile
  readonly subjects: readonly string[]
}

/** For each file the tests that are about it, by name; a test without a known subject is about what nobody knows, and stays. */
function testsBySubject(
  files: readonly RankedFile[],
  hideTests: boolean,
): ReadonlyMap<string, readonly TestOf[]> {
  const result = new Map<string, TestOf[]>()
  if (hideTests) return result
  const byStem = new Map<string, string[]>()
  for (const { path, nature } of files) {
    if (nature === 'test') continue
    const stem = stemOf(path).toLowerCase()
    byStem.set(stem, [...(byStem.get(stem) ?? []), path])
  }
  for (const test of files) {
    if (test.nature !== 'test') continue
    const subjects = byStem.get(subjectStemOf(test.path)) ?? []
    for (const subject of subjects) result.set(subject, [...(result.get(subject) ?? []), { test, subjects }])
  }
  return result
}

/** How often each file that still exists was edited. */
function editsOf(
  files: readonly RankedFile[],
  commits: readonly TouchedFiles[],
): ReadonlyMap<string, number> {
  const known = new Set(files.map(({ path }) => path))
  const edits = new Map<string, number>()
  for (const commit of commits)
    for (const path of commit.files) if (known.has(path)) edits.set(path, (edits.get(path) ?? 0) + 1)
  return edits
}

function recallOf(edits: ReadonlyMap<string, number>, hidden: ReadonlySet<string>): Recall {
  let [all, kept] = [0, 0]
  for (const [path, count] of edits) {
    all += count
    if (!hidden.has(path)) kept += count
  }
  return { edits: all, kept, share: all === 0 ? 1 : kept / all }
}

function whyHidden(file: RankedFile, place: number, of: number): string {
  const nature = ['source', 'document', 'data'].includes(file.nature) ? '' : `${file.nature}; `
  const touched = Number.isFinite(file.commitsAgo)
    ? `touched ${file.commitsAgo} commits ago`
    : 'not touched in the history that was read'
  return `${nature}importance ${file.importance.toFixed(3)}, place ${place} of ${of}; ${touched}`
}

function sum(files: readonly { readonly tokens: number }[]): number {
  return files.reduce((total, file) => total + file.tokens, 0)
}
