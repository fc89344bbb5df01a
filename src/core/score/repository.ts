import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Order } from './analyze.ts'
import { analyzeAll, CRASHED, childrenFor } from './children.ts'
import { type FileFacts, factsWithout } from './facts.ts'
import { type FoundFile, filesBelow, type Walk, withTracked } from './files.ts'
import { forgetUnused, markUsed } from './forgetting.ts'
import type { GitPlace } from './history/git.ts'
import { trackedFiles, userExcludes } from './history/listed.ts'
import { nothing, recall, remember } from './memory.ts'

/** A parser that crashed is not tried again before this: it may take ten seconds. */
const CRASH_KEPT_MS = 24 * 60 * 60_000

/** A file and what is known of it. */
export interface KnownFile extends FoundFile {
  readonly facts: FileFacts
}

/** What looking at a directory needs. */
export interface LookContext {
  readonly clock: Clock
  /** Where facts are kept between times; undefined: nowhere. */
  readonly memory: string | undefined
  readonly version: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  /** Instead of the package's own; see ChildrenContext. */
  readonly program?: string
  progress(done: number, total: number): void
}

/** What was found in a directory. */
export interface Look {
  readonly files: readonly KnownFile[]
  readonly unreadable: readonly string[]
  /** Files that were looked at now, rather than remembered. */
  readonly fresh: number
}

/** Facts of all files below a directory; only those whose bytes may have changed are read. Throws path_missing, too_many_files, interrupted. */
export async function lookAt(root: string, context: LookContext): Promise<Look> {
  const walk = await walkOf(root, context)
  const known = context.memory === undefined ? nothing() : recall(context.memory, context.version)
  const nowMs = context.clock.wall()
  const facts = new Map<string, FileFacts>()
  const fresh: Order[] = []
  for (const file of walk.files) {
    const before = known.files.get(file.path)
    const isDue = nowMs - (before?.facts.crashedAt ?? nowMs) > CRASH_KEPT_MS
    if (before?.stamp === file.stamp && !isDue) facts.set(file.path, before.facts)
    else
      fresh.push({
        path: file.path,
        bytes: file.bytes,
        ...(before && !isDue && { knownHash: before.facts.hash }),
      })
  }
  const gone = new Set<string>()
  const lasting = (found: FileFacts): FileFacts =>
    found.fallback === CRASHED ? { ...found, crashedAt: nowMs } : found
  const without = (problem = 'unreadable'): FileFacts => {
    const none = factsWithout(problem, 'text', 0)
    return problem === CRASHED ? lasting(none) : { ...none, passing: true }
  }
  let done = 0
  if (fresh.length > 0)
    await analyzeAll(fresh, {
      root,
      clock: context.clock,
      env: context.env,
      children: childrenFor(fresh.length),
      ...(context.program !== undefined && { program: context.program }),
      signal: context.signal,
      take: ({ path, facts: found, same, problem }) => {
        if (same) facts.set(path, known.files.get(path)!.facts)
        else if (problem === 'gone') gone.add(path)
        else facts.set(path, found === undefined ? without(problem) : lasting(found))
        context.progress(++done, fresh.length)
      },
    })
  const files = walk.files
    .filter(({ path }) => !gone.has(path))
    .map((file) => ({ ...file, facts: facts.get(file.path)! }))
  if (context.memory !== undefined && (fresh.length > 0 || known.files.size !== files.length))
    keep(context.memory, context, root, files)
  else if (context.memory !== undefined) markUsed(context.memory, nowMs)
  return { files, unreadable: walk.unreadable, fresh: fresh.length }
}

/** What git lists is asked for while the tree is walked, which holds this process. */
async function walkOf(root: string, { env, clock, signal }: LookContext): Promise<Walk> {
  const place: GitPlace = { cwd: root, env, clock, signal }
  const tracked = trackedFiles(place)
  const walk = filesBelow(root, await userExcludes(place))
  return withTracked(root, walk, await tracked)
}

/** A disk that takes nothing makes the next look slower, and this one no worse. */
function keep(
  memory: string,
  { version, clock }: LookContext,
  root: string,
  files: readonly KnownFile[],
): void {
  try {
    const isNew = !existsSync(memory)
    remember(memory, version, root, {
      files: new Map(
        files.flatMap(({ path, stamp, facts }) =>
          facts.unloaded || facts.passing ? [] : [[path, { stamp, facts }] as const],
        ),
      ),
    })
    if (isNew) forgetUnused(dirname(memory), clock.wall())
  } catch {
    // Said by nothing but the time that the next look takes.
  }
}
