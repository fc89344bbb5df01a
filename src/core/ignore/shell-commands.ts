import { resolve } from 'node:path'
import { copyOf, homeOf, type Scope, type ShellCommand, type Values } from './shell-scope.ts'
import { valuesOf } from './shell-values.ts'
import { type CommandPiece, tokensOf, type Word } from './shell-words.ts'

/** Values of a loop's variable. */
const MAX_VALUES = 256
const OPENING = /^(if|then|else|elif|while|until|do|!|time|coproc|-p)$/
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
  let isPiped = false
  let last: Done = { command: undefined, operator: ';' }
  let parts = blank()
  const flush = (operator: string): ShellCommand | undefined => {
    const { words, inputs, texts, commands } = parts
    parts = blank()
    if (words.length === 0 && inputs.length === 0 && commands.length === 0) return undefined
    const end = words.at(-1)?.end ?? 0
    const texted = texts.filter((text) => typeof text !== 'string')
    const substitutions = [
      ...commands,
      ...[...words, ...inputs, ...texted].flatMap(({ pieces }) => pieces.filter(isCommand)),
    ]
    const command = { words: bare(words, here), inputs, texts, piped, isPiped, substitutions, end }
    if (command.words.length > 0 || inputs.length > 0 || substitutions.length > 0) visit(command, here)
    settle(command, here, last, operator)
    last = { command, operator }
    return command
  }
  for (const token of tokens) {
    if (token.kind === 'word') parts.words.push(token.word)
    else if (token.kind === 'document') {
      parts.texts.push(token.text)
      parts.commands.push(...token.commands)
    } else if (token.kind === 'input') (token.isText ? parts.texts : parts.inputs).push(token.word)
    else {
      const done = flush(token.text)
      if (token.text === '|' || token.text === '|&') {
        piped = done
        isPiped = true
      } else if (token.text === '(') {
        outer.push(here)
        here = copyOf(here)
      } else if (token.text !== '{') {
        if (token.text === ')') here = outer.pop() ?? here
        // `find … | while read f; do cat "$f"`: what follows still reads from the pipe.
        if (token.text !== ';' && token.text !== '\n') piped = undefined
        isPiped = false
      }
    }
  }
  flush(';')
  return true
}

/** The command before, and what stands between it and the next. */
interface Done {
  readonly command: ShellCommand | undefined
  readonly operator: string
}

function isCommand(piece: Word['pieces'][number]): piece is CommandPiece {
  return piece.kind === 'command'
}

function blank(): {
  words: Word[]
  inputs: Word[]
  texts: (string | Word)[]
  commands: CommandPiece[]
} {
  return { words: [], inputs: [], texts: [], commands: [] }
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
function settle({ words, piped }: ShellCommand, scope: Scope, last: Done, operator: string): void {
  const [name, ...rest] = words.map((word) => valuesOf(word, scope))
  const word = name?.values[0]?.text
  if (word === 'cd' || word === 'pushd' || word === 'popd') {
    // In a pipe or in the background it is another process that goes.
    const isElsewhere = /^(\||\|&|&)$/.test(operator) || /^\|&?$/.test(last.operator)
    if (!isElsewhere && !isSkipped(last)) go(word, rest, scope, operator)
  } else if (word === 'for' && rest[1]?.values[0]?.text === 'in') {
    const name = rest[0]?.values[0]?.text ?? ''
    const items = rest.slice(2).flatMap(({ values, unknown }) => (unknown && !values[0]?.text ? [] : values))
    scope.variables.set(name, items.length > 0 ? items.slice(0, MAX_VALUES) : undefined)
  } else if (word === 'read' && piped !== undefined) {
    const name = rest.findLast(({ values }) => /^\w+$/.test(values[0]?.text ?? ''))?.values[0]?.text
    const lines = scope.outputOf(piped, scope)
    if (name !== undefined) scope.variables.set(name, lines.length > 0 ? lines : undefined)
  } else if (word === 'export' || word === 'local' || word === 'declare' || word === 'readonly') {
    bare(words.slice(1), scope)
  }
}

/** `false && cd src`: what comes after it stays where it is. */
function isSkipped({ command, operator }: Done): boolean {
  const pieces = command?.words.length === 1 ? command.words[0]!.pieces : []
  const word = pieces.length === 1 && pieces[0]!.kind === 'text' ? pieces[0]!.text : ''
  return operator === '&&' ? word === 'false' : operator === '||' && /^(true|:)$/.test(word)
}

function go(word: string, operands: readonly Values[], scope: Scope, operator: string): void {
  const target = operands.find(({ values }) => !/^-./.test(values[0]?.text ?? ''))
  const text = target?.values[0]?.text
  if (word === 'popd' || text === '-') {
    const back = scope.former.at(-1)
    scope.former = word === 'popd' ? scope.former.slice(0, -1) : [...scope.former.slice(0, -1), scope.cwd]
    scope.cwd = back
    return
  }
  const path = target === undefined ? homeOf(scope) : target.unknown ? undefined : text
  const isKnown = path !== undefined && (scope.cwd !== undefined || path.startsWith('/'))
  const next = isKnown ? resolve(scope.cwd ?? '/', path) : undefined
  // It fails, and what comes after it runs all the same; behind `&&` nothing does.
  if (next !== undefined && operator !== '&&' && !scope.isDirectory(next)) return
  scope.former = [...scope.former, scope.cwd]
  scope.cwd = next
}
