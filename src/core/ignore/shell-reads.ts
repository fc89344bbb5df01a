import { type Case, hitOf, readAll } from './shell-case.ts'
import { commandsInCode, hiddenInCode } from './shell-code.ts'
import { eachCommand } from './shell-commands.ts'
import { judgeCopy } from './shell-copies.ts'
import { judgeGit } from './shell-git.ts'
import { echoedBy, listedBy } from './shell-lists.ts'
import { baseName, kindOf, programAt, searchOf } from './shell-programs.ts'
import { copyOf, type Scope, type ShellCommand, type Value } from './shell-scope.ts'
import { judgeSearch } from './shell-search.ts'
import { type CommandSplice, spliced } from './shell-searches.ts'
import { valuesOf } from './shell-values.ts'
import { plainText, type Word } from './shell-words.ts'
import { hiddenBy, type ShellWorld } from './shell-world.ts'

/** What is to become of a shell command. */
export type ShellVerdict =
  | { readonly kind: 'pass' }
  /** It would print what is in a hidden file. */
  | { readonly kind: 'deny'; readonly path: string; readonly program: string; readonly wide: boolean }
  /** The same without the hidden files. */
  | { readonly kind: 'rewrite'; readonly command: string }

const MAX_DEPTH = 5

interface Judgement {
  readonly world: ShellWorld
  denied: Extract<ShellVerdict, { kind: 'deny' }> | undefined
  readonly splices: CommandSplice[]
}

/** A command line in another one. */
interface Place {
  readonly depth: number
  /** Where it begins in the whole; undefined where it does not stand there as it is, so that no splice has a place. */
  readonly offset: number | undefined
}

/**
 * Whether a command reads a hidden file, as far as can be known before it runs. What cannot be known passes: this keeps files of little worth
 * from an agent, and is no wall against one that wants to get around it.
 */
export function judgeShell(source: string, world: ShellWorld): ShellVerdict {
  const judgement: Judgement = { world, denied: undefined, splices: [] }
  inspect(source, freshScope(world), judgement, { depth: 0, offset: 0 })
  if (judgement.denied !== undefined) return judgement.denied
  if (judgement.splices.length === 0) return { kind: 'pass' }
  return { kind: 'rewrite', command: spliced(source, judgement.splices) }
}

function freshScope(world: ShellWorld): Scope {
  const variables = new Map<string, readonly Value[] | undefined>()
  for (const [name, value] of Object.entries(world.env))
    if (value !== undefined) variables.set(name, [{ text: value }])
  const { cwd, isDirectory } = world
  const outputOf: Scope['outputOf'] = (command, scope) => listedBy(command, scope, world)
  return { cwd, former: [], variables, outputOf, isDirectory }
}

function inspect(source: string, scope: Scope, judgement: Judgement, { depth, offset }: Place): void {
  if (depth > MAX_DEPTH) return
  eachCommand(source, scope, (command, here) => {
    if (judgement.denied !== undefined || judgement.world.budget.steps <= 0) return
    judge(command, here, judgement, { depth, offset })
    for (const { source: inner, at } of command.substitutions) {
      const place = offset === undefined || at === undefined ? undefined : offset + at
      inspect(inner, copyOf(here), judgement, { depth: depth + 1, offset: place })
    }
  })
}

function judge(command: ShellCommand, scope: Scope, judgement: Judgement, { depth, offset }: Place): void {
  const { world } = judgement
  const words = command.words.map((word) => valuesOf(word, scope).values[0]?.text ?? '')
  const at = programAt(words)
  const program = baseName(words[at] ?? '')
  const kind = kindOf(program)
  const deny = (path: string | undefined, wide = false): boolean => {
    if (path !== undefined) judgement.denied ??= { kind: 'deny', path, program: program || 'the shell', wide }
    return path !== undefined
  }
  const splice = (splices: readonly CommandSplice[]): void => {
    for (const { start, end, text } of splices)
      judgement.splices.push({ start: start + offset!, end: end + offset!, text })
  }
  const canSplice = offset !== undefined && scope.cwd !== undefined
  const isRecursive =
    /diff$/.test(program) && words.some((word) => /^(-[A-Za-z]*r[A-Za-z]*|--recursive)$/.test(word))
  const one: Case = {
    command,
    scope,
    world,
    words,
    at,
    program,
    kind,
    isRecursive,
    canSplice,
    deny,
    splice,
  }
  for (const word of command.inputs) if (deny(hitOf(word, scope, world)?.path)) return
  const isReader = kind === 'reader' || kind === 'script' || kind === 'shell' || isTextSearch(one)
  if (/(^|\/)(xargs|parallel)$/.test(words[0] ?? '') && isReader && deny(handedTo(one), true)) return
  const rest = command.words.slice(at + 1)
  if (kind === 'reader' || kind === 'script') {
    const options = words.slice(at + 1)
    if (
      /^(diff|colordiff)$/.test(program) &&
      options.some((word) => /^(-[A-Za-z]*q[A-Za-z]*|--brief)$/.test(word))
    )
      return
    const hasScript = options.some((word) => /^-[A-Za-z]*[ef]$|^--(expression|file)/.test(word))
    readAll(one, kind === 'script' && !hasScript ? afterFirst(rest) : rest)
  } else if (kind === 'search') judgeSearch(one)
  else if (kind === 'git') judgeGit(one)
  else if (kind === 'copy') judgeCopy(one)
  else if (kind === 'interpreter') {
    for (const code of codesOf(one)) {
      if (deny(hiddenInCode(code, scope, world))) return
      for (const line of commandsInCode(code)) if (deny(namedIn(line, scope, world, depth))) return
    }
    if (/^(perl|ruby)$/.test(program) && words.some((word) => /^-[a-z]*[np]/.test(word))) readAll(one, rest)
  } else if (kind === 'shell') {
    const inner = { depth: depth + 1, offset: undefined }
    const isEval = program === 'eval'
    const flag = words.findIndex((word, i) => i > at && /^-[a-z]*c$/.test(word))
    if (isEval) inspect(words.slice(at + 1).join(' '), scope, judgement, inner)
    else if (flag > 0 && words[flag + 1] !== undefined)
      inspect(words[flag + 1]!, withArguments(scope, words.slice(flag + 2)), judgement, inner)
    for (const text of command.texts)
      inspect(typeof text === 'string' ? text : plainText(text), copyOf(scope), judgement, inner)
    const said = command.isPiped && words.length === at + 1 ? echoedBy(command.piped, scope) : undefined
    if (said !== undefined) inspect(said, copyOf(scope), judgement, inner)
  } else if (kind === 'find') find(one)
}

function isTextSearch({ kind, words, at }: Case): boolean {
  return kind === 'search' && searchOf(words.slice(at)).prints === 'text'
}

/** The hidden path that xargs may hand to its program: what the pipe lists, or a here-string says. */
function handedTo({ command, scope, world }: Case): string | undefined {
  const [piped] = command.piped === undefined ? [] : scope.outputOf(command.piped, scope)
  const [listed] = command.inputs
    .flatMap((word) => valuesOf(word, scope).commands)
    .flatMap(({ source }) => scope.outputOf(source, scope))
  const said = command.texts.flatMap((text) =>
    (typeof text === 'string' ? text : (valuesOf(text, scope).values[0]?.text ?? '')).split(/\s+/),
  )
  const values = [piped, listed, ...said.slice(0, MAX_SAID).map((text) => ({ text }))]
  for (const value of values) {
    const path = value === undefined ? undefined : hiddenBy(value, scope, world)
    if (path !== undefined) return path
  }
  return undefined
}

/** Names of a here-string that are looked at. */
const MAX_SAID = 500

/** Code that an interpreter is given: by `-c` or `-e`, as here-document, or through a pipe from echo. */
function codesOf({ command, scope, words, at }: Case): readonly string[] {
  const rest = command.words.slice(at + 1)
  const codes = rest.flatMap((word, i) =>
    /^-[A-Za-z]*[cerE]$|^--(eval|print|execute)$|^-p$/.test(words[at + 1 + i]!)
      ? (rest[i + 1] ?? [])
      : /^(-e|-c|--eval=)./.test(words[at + 1 + i]!)
        ? [word]
        : [],
  )
  const isBare = rest.every((_, i) => words[at + 1 + i] === '-')
  const said = command.isPiped && isBare ? echoedBy(command.piped, scope) : undefined
  return [...codes, ...command.texts, ...(said === undefined ? [] : [said])].map((text) =>
    typeof text === 'string' ? text : (valuesOf(text, scope).values[0]?.text ?? plainText(text)),
  )
}

/** The hidden file that a command in a string of code reads by its name. What it would search through is not certain: it may be prose. */
function namedIn(line: string, scope: Scope, world: ShellWorld, depth: number): string | undefined {
  const judgement: Judgement = { world, denied: undefined, splices: [] }
  inspect(line, copyOf(scope), judgement, { depth: depth + 1, offset: undefined })
  return judgement.denied?.wide === false ? judgement.denied.path : undefined
}

/** `sh -c 'cat "$1"' NAME ARGUMENT…` */
function withArguments(scope: Scope, given: readonly string[]): Scope {
  const inner = copyOf(scope)
  for (const [i, text] of given.slice(0, 10).entries()) inner.variables.set(String(i), [{ text }])
  if (given.length > 1)
    inner.variables.set(
      '@',
      given.slice(1).map((text) => ({ text })),
    )
  return inner
}

function find(one: Case): void {
  const { command, words, scope, world } = one
  const exec = words.findIndex((word) => /^(-exec|-execdir|-ok|-okdir|-x|-X|--exec|--exec-batch)$/.test(word))
  if (exec < 0) return
  const run = words.slice(exec + 1)
  const kind = kindOf(baseName(run[0] ?? ''))
  if (!/^(reader|script|search|shell|interpreter)$/.test(kind)) return
  if (kind === 'search' && searchOf(run).prints !== 'text') return
  const [named] = listedBy(command, scope, world)
  if (named !== undefined) one.deny(hiddenBy(named, scope, world), true)
}

function afterFirst(words: readonly Word[]): readonly Word[] {
  const first = words.findIndex((word) => !plainText(word).startsWith('-'))
  return first < 0 ? [] : words.slice(first + 1)
}
