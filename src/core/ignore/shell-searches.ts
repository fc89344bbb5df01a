import { relative, resolve } from 'node:path'
import { WORK_TREES } from './guard-file.ts'
import type { Search } from './shell-programs.ts'
import type { Scope, ShellCommand } from './shell-scope.ts'
import { expandGlob, hiddenAt, linksInto, type ShellWorld } from './shell-world.ts'

/** Replaces a stretch of the command. */
export interface CommandSplice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Longer commands are refused by the system, as one argument of a shell (MAX_ARG_STRLEN, 128 KB). */
const MAX_CHARS = 100_000
const MAX_OPERANDS = 2_000

/** One operand as it was written. */
export interface Operand {
  readonly start: number
  readonly end: number
  /** What it may be spelled as, wild cards expanded. */
  readonly texts: readonly string[]
}

/** A text as one word of a shell. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** The command with all splices made. */
export function spliced(source: string, splices: readonly CommandSplice[]): string {
  let [text, position] = ['', 0]
  for (const splice of [...splices].sort((a, b) => a.start - b.start)) {
    text += source.slice(position, splice.start) + splice.text
    position = splice.end
  }
  return text + source.slice(position)
}

/** rg with one negated glob for each hidden path; a later glob goes before an earlier one, so the user's own stay in force for the rest. */
export function withoutHiddenRg(
  command: ShellCommand,
  search: Search,
  hidden: readonly string[],
  { scope, world }: { readonly scope: Scope; readonly world: ShellWorld },
  operands: readonly string[],
): readonly CommandSplice[] | undefined {
  if (hidden.length > MAX_OPERANDS) return undefined
  const here = world.real(scope.cwd!)
  const isBelow = (path: string) => path === here || path.startsWith(`${here}/`)
  // rg reads globs from where it stands, and compares words: what lies above it, or goes through `..` or a link, cannot be named.
  const isSpelledOut = (text: string): boolean => {
    const path = resolve(here, text)
    return !/(^|\/)\.\.(\/|$)/.test(text) && isBelow(path) && world.real(path) === path
  }
  if (!operands.every(isSpelledOut)) return undefined
  const copies = `${world.lookup.guard.project}/${WORK_TREES}`
  const covers = (path: string) =>
    isBelow(path) && operands.some((text) => path.startsWith(`${world.real(resolve(scope.cwd!, text))}/`))
  const left = covers(copies) && world.isDirectory(copies) ? [...hidden, copies] : hidden
  const globs = left.map((path) => relative(here, path))
  if (globs.some((path) => path === '' || path.startsWith('..'))) return undefined
  const text = globs.map((path) => ` -g ${quoted(`!/${rgPattern(path)}`)}`).join('')
  const before = command.words[search.optionsEnd]
  return bounded([
    before === undefined ? insert(command.end, text) : insert(before.start, `${text.slice(1)} `),
  ])
}

/**
 * A path as a glob of rg. One letter stands in a class of its own: where a deny rule names a directory, Claude Code refuses every rg whose words
 * spell it, an exclusion too (seen in 2.1.197).
 */
function rgPattern(path: string): string {
  const letter = path.search(/[A-Za-z0-9]/)
  const plain = (text: string) => text.replace(/[\\*?[\]{}]/g, '\\$&')
  return letter < 0
    ? plain(path)
    : `${plain(path.slice(0, letter))}[${path[letter]}]${plain(path.slice(letter + 1))}`
}

/**
 * git grep with one pathspec for each hidden path. `dashesAt` is where `--` goes, before the first pathspec, where there is none: git takes a
 * name that may be a revision for one only without it.
 */
export function withoutHiddenGit(
  command: ShellCommand,
  hidden: readonly string[],
  base: string,
  dashesAt: number | undefined,
): readonly CommandSplice[] | undefined {
  const paths = hidden.map((path) => relative(base, path))
  if (paths.length > MAX_OPERANDS || paths.includes('')) return undefined
  const specs = paths.map((path) => ` ${quoted(`:(exclude,literal)${path}`)}`).join('')
  if (dashesAt === undefined) return bounded([insert(command.end, specs)])
  if (dashesAt === command.end) return bounded([insert(command.end, ` --${specs}`)])
  return bounded([insert(dashesAt, '-- '), insert(command.end, specs)])
}

/**
 * `grep -r` can leave out names, but no paths: each directory operand becomes the files and directories in it that hold nothing hidden. Links
 * and devices are left out, as `grep -r` leaves them out below an operand; `-R` follows links, and those that lead to nothing hidden stay.
 */
export function withoutHiddenGrep(
  command: ShellCommand,
  operands: readonly Operand[],
  search: Search,
  scope: Scope,
  world: ShellWorld,
): readonly CommandSplice[] | undefined {
  const given: readonly Operand[] =
    operands.length > 0 ? operands : [{ start: command.end, end: command.end, texts: [''] }]
  const splices: CommandSplice[] = []
  let count = 0
  for (const { start, end, texts } of given) {
    const cover: string[] = []
    for (const text of texts) {
      const path = world.real(resolve(scope.cwd!, text))
      if (world.lookup.hidden(path) !== undefined) continue
      if (!holdsHidden(path, search.followsLinks, world)) cover.push(text)
      else if (
        !addCover(path, text === '' ? '' : text.replace(/\/*$/, '/'), search.followsLinks, world, cover)
      )
        return undefined
    }
    count += cover.length
    splices.push({ start, end, text: `${start === end ? ' ' : ''}${cover.map(quoted).join(' ')}` })
  }
  // One file alone is searched without its name in front of what is found.
  if (count < 2 || count > MAX_OPERANDS) return undefined
  return bounded(splices)
}

function holdsHidden(path: string, followsLinks: boolean, world: ShellWorld): boolean {
  const copies = `${world.lookup.guard.project}/${WORK_TREES}`
  if (world.lookup.below(path).length > 0) return true
  // Work trees are copies of the project, hidden files and all.
  if (copies.startsWith(`${path}/`) && world.isDirectory(copies)) return true
  return followsLinks && linksInto(path, world)
}

function addCover(
  path: string,
  prefix: string,
  followsLinks: boolean,
  world: ShellWorld,
  cover: string[],
): boolean {
  const entries = world.list(path)
  if (entries === undefined) return false
  for (const { name, kind } of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inside = path === '/' ? `/${name}` : `${path}/${name}`
    if (world.lookup.hidden(inside) !== undefined) continue
    if (inside === `${world.lookup.guard.project}/${WORK_TREES}`) continue
    if (kind === 'link' && followsLinks) {
      const real = world.real(inside)
      // A link back up would be followed for ever.
      if (world.lookup.hidden(real) !== undefined || inside.startsWith(`${real}/`)) continue
      if (holdsHidden(real, true, world)) return false
    } else if (kind === 'link' || kind === 'other') continue
    const text = prefix === '' && name.startsWith('-') ? `./${name}` : prefix + name
    if (kind === 'directory' && holdsHidden(inside, followsLinks, world)) {
      if (!addCover(inside, `${text}/`, followsLinks, world, cover)) return false
    } else cover.push(text)
  }
  return true
}

/** A word with a wild card as the visible files that it names. */
export function visibleMatches(
  operand: { readonly start: number; readonly end: number; readonly glob: string },
  scope: Scope,
  world: ShellWorld,
): readonly CommandSplice[] | undefined {
  const texts = expandGlob(operand.glob, scope.cwd!, world)
  const visible = texts?.filter((text) => hiddenAt(resolve(scope.cwd!, text), world) === undefined)
  if (visible === undefined || visible.length === 0 || visible.some((text) => text.startsWith('-')))
    return undefined
  return bounded([{ start: operand.start, end: operand.end, text: visible.map(quoted).join(' ') }])
}

function insert(at: number, text: string): CommandSplice {
  return { start: at, end: at, text }
}

function bounded(splices: readonly CommandSplice[]): readonly CommandSplice[] | undefined {
  return splices.reduce((sum, { text }) => sum + text.length, 0) > MAX_CHARS ? undefined : splices
}
