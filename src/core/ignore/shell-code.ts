import type { Scope } from './shell-scope.ts'
import { hiddenBy, hiddenFileBy, type ShellWorld } from './shell-world.ts'

/** More pieces of one code are not looked at. */
const MAX_NAMES = 2_000
/** Strings that are read as commands. */
const MAX_COMMANDS = 100
/** Hidden directories that are looked into for the endings of names. */
const MAX_LOOKED_INTO = 20

/** The hidden file that a piece of code names. The name of a directory alone opens nothing, and scripts that walk a tree pass (docs/ignore.md). */
export function hiddenInCode(code: string, scope: Scope, world: ShellWorld): string | undefined {
  let endings: ReadonlySet<string> | undefined
  for (const name of namesInCode(code)) {
    if (world.budget.steps <= 0) return undefined
    if (/[*?[]/.test(name)) {
      endings ??= hiddenEndings(world)
      if (!isPattern(name, endings)) continue
      const path = hiddenBy({ text: name, glob: name }, scope, world)
      if (path !== undefined) return path
      continue
    }
    world.budget.steps -= 20
    const path = hiddenFileBy({ text: name }, scope, world)
    if (path !== undefined) return path
  }
  return undefined
}

/** Strings of code that may be a command of a shell: several words. */
export function commandsInCode(code: string): readonly string[] {
  return [...new Set(stringsIn(code).filter((text) => /\S\s+\S/.test(text)))].slice(0, MAX_COMMANDS)
}

/** Pieces of code that may be the name of a file: strings, and strings that follow each other joined by slashes. */
function namesInCode(code: string): ReadonlySet<string> {
  const strings = stringsIn(code)
  const names = new Set(strings)
  for (let length = 2; length <= 5; length += 1)
    for (let at = 0; at + length <= strings.length && names.size < MAX_NAMES; at += 1) {
      const parts = strings.slice(at, at + length)
      if (parts.every((part) => /^[^*?[\]{}()|^$]+$/.test(part))) names.add(parts.join('/'))
    }
  return new Set([...names].slice(0, MAX_NAMES))
}

function stringsIn(code: string): readonly string[] {
  return [...code.matchAll(/(["'`])((?:(?!\1)[^\\\n]|\\.){1,512})\1/g)].map((found) => found[2]!)
}

/** Strings in code are regular expressions more often than patterns of names: it begins with a plain directory, or ends as hidden files do. */
function isPattern(name: string, endings: ReadonlySet<string>): boolean {
  if (!/^[\w@+.~*?[\]{},!/ -]+$/.test(name)) return false
  const ending = /\.\w+$/.exec(name)?.[0]
  return /^\/?[\w@+.~-]+\//.test(name) || (ending !== undefined && endings.has(ending))
}

function hiddenEndings({ lookup, list }: ShellWorld): ReadonlySet<string> {
  const { project, files, directories } = lookup.guard
  const inside = directories
    .slice(0, MAX_LOOKED_INTO)
    .flatMap((path) => (list(`${project}/${path}`) ?? []).map(({ name }) => name))
  return new Set([...files, ...inside].flatMap((path) => /\.\w+$/.exec(path)?.[0] ?? []))
}
