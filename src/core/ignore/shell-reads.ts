import { resolve } from 'node:path'
import { eachCommand, type Scope, type ShellCommand, type Value, valuesOf } from './shell-commands.ts'
import { listedBy } from './shell-lists.ts'
import { baseName, gitKind, kindOf, namesInCode, programAt, searchOf } from './shell-programs.ts'
import {
  type CommandSplice,
  type Operand,
  spliced,
  visibleMatches,
  withoutHiddenGit,
  withoutHiddenGrep,
  withoutHiddenRg,
} from './shell-searches.ts'
import { plainText, type Word } from './shell-words.ts'
import { expandGlob, hiddenBy, type ShellWorld } from './shell-world.ts'

/** What is to become of a shell command. */
export type ShellVerdict =
  | { readonly kind: 'pass' }
  /** It would print what is in a hidden file. */
  | { readonly kind: 'deny'; readonly path: string; readonly program: string; readonly wide: boolean }
  /** The same without the hidden files. */
  | { readonly kind: 'rewrite'; readonly command: string }

const MAX_DEPTH = 5
/** Words of git that print what is in files. */
const GIT_READS = /^(show|diff|difftool|blame|annotate|cat-file|whatchanged|range-diff)$/

interface Judgement {
  denied: Extract<ShellVerdict, { kind: 'deny' }> | undefined
  readonly splices: CommandSplice[]
}

/**
 * Whether a command reads a hidden file, as far as can be known before it runs. What cannot be known passes: this keeps files of little worth
 * from an agent, and is no wall against one that wants to get around it.
 */
export function judgeShell(source: string, world: ShellWorld): ShellVerdict {
  const judgement: Judgement = { denied: undefined, splices: [] }
  inspect(source, freshScope(world), world, judgement, 0)
  if (judgement.denied !== undefined) return judgement.denied
  if (judgement.splices.length === 0) return { kind: 'pass' }
  return { kind: 'rewrite', command: spliced(source, judgement.splices) }
}

function freshScope(world: ShellWorld): Scope {
  const variables = new Map<string, readonly Value[] | undefined>()
  for (const [name, value] of Object.entries(world.env))
    if (value !== undefined) variables.set(name, [{ text: value }])
  return { cwd: world.cwd, variables, outputOf: (command, scope) => listedBy(command, scope, world) }
}

/** `depth` 0 is the command itself: only there a splice has a place. */
function inspect(source: string, scope: Scope, world: ShellWorld, judgement: Judgement, depth: number): void {
  if (depth > MAX_DEPTH) return
  eachCommand(source, scope, (command, here) => {
    if (judgement.denied !== undefined) return
    judge(command, here, world, judgement, depth)
    for (const word of command.words)
      for (const inner of valuesOf(word, here).commands)
        inspect(inner, inner === source ? here : copyOf(here), world, judgement, depth + 1)
  })
}

function copyOf(scope: Scope): Scope {
  return { ...scope, variables: new Map(scope.variables) }
}

function judge(
  command: ShellCommand,
  scope: Scope,
  world: ShellWorld,
  judgement: Judgement,
  depth: number,
): void {
  const words = command.words.map((word) => valuesOf(word, scope).values[0]?.text ?? '')
  const at = programAt(words)
  const program = baseName(words[at] ?? '')
  const kind = kindOf(program)
  const deny = (path: string | undefined, wide = false): boolean => {
    if (path !== undefined) judgement.denied ??= { kind: 'deny', path, program: program || 'the shell', wide }
    return path !== undefined
  }
  const canSplice = depth === 0 && scope.cwd !== undefined
  for (const word of command.inputs) if (deny(hitOf(word, scope, world)?.path)) return
  const isReader = kind === 'reader' || kind === 'script' || kind === 'search'
  if (
    /(^|\/)(xargs|parallel)$/.test(words[0] ?? '') &&
    command.piped !== undefined &&
    (isReader || kind === 'shell')
  ) {
    const [named] = scope.outputOf(command.piped, scope)
    if (named !== undefined && deny(hiddenBy(named, scope, world), true)) return
  }
  const rest = command.words.slice(at + 1)
  if (kind === 'reader' || kind === 'script') {
    const own =
      kind === 'script' &&
      !words.slice(at + 1).some((word) => /^-[A-Za-z]*[ef]$|^--(expression|file)/.test(word))
        ? afterFirst(rest)
        : rest
    readAll(own)
  } else if (kind === 'search') search(command, words, at, at)
  else if (kind === 'git') git()
  else if (kind === 'interpreter') {
    const codes = rest.flatMap((word, i) =>
      /^-[A-Za-z]*[cerE]$|^--(eval|print|execute)$|^-p$/.test(words[at + 1 + i]!)
        ? [rest[i + 1]]
        : /^(-e|-c|--eval=)./.test(words[at + 1 + i]!)
          ? [word]
          : [],
    )
    const texts = [...codes.filter((word) => word !== undefined), ...command.texts].map((text) =>
      typeof text === 'string' ? text : (valuesOf(text, scope).values[0]?.text ?? plainText(text)),
    )
    for (const text of texts)
      for (const name of namesInCode(text)) {
        const glob = /[*?[]/.test(name) ? { glob: name } : {}
        if (deny(hiddenBy({ text: name, ...glob }, scope, world))) return
      }
    if (/^(perl|ruby)$/.test(program) && words.some((word) => /^-[a-z]*[np]/.test(word))) readAll(rest)
  } else if (kind === 'shell') {
    const isEval = program === 'eval'
    const flag = words.findIndex((word, i) => i > at && /^-[a-z]*c$/.test(word))
    const inner = isEval ? words.slice(at + 1).join(' ') : flag > 0 ? words[flag + 1] : undefined
    if (inner !== undefined) inspect(inner, isEval ? scope : copyOf(scope), world, judgement, depth + 1)
    for (const text of command.texts)
      inspect(typeof text === 'string' ? text : plainText(text), copyOf(scope), world, judgement, depth + 1)
  } else if (kind === 'find') {
    const exec = words.findIndex((word) =>
      /^(-exec|-execdir|-ok|-okdir|-x|-X|--exec|--exec-batch)$/.test(word),
    )
    if (
      exec > 0 &&
      /^(reader|script|search|shell|interpreter)$/.test(kindOf(baseName(words[exec + 1] ?? '')))
    ) {
      const [named] = listedBy(command, scope, world)
      if (named !== undefined) deny(hiddenBy(named, scope, world), true)
    }
  }

  function readAll(operands: readonly Word[]): void {
    for (const word of operands) {
      const hit = hitOf(word, scope, world)
      if (hit === undefined) continue
      const splices =
        canSplice && hit.glob !== undefined && isPlain(word) && valuesOf(word, scope).values.length === 1
          ? visibleMatches({ start: word.start, end: word.end, glob: hit.glob }, scope, world)
          : undefined
      if (splices === undefined) {
        deny(hit.path, hit.glob !== undefined)
        return
      }
      judgement.splices.push(...splices)
    }
  }

  /** `from` is the place of the searching program's name, or of its verb. */
  function search(whole: ShellCommand, all: readonly string[], from: number, nameAt: number): void {
    const found = searchOf([program === 'git' ? 'git-grep' : all[nameAt]!, ...all.slice(from + 1)])
    const operands = found.operands.map((place) => whole.words[from + place]!)
    const isGit = program === 'git'
    if (!found.recursive && !isGit) {
      readAll(operands)
      return
    }
    for (const word of operands) {
      const hit = hitOf(word, scope, world)
      if (hit !== undefined && hit.glob === undefined && deny(hit.path)) return
    }
    const values = operands.map((word) => valuesOf(word, scope))
    const spelled: Operand[] = []
    let certain = canSplice && !/(^|\/)(xargs|parallel)$/.test(all[0]!)
    for (const [i, { values: own, unknown }] of values.entries()) {
      const texts = own.flatMap(({ text, glob }) =>
        glob === undefined ? [text] : (expandGlob(glob, scope.cwd ?? world.cwd, world) ?? []),
      )
      if (unknown || !isPlain(operands[i]!)) certain = false
      const word = operands[i]!
      spelled.push({ start: word.start, end: word.end, texts })
    }
    const roots = operands.length === 0 ? [''] : spelled.flatMap(({ texts }) => texts)
    const base = scope.cwd ?? world.cwd
    const below = [...new Set(roots.flatMap((text) => world.lookup.below(resolve(base, text))))]
    if (below.length === 0 || found.quiet) return
    const hidden = below.map((path) => `${world.lookup.guard.project}/${path}`)
    const shifted = { ...found, optionsEnd: found.optionsEnd + from }
    const splices = !certain
      ? undefined
      : isGit
        ? withoutHiddenGit(whole, found, hidden, scope, all.includes('--'))
        : /^(e|f|r)?grep$/.test(program)
          ? withoutHiddenGrep(whole, spelled, scope, world)
          : program === 'rg'
            ? withoutHiddenRg(whole, shifted, hidden, scope)
            : undefined
    if (splices === undefined) deny(below[0], true)
    else judgement.splices.push(...splices)
  }

  function git(): void {
    const { verb, at: verbAt, directory } = gitKind(words.slice(at))
    const here =
      directory === undefined || scope.cwd === undefined
        ? scope
        : { ...scope, cwd: resolve(scope.cwd, directory) }
    if (verb === 'grep') {
      search(command, words, at + verbAt, at + verbAt)
      return
    }
    const isPatch = verb === 'log' && words.some((word) => /^(-p|-u|--patch|-L.*)$/.test(word))
    if (!GIT_READS.test(verb) && !isPatch) return
    for (const text of words.slice(at + verbAt + 1)) {
      // `HEAD:path`, `:path` and `-L1,5:path` count from the top of the work tree.
      const colon = text.indexOf(':')
      const top = { ...here, cwd: world.lookup.guard.project }
      const inTree = colon < 0 ? undefined : hiddenBy({ text: text.slice(colon + 1) }, top, world)
      if (deny(inTree ?? (text.startsWith('-') ? undefined : hiddenBy({ text }, here, world)))) return
    }
  }
}

/** Nothing in it changes from one turn of a loop to the next. */
function isPlain(word: Word): boolean {
  return word.pieces.every(({ kind }) => kind === 'text')
}

function afterFirst(words: readonly Word[]): readonly Word[] {
  const first = words.findIndex((word) => !plainText(word).startsWith('-'))
  return first < 0 ? [] : words.slice(first + 1)
}

/** The hidden path that a word names, and the wild card by which it does. */
function hitOf(word: Word, scope: Scope, world: ShellWorld): { path: string; glob?: string } | undefined {
  const { values, unknown } = valuesOf(word, scope)
  for (const value of values) {
    const path = hiddenBy(value, scope, world)
    if (path !== undefined) return value.glob === undefined ? { path } : { path, glob: value.glob }
  }
  if (!unknown) return undefined
  // `$SOMEWHERE/src/a.ts`: two names of a path say enough.
  const tail = /\/[^/]+\/[^/]+$/.exec(plainText(word))?.[0]
  const path = tail && world.lookup.guard.files.find((file) => `/${file}`.endsWith(tail))
  return path === undefined || path === '' ? undefined : { path }
}
