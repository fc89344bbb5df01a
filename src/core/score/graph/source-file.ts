import type { ImportRef } from '../analysis.ts'

/** What the graph needs to know of a file. */
export interface SourceFile {
  /** Below the root, with `/`. */
  readonly path: string
  readonly language: string
  readonly imports: readonly ImportRef[]
  readonly exports: readonly string[]
}

/** The files of a repository as resolvers look them up. */
export interface FileIndex {
  readonly files: readonly SourceFile[]
  get(path: string): SourceFile | undefined
  /** Files of a directory, itself only. */
  inDirectory(directory: string): readonly SourceFile[]
  /** Files whose path is the suffix or ends in `/` and the suffix. */
  endingWith(suffix: string): readonly SourceFile[]
  /** Every file of this name with its content: manifests. Content that cannot be read is left out. */
  named(name: string): readonly { readonly directory: string; readonly text: string }[]
}

/** Files that a mention means, each with its share of the mention. */
export type Targets = readonly { readonly file: SourceFile; readonly share: number }[]

/** Finds what a mention means; nothing for what is outside of the repository. */
export type Resolve = (from: SourceFile, ref: ImportRef) => Targets

/** Indexes files once. `read` gives the text of a file of the repository, or undefined. */
export function fileIndex(
  files: readonly SourceFile[],
  read: (path: string) => string | undefined,
): FileIndex {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const byName = groupBy(files, (file) => nameOf(file.path))
  const byDirectory = groupBy(files, (file) => directoryOf(file.path))
  return {
    files,
    get: (path) => byPath.get(path),
    inDirectory: (directory) => byDirectory.get(directory) ?? [],
    endingWith: (suffix) =>
      (byName.get(nameOf(suffix)) ?? []).filter(({ path }) => path === suffix || path.endsWith(`/${suffix}`)),
    named: (name) =>
      (byName.get(name) ?? []).flatMap(({ path }) => {
        const text = read(path)
        return text === undefined ? [] : [{ directory: directoryOf(path), text }]
      }),
  }
}

/** One file means all of the mention; several share it. */
export function targets(files: readonly (SourceFile | undefined)[]): Targets {
  const found = [...new Set(files)].filter((file) => file !== undefined)
  return found.map((file) => ({ file, share: 1 / found.length }))
}

/** The directory of a path; '' at the top. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Joins with `/` and resolves `.` and `..`; undefined for what leaves the root. */
export function joined(directory: string, relative: string): string | undefined {
  const parts = directory === '' ? [] : directory.split('/')
  for (const part of relative.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join('/')
}

/** The one of the candidates that shares the most directories with the path; undefined for none. */
export function nearest(path: string, candidates: readonly SourceFile[]): SourceFile | undefined {
  const own = path.split('/')
  let best: SourceFile | undefined
  let shared = -1
  for (const candidate of candidates) {
    const parts = candidate.path.split('/')
    let n = 0
    while (n < parts.length - 1 && parts[n] === own[n]) n += 1
    if (n > shared || (n === shared && candidate.path < best!.path)) {
      best = candidate
      shared = n
    }
  }
  return best
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}
