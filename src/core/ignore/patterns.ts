import ignore from 'ignore'

/** Hidden files as gitignore patterns that match them and nothing else that was asked about. */
export interface Patterns {
  /** Directories below which everything is hidden, without a slash at the end. */
  readonly directories: readonly string[]
  /** Hidden files that are in none of those. */
  readonly files: readonly string[]
}

/** Proving costs a test of each pattern against each file; beyond this only patterns with special characters are proven one by one. */
const MAX_PROOF = 400_000

/**
 * The patterns for these files, and the files that no pattern can name without naming a visible one too: a line break in the name, a `?`, or
 * a name that differs in case alone, because clients compare without case. Proven with the `ignore` package, which clients use.
 */
export function patternsFor(
  hidden: readonly string[],
  all: readonly string[],
): { readonly patterns: Patterns; readonly inexpressible: readonly string[] } {
  const inexpressible = new Set(hidden.filter((path) => !isNameable(path)))
  for (;;) {
    const wanted = hidden.filter((path) => !inexpressible.has(path))
    const patterns = compressed(wanted, all)
    const strays = strayOf(patterns, wanted, all)
    if (strays.length === 0) return { patterns, inexpressible: [...inexpressible] }
    for (const path of strays) inexpressible.add(path)
  }
}

/** Few patterns: the topmost directories in which every file is hidden, and what is left by its own path. */
export function compressed(hidden: readonly string[], all: readonly string[]): Patterns {
  const wanted = new Set(hidden)
  const counts = new Map<string, { files: number; hidden: number }>()
  for (const path of all) {
    for (const directory of directoriesOf(path)) {
      const count = counts.get(directory) ?? { files: 0, hidden: 0 }
      count.files += 1
      if (wanted.has(path)) count.hidden += 1
      counts.set(directory, count)
    }
  }
  const isWhole = (directory: string): boolean => {
    const count = counts.get(directory)
    return count !== undefined && count.files === count.hidden && count.files > 1 && isNameable(directory)
  }
  const directories = new Set<string>()
  const files: string[] = []
  for (const path of hidden) {
    const top = directoriesOf(path).find(isWhole)
    if (top === undefined) files.push(path)
    else directories.add(top)
  }
  return { directories: [...directories].sort(), files: files.sort() }
}

/** As lines of an ignore file: anchored at its directory, so that no other file of that name is meant. */
export function linesOf({ directories, files }: Patterns): readonly string[] {
  return [...directories.map((path) => `/${escaped(path)}/`), ...files.map((path) => `/${escaped(path)}`)]
}

/**
 * A path as a gitignore pattern. `!` and `#` are special only at a line's start, where ours have a slash. `?` stays, as any one character: no
 * spelling of a literal one is understood by every client (the `ignore` package reads `\?` as something else).
 */
export function escaped(path: string): string {
  return path.replace(/[\\*[\]]/g, '\\$&').replace(/ +$/, (spaces) => '\\ '.repeat(spaces.length))
}

/** Directories above a path, topmost first. */
function directoriesOf(path: string): readonly string[] {
  const found: string[] = []
  for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) found.push(path.slice(0, at))
  return found
}

function isNameable(path: string): boolean {
  return !/[\n\r\0]/.test(path) && ignore.isPathValid(path)
}

/** Hidden files whose pattern names something else too, or fails to name them. */
function strayOf(patterns: Patterns, hidden: readonly string[], all: readonly string[]): readonly string[] {
  const wanted = new Set(hidden)
  const strays = new Set<string>()
  const folded = new Map<string, string[]>()
  for (const path of hidden) folded.set(path.toLowerCase(), [...(folded.get(path.toLowerCase()) ?? []), path])
  const foldedDirectories = new Map(patterns.directories.map((path) => [path.toLowerCase(), path]))
  for (const path of all) {
    if (wanted.has(path)) continue
    for (const twin of folded.get(path.toLowerCase()) ?? []) strays.add(twin)
    for (const directory of directoriesOf(path.toLowerCase())) {
      const twin = foldedDirectories.get(directory)
      if (twin !== undefined) for (const own of hidden) if (own.startsWith(`${twin}/`)) strays.add(own)
    }
  }
  const owners = [
    ...patterns.directories.map((path) => ({
      line: `/${escaped(path)}/`,
      mine: (file: string) => file.startsWith(`${path}/`),
    })),
    ...patterns.files.map((path) => ({ line: `/${escaped(path)}`, mine: (file: string) => file === path })),
  ]
  const sane = all.filter(isNameable)
  const isSmall = owners.length * sane.length <= MAX_PROOF
  for (const { line, mine } of owners) {
    if (!isSmall && !/[\\?]|[^ -~]/.test(line)) continue
    const matcher = ignore().add(line)
    for (const path of sane) {
      if (matcher.ignores(path) === mine(path)) continue
      if (mine(path)) strays.add(path)
      else for (const own of hidden) if (mine(own)) strays.add(own)
    }
  }
  return [...strays]
}
