import type { Clock } from '../clock.ts'
import type { Order } from './analyze.ts'
import { analyzeAll, childrenFor } from './children.ts'
import { type FileFacts, factsWithout } from './facts.ts'
import { type FoundFile, filesBelow } from './files.ts'
import { nothing, recall, remember } from './memory.ts'

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
  const walk = filesBelow(root)
  const known = context.memory === undefined ? nothing() : recall(context.memory, context.version)
  const facts = new Map<string, FileFacts>()
  const fresh: Order[] = []
  for (const file of walk.files) {
    const before = known.files.get(file.path)
    if (before?.stamp === file.stamp) facts.set(file.path, before.facts)
    else fresh.push({ path: file.path, bytes: file.bytes, ...(before && { knownHash: before.facts.hash }) })
  }
  const gone = new Set<string>()
  let done = 0
  if (fresh.length > 0)
    await analyzeAll(fresh, {
      root,
      clock: context.clock,
      env: context.env,
      children: childrenFor(fresh.length),
      signal: context.signal,
      take: ({ path, facts: found, same, problem }) => {
        if (same) facts.set(path, known.files.get(path)!.facts)
        else if (found !== undefined) facts.set(path, found)
        else if (problem === 'gone') gone.add(path)
        else facts.set(path, factsWithout(problem ?? 'unreadable', 'text', 0))
        context.progress(++done, fresh.length)
      },
    })
  const files = walk.files
    .filter(({ path }) => !gone.has(path))
    .map((file) => ({ ...file, facts: facts.get(file.path)! }))
  if (context.memory !== undefined && (fresh.length > 0 || known.files.size !== files.length))
    keep(context.memory, context.version, files)
  return { files, unreadable: walk.unreadable, fresh: fresh.length }
}

/** A disk that takes nothing makes the next look slower, and this one no worse. */
function keep(memory: string, version: string, files: readonly KnownFile[]): void {
  try {
    remember(memory, version, {
      files: new Map(
        files.flatMap(({ path, stamp, facts }) =>
          facts.unloaded ? [] : [[path, { stamp, facts }] as const],
        ),
      ),
    })
  } catch {
    // Said by nothing but the time that the next look takes.
  }
}
