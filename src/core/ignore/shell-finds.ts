import { fitsName, fitsText } from './glob.ts'
import { baseName } from './shell-programs.ts'

/** A path as find meets it. */
export interface Candidate {
  /** As find prints it: the root as it was given, then what is below. */
  readonly path: string
  readonly kind: 'file' | 'directory'
  /** Directories between it and the root. */
  readonly depth: number
}

/** What is known of a test before it runs; undefined is that it may hold. */
type Truth = boolean | undefined

/** The words of a find command in their parts. */
export interface FindWords {
  readonly roots: readonly string[]
  readonly expression: readonly string[]
}

/** Options that take the next word, and are no test of a name. */
const VALUED =
  /^-(newer\w*|[acm]min|[acm]time|size|perm|user|group|uid|gid|regex|iregex|regextype|inum|links|samefile|used|fstype|lname|ilname|printf|fprint|fprintf|fprint0|fls)$/
const ACTIONS = /^-(print|print0|printf|ls|fprint|fprint0|fprintf|fls|exec|execdir|ok|okdir|delete)$/

/** Roots, and the expression behind them; options before the roots are left out. */
export function findWords(rest: readonly string[]): FindWords {
  const own = rest.filter((word, i) => !/^-([HLP]|O\d?)$/.test(word) && !(word === '-D' && i === 0))
  const end = own.findIndex((word) => /^[-(!]/.test(word))
  const roots = end < 0 ? own : own.slice(0, end)
  return { roots: roots.length === 0 ? ['.'] : roots, expression: end < 0 ? [] : own.slice(end) }
}

/** Whether find may hand on a file: its tests of names and depth hold, others may (find(1): the grammar of expressions). */
export function findTakes(expression: readonly string[], candidate: Candidate): boolean {
  const number = (name: string): number | undefined => {
    const at = expression.indexOf(name)
    return at < 0 ? undefined : Number(expression[at + 1])
  }
  if (candidate.depth > (number('-maxdepth') ?? Number.POSITIVE_INFINITY)) return false
  if (candidate.depth < (number('-mindepth') ?? 0)) return false
  const parts = candidate.path.split('/')
  for (let length = parts.length - candidate.depth; length < parts.length; length += 1) {
    const above = { path: parts.slice(0, length).join('/'), kind: 'directory' as const, depth: 0 }
    if (evaluated(expression, above).isPruned) return false
  }
  const { truth, reached } = evaluated(expression, candidate)
  return expression.some((word) => ACTIONS.test(word)) ? reached : truth !== false
}

function evaluated(
  words: readonly string[],
  candidate: Candidate,
): { truth: Truth; reached: boolean; isPruned: boolean } {
  let at = 0
  let [reached, isPruned] = [false, false]
  // `live` is what is known of whether this part is evaluated at all.
  const either = (live: Truth): Truth => {
    let truth = both(live)
    while (words[at] === '-o' || words[at] === '-or' || words[at] === ',') {
      const isList = words[at] === ','
      at += 1
      const right = both(isList ? live : and(live, not(truth)))
      truth = isList ? right : not(and(not(truth), not(right)))
    }
    return truth
  }
  const both = (live: Truth): Truth => {
    let truth = one(live)
    while (at < words.length && !/^(-o|-or|,|\))$/.test(words[at]!)) {
      if (words[at] === '-a' || words[at] === '-and') at += 1
      else truth = and(truth, one(and(live, truth)))
    }
    return truth
  }
  const one = (live: Truth): Truth => {
    const word = words[at] ?? ''
    at += 1
    if (word === '!' || word === '-not') return not(one(live))
    if (word === '(' || word === '\\(') {
      const truth = either(live)
      at += 1
      return truth
    }
    if (/^-(exec|execdir|ok|okdir)$/.test(word)) {
      while (at < words.length && words[at] !== ';' && words[at] !== '+') at += 1
      at += 1
    }
    if (ACTIONS.test(word) && live !== false) reached = true
    if (word === '-prune' && live === true) isPruned = true
    if (ACTIONS.test(word) || word === '-prune') {
      if (VALUED.test(word)) at += 1
      return true
    }
    if (word === '-true' || word === '-false') return word === '-true'
    if (/^-(max|min)depth$/.test(word)) {
      at += 1
      return true
    }
    if (VALUED.test(word)) {
      at += 1
      return undefined
    }
    const test = /^-(i?name|i?path|i?wholename|type)$/.exec(word)?.[1]
    if (test === undefined) return /^-(depth|xdev|mount|follow|noleaf|d)$/.test(word) ? true : undefined
    const pattern = words[at] ?? ''
    at += 1
    if (test === 'type') return pattern.includes(candidate.kind === 'file' ? 'f' : 'd')
    const fold = (text: string) => (test.startsWith('i') ? text.toLowerCase() : text)
    const text =
      test.endsWith('name') && !test.endsWith('wholename') ? baseName(candidate.path) : candidate.path
    return fitsText(fold(text), fold(pattern))
  }
  const truth = words.length === 0 ? true : either(true)
  return { truth, reached, isPruned }
}

function and(left: Truth, right: Truth): Truth {
  if (left === false || right === false) return false
  return left === true && right === true ? true : undefined
}

function not(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth
}

/** Options of fd that take the next word. */
const FD_VALUES =
  /^(-[eEtdSocjx]|--(extension|exclude|type|max-depth|min-depth|exact-depth|size|owner|color|threads|changed-within|changed-before|max-results|base-directory|ignore-file))$/

/** What fd looks for: directories that it begins at, and whether it may hand on a file of this name. */
export function fdWords(rest: readonly string[]): {
  readonly roots: readonly string[]
  readonly takes: (path: string) => boolean
} {
  const run = rest.findIndex((word) => /^(-x|-X|--exec|--exec-batch)$/.test(word))
  const own = run < 0 ? rest : rest.slice(0, run)
  const operands: string[] = []
  const endings: string[] = []
  for (let at = 0; at < own.length; at += 1) {
    const word = own[at]!
    const glued = /^(?:-e|--extension=)(.+)$/.exec(word)?.[1]
    if (glued !== undefined) endings.push(glued)
    else if (/^(-e|--extension)$/.test(word)) endings.push(own[at + 1] ?? '')
    if (FD_VALUES.test(word)) at += 1
    else if (!word.startsWith('-')) operands.push(word)
  }
  const [pattern, ...roots] = operands
  const isGlob = own.some((word) => word === '-g' || word === '--glob')
  const isWhole = own.some((word) => word === '-p' || word === '--full-path')
  const named = (path: string): boolean => {
    if (pattern === undefined || pattern === '' || isWhole) return true
    if (isGlob) return fitsName(baseName(path), pattern)
    try {
      return new RegExp(pattern, /[A-Z]/.test(pattern) ? '' : 'i').test(baseName(path))
    } catch {
      return true
    }
  }
  const takes = (path: string): boolean =>
    named(path) &&
    (endings.length === 0 || endings.some((one) => path.toLowerCase().endsWith(`.${one.toLowerCase()}`)))
  return { roots: roots.length === 0 ? ['.'] : roots, takes }
}
