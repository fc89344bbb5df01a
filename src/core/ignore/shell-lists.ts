import { relative, resolve } from 'node:path'
import { fitsText } from './glob.ts'
import { eachCommand } from './shell-commands.ts'
import { fdWords, findTakes, findWords } from './shell-finds.ts'
import { baseName, gitKind, kindOf, programAt, searchOf } from './shell-programs.ts'
import { copyOf, type Scope, type ShellCommand, type Value } from './shell-scope.ts'
import { valuesOf } from './shell-values.ts'
import {
  expandGlob,
  hiddenBelow,
  hiddenBy,
  hiddenByGlob,
  hiddenFileBy,
  type ShellWorld,
} from './shell-world.ts'

/** More names than this say nothing more: one is enough to refuse. */
const MAX_LISTED = 50
/** What one program says is looked for through so many pipes. */
const MAX_PIPES = 20

/** Hidden paths that a command, or a whole command line, may print the names of: find, fd, git ls-files, ls, and echo of a name. */
export function listedBy(command: ShellCommand | string, scope: Scope, world: ShellWorld): readonly Value[] {
  if (typeof command !== 'string') {
    let one: ShellCommand | undefined = command
    for (let pipes = 0; one !== undefined && pipes < MAX_PIPES; pipes += 1, one = one.piped) {
      const own = listed(one, scope, world)
      if (own.length > 0) return own
    }
    return []
  }
  const found: Value[] = []
  // Its own `cd` and variables are its own.
  const inner: Scope = { ...copyOf(scope), outputOf: () => [] }
  eachCommand(command, inner, (one, here) => {
    found.push(...listed(one, here, world))
  })
  return found.slice(0, MAX_LISTED)
}

/** What echo or printf says, as far as it is known. */
export function echoedBy(command: ShellCommand | undefined, scope: Scope): string | undefined {
  const [program, ...words] = command?.words.map((word) => valuesOf(word, scope).values[0]?.text ?? '') ?? []
  return program === 'echo' || program === 'printf' ? words.join(' ') : undefined
}

function listed(command: ShellCommand, scope: Scope, world: ShellWorld): readonly Value[] {
  const words = command.words.map((word) => valuesOf(word, scope).values[0]?.text ?? '')
  const at = programAt(words)
  const program = baseName(words[at] ?? '')
  const from = scope.cwd ?? world.cwd
  const { project } = world.lookup.guard
  const rest = words.slice(at + 1)
  const values = (paths: readonly string[]): readonly Value[] =>
    paths.slice(0, MAX_LISTED).map((path) => ({ text: `${project}/${path}` }))
  if (program === 'find') {
    const { roots, expression } = findWords(rest)
    return values(
      roots.flatMap((root) => {
        const top = world.real(resolve(from, root))
        const takes = (path: string) => {
          const below = relative(top, `${project}/${path}`)
          const depth = below === '' ? 0 : below.split('/').length
          const printed = below === '' ? root : `${root.replace(/\/+$/, '')}/${below}`
          return findTakes(expression, { path: printed, kind: 'file', depth })
        }
        return filesBelow(resolve(from, root), takes, world, expression.length)
      }),
    )
  }
  if (program === 'fd' || program === 'fdfind') {
    const { roots, takes } = fdWords(rest)
    return values(roots.flatMap((root) => filesBelow(resolve(from, root), takes, world)))
  }
  if (program === 'git') {
    const { verb, at: verbAt, directory } = gitKind(words.slice(at))
    if (verb !== 'ls-files') return []
    const here = resolve(from, directory ?? '')
    const paths = words.slice(at + verbAt + 1).filter((word) => !word.startsWith('-'))
    const plain = paths.filter((path) => !/[*?[:]/.test(path))
    const wild = paths.filter((path) => /[*?[]/.test(path) && !path.startsWith(':'))
    const roots = paths.length === 0 || paths.some((path) => path.startsWith(':')) ? ['.'] : plain
    const matches = (path: string) =>
      wild.some((pattern) => fitsText(relative(world.real(here), `${project}/${path}`), pattern))
    return values([
      ...roots.flatMap((root) => filesBelow(resolve(here, root), () => true, world)),
      ...(wild.length === 0 ? [] : filesBelow(here, matches, world)),
    ])
  }
  if (program === 'ls' || program === 'echo' || program === 'printf') {
    const filesOf = (glob: string): readonly string[] =>
      expandGlob(glob, from, world)?.flatMap((text) => hiddenFileBy({ text }, scope, world) ?? []) ??
      hiddenByGlob(glob, from, world, MAX_LISTED)
    const own = command.words.slice(at + 1).flatMap((word) => valuesOf(word, scope).values)
    return values(
      own.flatMap((value) => {
        if (value.glob !== undefined) return filesOf(value.glob)
        return hiddenFileBy(value, scope, world) ?? []
      }),
    )
  }
  if (kindOf(program) === 'search') {
    const found = searchOf(words.slice(at))
    if (found.prints !== 'names') return []
    return values(
      found.operands.flatMap((place) => hiddenBy({ text: words[at + place]! }, scope, world) ?? []),
    )
  }
  return []
}

/** Hidden files below a directory that a lister takes: of each hidden directory the first. What is too large to be listed says none. */
function filesBelow(
  root: string,
  takes: (path: string) => boolean,
  world: ShellWorld,
  cost = 1,
): readonly string[] {
  const { project, directories } = world.lookup.guard
  const firstIn = (path: string): string | undefined => {
    if (world.budget.steps <= 0) return undefined
    for (const { name, kind } of world.list(`${project}/${path}`) ?? []) {
      const inside = `${path}/${name}`
      const found = kind === 'directory' ? firstIn(inside) : spend() && takes(inside) ? inside : undefined
      if (found !== undefined) return found
    }
    return undefined
  }
  const spend = (): boolean => {
    world.budget.steps -= 10 * (1 + cost)
    return world.budget.steps > 0
  }
  const real = world.real(root)
  const inHidden = world.lookup.hidden(real)
  const below = inHidden === undefined ? hiddenBelow(root, world) : [inHidden]
  const found: string[] = []
  for (const path of below) {
    if (found.length === MAX_LISTED) break
    if (!spend()) break
    const isDirectory = directories.includes(path) || (inHidden !== undefined && world.isDirectory(real))
    const file = isDirectory ? firstIn(path) : takes(path) ? path : undefined
    if (file !== undefined) found.push(file)
  }
  return found
}
