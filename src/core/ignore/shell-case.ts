import type { ProgramKind } from './shell-programs.ts'
import type { Scope, ShellCommand } from './shell-scope.ts'
import { type CommandSplice, visibleMatches } from './shell-searches.ts'
import { valuesOf } from './shell-values.ts'
import { plainText, type Word } from './shell-words.ts'
import { hiddenBy, type ShellWorld } from './shell-world.ts'

/** One command that is judged. */
export interface Case {
  readonly command: ShellCommand
  readonly scope: Scope
  readonly world: ShellWorld
  /** The first text that each word may stand for. */
  readonly words: readonly string[]
  /** Where among the words its program stands, behind `sudo`, `xargs` and the like. */
  readonly at: number
  readonly program: string
  readonly kind: ProgramKind
  /** Whether directories among its operands are read with all that is in them. */
  readonly isRecursive: boolean
  /** Whether a part of it can be written anew. */
  readonly canSplice: boolean
  /** Refuses it where a path is given, and says whether it did. */
  deny(path: string | undefined, wide?: boolean): boolean
  splice(splices: readonly CommandSplice[]): void
}

/** Judges words that are files which are read. A wild card becomes the visible files, where that is exact. */
export function readAll(one: Case, operands: readonly Word[]): void {
  const { scope, world } = one
  for (const word of operands) {
    const hit = hitOf(word, scope, world)
    if (hit === undefined) continue
    if (hit.glob === undefined && !valuesOf(word, scope).unknown && !canRead(one, hit.path)) continue
    const splices =
      one.canSplice && hit.glob !== undefined && isPlain(word) && valuesOf(word, scope).values.length === 1
        ? visibleMatches({ start: word.start, end: word.end, glob: hit.glob }, scope, world)
        : undefined
    if (splices === undefined) {
      one.deny(hit.path, hit.glob !== undefined)
      return
    }
    one.splice(splices)
  }
}

/** A directory cannot be read, and what is not there says nothing; `{}` stands for what is not known yet. */
function canRead({ world, isRecursive }: Case, path: string): boolean {
  const whole = `${world.lookup.guard.project}/${path}`
  return path.includes('{}') || (world.exists(whole) && (isRecursive || !world.isDirectory(whole)))
}

/** Nothing in it changes from one turn of a loop to the next. */
export function isPlain(word: Word): boolean {
  return word.pieces.every(({ kind }) => kind === 'text')
}

/** The hidden path that a word names, and the wild card by which it does. */
export function hitOf(
  word: Word,
  scope: Scope,
  world: ShellWorld,
): { path: string; glob?: string } | undefined {
  const { values, unknown } = valuesOf(word, scope)
  for (const value of values) {
    const path = hiddenBy(value, scope, world)
    if (path !== undefined) return value.glob === undefined ? { path } : { path, glob: value.glob }
  }
  if (!unknown || word.pieces[0]?.kind !== 'variable') return undefined
  // `$ROOT/src/a.ts`: the whole path from the top. A shorter one may be another's.
  const tail = plainText(word)
  if (!/^\/[^/]+\/./.test(tail)) return undefined
  const path = world.lookup.hidden(`${world.lookup.guard.project}${tail}`)
  return path === undefined ? undefined : { path }
}
