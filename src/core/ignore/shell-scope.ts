import type { CommandPiece, Word } from './shell-words.ts'

/** What one value of a word may be: its text, and the same with quoted wild cards escaped where there are unquoted ones. */
export interface Value {
  readonly text: string
  readonly glob?: string
}

/** All that a word may stand for. */
export interface Values {
  readonly values: readonly Value[]
  /** Some part of it cannot be known; values hold what can. */
  readonly unknown: boolean
  /** Commands whose output is in it. */
  readonly commands: readonly CommandPiece[]
}

/** One simple command, as far as it can be known before it runs. */
export interface ShellCommand {
  readonly words: readonly Word[]
  /** Files that it gets as input. */
  readonly inputs: readonly Word[]
  /** Here-documents and here-strings. */
  readonly texts: readonly (string | Word)[]
  /** The command whose output it reads. */
  readonly piped: ShellCommand | undefined
  /** That is its own input, and not that of a loop around it. */
  readonly isPiped: boolean
  /** Commands in its words, assignments, inputs and here-documents. */
  readonly substitutions: readonly CommandPiece[]
  /** Where its last word ends in the source. */
  readonly end: number
}

/** What assignments and `cd` before a command made of its surroundings. */
export interface Scope {
  /** As the shell names it, links not followed; undefined after a `cd` that nobody can know. */
  cwd: string | undefined
  /** What `cd -` and `popd` go back to, newest last. */
  former: readonly (string | undefined)[]
  readonly variables: Map<string, readonly Value[] | undefined>
  /** Hidden paths that the output of a command may name. */
  readonly outputOf: (command: ShellCommand | string, scope: Scope) => readonly Value[]
  readonly isDirectory: (path: string) => boolean
}

/** A scope whose changes stay in it. */
export function copyOf(scope: Scope): Scope {
  return { ...scope, variables: new Map(scope.variables) }
}

/** Where `~` and a bare `cd` lead. */
export function homeOf(scope: Scope): string | undefined {
  return scope.variables.get('HOME')?.[0]?.text
}
