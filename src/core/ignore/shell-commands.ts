import { resolve } from 'node:path'
import { tokensOf, type Word } from './shell-words.ts'

/** One simple command, as far as it can be known before it runs. */
export interface ShellCommand {
  readonly words: readonly Word[]
  /** Files that it gets as input. */
  readonly inputs: readonly Word[]
  /** Here-documents and here-strings. */
  readonly texts: readonly (string | Word)[]
  /** The command whose output it reads. */
  readonly piped: ShellCommand | undefined
  /** Where its last word ends in the source. */
  readonly end: number
}

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
  readonly commands: readonly string[]
}

/** What assignments and `cd` before a command made of its surroundings. */
export interface Scope {
  /** Undefined after a `cd` that nobody can know. */
  cwd: string | undefined
  readonly variables: Map<string, readonly Value[] | undefined>
  /** Hidden paths that the output of a command may name. */
  readonly outputOf: (command: ShellCommand | string, scope: Scope) => readonly Value[]
}

const MAX_VALUES = 64
const OPENING = /^(if|then|else|elif|while|until|do|!|time|coproc|\{|-p)$/
const ASSIGNMENT = /^([A-Za-z_]\w*)\+?=/

/**
 * Visits every simple command in the order in which they run, with what `cd` and assignments before it did. Returns false where the text is
 * not understood.
 */
export function eachCommand(
  source: string,
  scope: Scope,
  visit: (command: ShellCommand, scope: Scope) => void,
): boolean {
  const tokens = tokensOf(source)
  if (tokens === undefined) return false
  const outer: Scope[] = []
  let here = scope
  let piped: ShellCommand | undefined
  let parts = blank()
  const flush = (): ShellCommand | undefined => {
    const { words, inputs, texts } = parts
    parts = blank()
    if (words.length === 0 && inputs.length === 0) return undefined
    const end = words.at(-1)?.end ?? 0
    const command = { words: bare(words, here), inputs, texts, piped, end }
    if (command.words.length > 0 || inputs.length > 0) visit(command, here)
    settle(command, here)
    return command
  }
  for (const token of tokens) {
    if (token.kind === 'word') parts.words.push(token.word)
    else if (token.kind === 'document') parts.texts.push(token.text)
    else if (token.kind === 'input') (token.isText ? parts.texts : parts.inputs).push(token.word)
    else {
      const done = flush()
      if (token.text === '|' || token.text === '|&') piped = done
      else if (token.text === '(') {
        outer.push(here)
        here = { ...here, variables: new Map(here.variables) }
      } else {
        if (token.text === ')') here = outer.pop() ?? here
        // `find … | while read f; do cat "$f"`: what follows still reads from the pipe.
        if (token.text !== ';' && token.text !== '\n') piped = undefined
      }
    }
  }
  flush()
  return true
}

function blank(): { words: Word[]; inputs: Word[]; texts: (string | Word)[] } {
  return { words: [], inputs: [], texts: [] }
}

/** Without words that only open a scope, and without assignments, which are noted. */
function bare(words: readonly Word[], scope: Scope): readonly Word[] {
  let from = 0
  for (; from < words.length; from += 1) {
    const word = words[from]!
    const first = word.pieces[0]
    const head = first?.kind === 'text' && !first.quoted ? first.text : ''
    if (word.pieces.length === 1 && OPENING.test(head)) continue
    const name = ASSIGNMENT.exec(head)
    if (name === null) break
    const rest = {
      ...word,
      pieces: [
        { kind: 'text' as const, text: head.slice(name[0].length), quoted: false },
        ...word.pieces.slice(1),
      ],
    }
    const { values, unknown } = valuesOf(rest, scope)
    scope.variables.set(name[1]!, unknown ? undefined : values)
  }
  return words.slice(from)
}

/** What a command leaves behind for those after it. */
function settle({ words, piped }: ShellCommand, scope: Scope): void {
  const [name, ...rest] = words.map((word) => valuesOf(word, scope))
  const word = name?.values[0]?.text
  if (word === 'cd' || word === 'pushd') {
    const target = rest.find(({ values }) => !values[0]?.text.startsWith('-'))
    const path = target === undefined ? homeOf(scope) : target.unknown ? undefined : target.values[0]?.text
    scope.cwd =
      path === undefined || scope.cwd === undefined
        ? path?.startsWith('/')
          ? path
          : undefined
        : resolve(scope.cwd, path)
  } else if (word === 'for' && rest[1]?.values[0]?.text === 'in') {
    const items = rest.slice(2)
    const name = rest[0]?.values[0]?.text ?? ''
    scope.variables.set(name, items.flatMap(({ values }) => values).slice(0, MAX_VALUES * 4))
  } else if (word === 'read' && piped !== undefined) {
    const name = rest.findLast(({ values }) => /^\w+$/.test(values[0]?.text ?? ''))?.values[0]?.text
    const lines = scope.outputOf(piped, scope)
    if (name !== undefined) scope.variables.set(name, lines.length > 0 ? lines : undefined)
  } else if (word === 'export' || word === 'local' || word === 'declare' || word === 'readonly') {
    bare(words.slice(1), scope)
  }
}

function homeOf(scope: Scope): string | undefined {
  return scope.variables.get('HOME')?.[0]?.text
}

/** What a word may stand for. */
export function valuesOf(word: Word, scope: Scope): Values {
  let values: readonly { text: string; glob: string; wild: boolean }[] = [{ text: '', glob: '', wild: false }]
  const commands: string[] = []
  let unknown = false
  for (const [i, piece] of word.pieces.entries()) {
    if (piece.kind === 'command') {
      commands.push(piece.source)
      unknown = true
      const lines = scope.outputOf(piece.source, scope)
      if (lines.length > 0)
        values = product(
          values,
          lines.map(({ text }) => ({ text, glob: literal(text), wild: false })),
        )
      continue
    }
    if (piece.kind === 'variable') {
      const known =
        piece.name === 'PWD' && scope.cwd !== undefined
          ? [{ text: scope.cwd }]
          : scope.variables.get(piece.name)
      if (known === undefined) unknown = true
      else
        values = product(
          values,
          known.map(({ text, glob }) => ({ text, glob: glob ?? literal(text), wild: glob !== undefined })),
        )
      continue
    }
    if (piece.quoted) values = product(values, [{ text: piece.text, glob: literal(piece.text), wild: false }])
    else {
      const home = i === 0 && /^~(?=\/|$)/.test(piece.text) ? homeOf(scope) : undefined
      const text = home === undefined ? piece.text : home + piece.text.slice(1)
      values = product(
        values,
        braced(text).map((one) => ({ text: one, glob: one, wild: /[*?[]/.test(one) })),
      )
    }
  }
  return {
    values: values.map(({ text, glob, wild }) => (wild ? { text, glob } : { text })),
    unknown,
    commands,
  }
}

/** A text in which nothing is a wild card. */
function literal(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&')
}

function product<T extends { text: string; glob: string; wild: boolean }>(
  left: readonly T[],
  right: readonly T[],
): readonly T[] {
  return left
    .flatMap((a) =>
      right.map((b) => ({ ...a, text: a.text + b.text, glob: a.glob + b.glob, wild: a.wild || b.wild })),
    )
    .slice(0, MAX_VALUES * 4)
}

/** `a{b,c}d` is `abd` and `acd`; what has too many braces stays as it is. */
function braced(text: string): readonly string[] {
  let found: readonly string[] = [text]
  while (found.length < MAX_VALUES) {
    const next = found.flatMap((one) => {
      const braces = /\{([^{}]*,[^{}]*)\}/.exec(one)
      if (braces === null) return [one]
      const [before, after] = [one.slice(0, braces.index), one.slice(braces.index + braces[0].length)]
      return braces[1]!.split(',').map((word) => before + word + after)
    })
    if (next.length === found.length && next.every((one, i) => one === found[i])) break
    found = next
  }
  return found.slice(0, MAX_VALUES)
}
