import { relative, resolve } from 'node:path'
import type { Scope, ShellCommand } from './shell-commands.ts'
import type { Search } from './shell-programs.ts'
import { expandGlob, hiddenAt, type ShellWorld } from './shell-world.ts'

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
  scope: Scope,
): readonly CommandSplice[] | undefined {
  if (hidden.length > MAX_OPERANDS) return undefined
  const globs = hidden.map((path) => relative(scope.cwd!, path))
  // rg reads globs from where it stands: what lies above it cannot be named.
  if (globs.some((path) => path.startsWith('..'))) return undefined
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

/** git grep with one pathspec for each hidden path. Certain only where no operand may be either a revision or a path. */
export function withoutHiddenGit(
  command: ShellCommand,
  search: Search,
  hidden: readonly string[],
  scope: Scope,
  hasDashes: boolean,
): readonly CommandSplice[] | undefined {
  if (hidden.length > MAX_OPERANDS || (!hasDashes && search.operands.length > 0)) return undefined
  const specs = hidden.map((path) => ` ${quoted(`:(exclude,literal)${relative(scope.cwd!, path)}`)}`)
  return bounded([insert(command.end, `${hasDashes ? '' : ' --'}${specs.join('')}`)])
}

/**
 * `grep -r` can leave out names, but no paths: each directory operand becomes the files and directories in it that hold nothing hidden. Links
 * and devices are left out, as `grep -r` leaves them out below an operand.
 */
export function withoutHiddenGrep(
  command: ShellCommand,
  operands: readonly Operand[],
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
      const path = resolve(scope.cwd!, text)
      if (world.lookup.hidden(path) !== undefined) continue
      if (world.lookup.below(path).length === 0) cover.push(text)
      else if (!addCover(path, text === '' ? '' : text.replace(/\/*$/, '/'), world, cover)) return undefined
    }
    count += cover.length
    splices.push({ start, end, text: `${start === end ? ' ' : ''}${cover.map(quoted).join(' ')}` })
  }
  // One file alone is searched without its name in front of what is found.
  if (count < 2 || count > MAX_OPERANDS) return undefined
  return bounded(splices)
}

function addCover(path: string, prefix: string, world: ShellWorld, cover: string[]): boolean {
  const entries = world.list(path)
  if (entries === undefined) return false
  for (const { name, kind } of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const inside = path === '/' ? `/${name}` : `${path}/${name}`
    if (kind === 'other' || world.lookup.hidden(inside) !== undefined) continue
    const text = prefix === '' && name.startsWith('-') ? `./${name}` : prefix + name
    if (kind === 'directory' && world.lookup.below(inside).length > 0) {
      if (!addCover(inside, `${text}/`, world, cover)) return false
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
