import { resolve } from 'node:path'
import { fitsName } from './glob.ts'
import { eachCommand, type Scope, type ShellCommand, type Value, valuesOf } from './shell-commands.ts'
import { baseName, gitKind, programAt } from './shell-programs.ts'
import { hiddenByGlob, type ShellWorld } from './shell-world.ts'

/** More names than this say nothing more: one is enough to refuse. */
const MAX_LISTED = 50

/** Hidden paths that a command, or a whole command line, may print the names of: find, fd, git ls-files, ls, echo with a wild card. */
export function listedBy(command: ShellCommand | string, scope: Scope, world: ShellWorld): readonly Value[] {
  if (typeof command !== 'string') {
    const own = listed(command, scope, world)
    return own.length > 0 || command.piped === undefined ? own : listedBy(command.piped, scope, world)
  }
  const found: Value[] = []
  // Its own `cd` and variables are its own.
  const inner: Scope = { ...scope, variables: new Map(scope.variables), outputOf: () => [] }
  eachCommand(command, inner, (one, here) => {
    found.push(...listed(one, here, world))
  })
  return found.slice(0, MAX_LISTED)
}

function listed(command: ShellCommand, scope: Scope, world: ShellWorld): readonly Value[] {
  const words = command.words.map((word) => valuesOf(word, scope).values[0]?.text ?? '')
  const at = programAt(words)
  const program = baseName(words[at] ?? '')
  const from = scope.cwd ?? world.cwd
  const { project } = world.lookup.guard
  const below = (roots: readonly string[]): readonly string[] => [
    ...new Set(roots.flatMap((root) => world.lookup.below(resolve(from, root)))),
  ]
  const values = (paths: readonly string[]): readonly Value[] =>
    paths.slice(0, MAX_LISTED).map((path) => ({ text: `${project}/${path}` }))
  if (program === 'find') {
    const rest = words.slice(at + 1)
    const end = rest.findIndex((word) => /^[-(!]/.test(word) && !/^-[HLP]$/.test(word))
    const roots = (end < 0 ? rest : rest.slice(0, end)).filter((word) => !word.startsWith('-'))
    return values(below(roots.length === 0 ? ['.'] : roots).filter((path) => mayFind(path, rest, world)))
  }
  if (program === 'fd' || program === 'fdfind') return values(below(['.']))
  if (program === 'git') {
    const { verb, at: verbAt } = gitKind(words.slice(at))
    if (verb !== 'ls-files') return []
    const paths = words.slice(at + verbAt + 1).filter((word) => !word.startsWith('-'))
    if (paths.length === 0) return values(below(['.']))
    const plain = paths.filter((path) => !/[*?[]/.test(path))
    const wild = paths.filter((path) => /[*?[]/.test(path))
    // Git's `*` crosses slashes.
    const met = below(['.']).filter((path) =>
      wild.some((pattern) => fitsName(path, pattern) || fitsName(baseName(path), pattern)),
    )
    return values([...below(plain), ...met])
  }
  if (program === 'ls' || program === 'echo' || program === 'printf') {
    const globs = command.words
      .slice(at + 1)
      .flatMap((word) => valuesOf(word, scope).values.flatMap(({ glob }) => glob ?? []))
    return values(globs.flatMap((glob) => hiddenByGlob(glob, from, world, MAX_LISTED)))
  }
  return []
}

/** Whether find's tests of names let a hidden path, or a file below a hidden directory, through; with alternatives they may. */
function mayFind(path: string, words: readonly string[], world: ShellWorld): boolean {
  const { project, directories } = world.lookup.guard
  if (!directories.includes(path)) return passes(path, words)
  const entries = world.list(`${project}/${path}`)
  // What cannot be listed may hold anything.
  if (entries === undefined) return true
  return entries.some(({ name, kind }) =>
    kind === 'directory' ? mayFindBelow(`${path}/${name}`, words, world) : passes(`${path}/${name}`, words),
  )
}

function mayFindBelow(path: string, words: readonly string[], world: ShellWorld): boolean {
  const entries = world.list(`${world.lookup.guard.project}/${path}`) ?? []
  return entries.some(({ name, kind }) =>
    kind === 'directory' ? mayFindBelow(`${path}/${name}`, words, world) : passes(`${path}/${name}`, words),
  )
}

function passes(path: string, words: readonly string[]): boolean {
  if (words.some((word) => /^(-o|-or|!|-not)$/.test(word))) return true
  return words.every((word, i) => {
    const pattern = words[i + 1]
    if (pattern === undefined) return true
    if (word === '-name') return fitsName(baseName(path), pattern)
    if (word === '-iname') return fitsName(baseName(path).toLowerCase(), pattern.toLowerCase())
    if (word === '-path' || word === '-wholename')
      return fitsName(`./${path}`, pattern) || fitsName(path, pattern)
    if (word === '-type') return pattern.includes('f')
    return true
  })
}
