import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { bagOf, bm25 } from '../bm25.ts'
import { MyceliumError } from '../errors.ts'
import { fingerprint } from '../hash.ts'
import type { Calibration } from '../tokens/calibration.ts'
import { estimatorWith } from '../tokens/estimator.ts'
import { treeFactsOf } from './facts.ts'
import { loadOxc } from './graph/oxc.ts'
import { changedInWorkTree } from './history/changed.ts'
import { type GitPlace, gitText } from './history/git.ts'
import type { Commit, HistoryGap } from './history/history.ts'
import { HISTORY_LIMITS, readHistory } from './history/read.ts'
import { type Importance, rankTree } from './importance/rank.ts'
import { isTelling } from './importance/train.ts'
import type { Weights } from './importance/weights.ts'
import { memoryFile } from './memory.ts'
import type { RankedFile } from './ranked.ts'
import { recallRanking, rememberRanking } from './ranking-memory.ts'
import { type KnownFile, type LookContext, lookAt } from './repository.ts'

/** What a ranking needs. */
export interface RankContext extends Omit<LookContext, 'memory'> {
  /** mycelium's directory of scores; undefined: nothing is remembered. */
  readonly scores: string | undefined
  readonly calibration?: Calibration | undefined
}

/** What the work at hand is about; paths below the root. */
export interface Task {
  readonly focus?: readonly string[]
  /** What it is about, in words. */
  readonly text?: string
  /** Files that agents read or edited of late, each 0 … 1. */
  readonly read?: ReadonlyMap<string, number>
}

/** The files of a repository with their worth. */
export interface Ranking {
  readonly root: string
  readonly files: readonly RankedFile[]
  /** Newest first, at most RECENT_COMMITS: the files that each edited; none of one that touched nearly everything. */
  readonly commits: readonly { readonly files: readonly string[] }[]
  readonly weights: Weights
  /** Why there is no history, or not all of it. */
  readonly gap?: HistoryGap
  readonly unreadable: readonly string[]
  /** Files whose parser is not installed. */
  readonly unloaded: number
  /** Files that were read now, rather than remembered. */
  readonly fresh: number
}

/** What is the same as long as neither history nor imports nor task change. */
export interface Remainder {
  readonly importances: readonly Importance[]
  readonly commits: Ranking['commits']
  readonly weights: Weights
  readonly gap?: HistoryGap
  /** The history that the weights were fitted to: its newest commit, and how many. */
  readonly fit: Fit
}

interface Fit {
  readonly head: string
  readonly commits: number
}

/** Longer files are no source of anybody. */
const MAX_WORDS_BYTES = 1024 * 1024
/** What says to agents which files are hidden, as `mycelium ignore` writes it: that it changed says nothing of the task. */
const TOLD_TO_AGENTS = /(^|\/)\.(\w+ignore|aiexclude)$|(^|\/)\.claude\/settings(\.local)?\.json$/
/** Commits whose files are told; what "recent" can mean. */
const RECENT_COMMITS = 200
/** Weights are fitted anew when the history has grown by so much of itself: a ranking should not jump with each commit. */
const REFIT_GROWTH = 0.1

/** Ranks the files below a directory. Throws path_missing, too_many_files, interrupted. */
export async function rankRepository(path: string, context: RankContext, task: Task = {}): Promise<Ranking> {
  const root = realRoot(path)
  const place: GitPlace = { cwd: root, env: context.env, clock: context.clock, signal: context.signal }
  const memory = (what: 'facts' | 'ranking') =>
    context.scores === undefined ? undefined : memoryFile(context.scores, root, what)
  // Git works while files are walked, which holds this process.
  const asked = Promise.all([headOf(place), changedInWorkTree(place)])
  const look = await lookAt(root, { ...context, memory: memory('facts') })
  const [{ head, isBare }, all] = await asked
  refuseStopped(context.signal)
  if (isBare)
    throw new MyceliumError('path_missing', `${root} is a bare repository: it has no files to look at`)
  const changed = all.filter((path) => !TOLD_TO_AGENTS.test(path))
  const kept = memory('ranking')
  const key = fingerprint(
    [
      context.version,
      head,
      ...look.files.map(({ path, facts }) => `${path}\0${facts.hash}\0${facts.fallback ?? ''}`),
      '\0changed',
      ...changed,
      '\0focus',
      ...(task.focus ?? []),
      '\0text',
      task.text ?? '',
      '\0read',
      ...[...(task.read ?? [])].map(([path, weight]) => `${path}\0${weight.toFixed(1)}`),
    ],
    32,
  )
  const before = kept === undefined ? undefined : recallRanking(kept, context.version)
  const known = before?.key === key ? before.remainder : undefined
  const { remainder, isWhole } = known
    ? { remainder: known, isWhole: true }
    : await rankAnew(look.files, place, changed, task, before?.remainder)
  refuseStopped(context.signal)
  const isTold = head !== 'time' && remainder.gap?.why !== 'failed' && remainder.gap?.why !== 'time'
  // Without a key it is never found again: only its weights are.
  if (kept !== undefined && known === undefined && isTold)
    rememberRanking(kept, context.version, { key: isWhole ? key : '', remainder })
  const { factor } = estimatorWith(() => 0, context.calibration)
  const { importances, fit: _, ...rest } = remainder
  return {
    root,
    ...rest,
    files: look.files.map((file, i) => rankedFile(file, importances[i]!, factor(file.path))),
    unreadable: look.unreadable,
    unloaded: look.files.filter(({ facts }) => facts.unloaded).length,
    fresh: look.fresh,
  }
}

async function rankAnew(
  files: readonly KnownFile[],
  place: GitPlace,
  changed: readonly string[],
  task: Task,
  before: Remainder | undefined,
): Promise<{ readonly remainder: Remainder; readonly isWhole: boolean }> {
  const root = place.cwd
  const [history, oxc] = await Promise.all([readHistory(place), loadOxc(root)])
  const known = before !== undefined && holds(before.fit, history.commits) ? before : undefined
  const ranked = rankTree({
    files: files.map(({ path, facts }) => ({ path, ...treeFactsOf(facts) })),
    history,
    ...(known && { weights: known.weights }),
    seeds: {
      focus: focusOf(files, task.focus ?? []),
      changed: new Map(changed.map((path) => [path, 1])),
      ...(task.read && { read: task.read }),
    },
    read: (path) => textOf(join(root, path)),
    ...(task.text !== undefined && { words: wordsOf(files, root, task.text) }),
    oxc,
  })
  const { commits, gap } = history
  const remainder = {
    importances: ranked.files,
    weights: ranked.weights,
    fit: known?.fit ?? { head: commits.at(-1)?.id ?? '', commits: commits.length },
    commits: commits
      .slice(-RECENT_COMMITS)
      .reverse()
      .map((commit) => ({ files: isTelling(commit) ? editedBy(commit) : [] })),
    ...(gap && { gap }),
  }
  return { remainder, isWhole: oxc !== undefined }
}

/** Whether weights fitted to an earlier history are good for this one. Where it is read in part, and so of one length always, its newest commit then tells. */
function holds({ head, commits: count }: Fit, commits: readonly Commit[]): boolean {
  const at = commits.findLastIndex(({ id }) => id === head)
  const isCut = commits.length >= HISTORY_LIMITS.commits
  const grownBy =
    at >= 0 ? commits.length - 1 - at : isCut ? Number.POSITIVE_INFINITY : commits.length - count
  return grownBy >= 0 && grownBy <= count * REFIT_GROWTH
}

/** What a commit says of which files are worked on: what it made had nobody to keep it from. */
function editedBy({ files }: Commit): readonly string[] {
  return files.flatMap(({ path, change }) => (change === 'edited' || change === 'renamed' ? [path] : []))
}

/** How well the words of the task fit each file, its path among them. */
function wordsOf(files: readonly KnownFile[], root: string, text: string): Float64Array {
  const bags = files.map(({ path, facts }) => {
    const readable = facts.nature !== 'binary' && facts.bytes <= MAX_WORDS_BYTES
    return bagOf(`${path}\n${(readable ? textOf(join(root, path)) : undefined) ?? ''}`)
  })
  return bm25(bagOf(text), bags)
}

/** A directory that is named stands for all that is in it. */
function focusOf(files: readonly KnownFile[], focus: readonly string[]): ReadonlyMap<string, number> {
  const named = focus.map((path) => path.replace(/^\.\//, '').replace(/\/+$/, ''))
  const isNamed = (path: string) =>
    named.some((one) => one === '.' || path === one || path.startsWith(`${one}/`))
  return new Map(files.filter(({ path }) => isNamed(path)).map(({ path }) => [path, 1]))
}

function rankedFile({ facts }: KnownFile, importance: Importance, factor: number): RankedFile {
  const { fallback } = facts
  return {
    nature: facts.nature,
    language: facts.language,
    bytes: facts.bytes,
    lines: facts.lines,
    tokens: Math.round(facts.tokens * factor),
    cyclomatic: facts.cyclomatic,
    cognitive: facts.cognitive,
    // Few ask, and it is most of what is kept of a file.
    get functions() {
      return facts.tree?.functions ?? []
    },
    ...(fallback === undefined ? {} : { fallback }),
    ...importance,
  }
}

/** Links on the way would give one repository several memories. */
function realRoot(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // The walk says what is wrong with it.
    return path
  }
}

function refuseStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new MyceliumError('interrupted', 'stopped')
}

/** The newest commit and whether all before it is there, as one text; and whether there is no work tree, so that what is there is git's own. */
async function headOf(place: GitPlace): Promise<{ readonly head: string; readonly isBare: boolean }> {
  const asked = [
    'rev-parse',
    '--is-bare-repository',
    '--is-shallow-repository',
    '--verify',
    '--quiet',
    'HEAD',
  ]
  const { end, bytes } = await gitText(asked, place)
  const said = bytes.toString()
  return { head: end.how === 'done' ? said : end.how, isBare: said.startsWith('true') }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
