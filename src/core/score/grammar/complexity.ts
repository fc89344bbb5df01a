import type { Node, Tree } from 'web-tree-sitter'
import type { FunctionScore } from '../analysis.ts'
import { type Frame, openFrame, type Place, placeIn, type Tally } from './frames.ts'
import type { Kind, Kinds } from './kinds.ts'
import { codeLinesIn, type LineSums, sumCodeLines } from './lines.ts'
import { callsItself } from './recursion.ts'
import { sequenceOf } from './sequences.ts'
import { endLineOf, type LanguageTable, lineOf } from './table.ts'

/** Numbers of a file and of the functions in it; the nodes of its imports come along, as they were met. */
export interface Complexity {
  readonly lines: LineSums
  readonly cyclomatic: number
  readonly cognitive: number
  readonly nesting: number
  readonly functions: readonly FunctionScore[]
  readonly importNodes: readonly Node[]
}

/** What is known so far. */
interface Walk {
  readonly table: LanguageTable
  readonly kinds: Kinds
  readonly text: string
  readonly stack: Frame[]
  readonly tallies: Tally[]
  readonly importNodes: Node[]
  readonly comments: (readonly [number, number])[]
  /** Where the last `else` ended. */
  lastElse: number
  cyclomatic: number
  cognitive: number
  deepest: number
}

/**
 * Walks over the nodes that have a role, in order, and keeps those open that others are inside of. The grammar's runtime
 * picks them out in one call, so that nothing is made of all other nodes; nesting is read from offsets, without recursion.
 */
export function complexityOf(tree: Tree, text: string, table: LanguageTable, kinds: Kinds): Complexity {
  const walk: Walk = {
    table,
    kinds,
    text,
    stack: [],
    tallies: [],
    importNodes: [],
    comments: [],
    lastElse: -1,
    cyclomatic: 0,
    cognitive: 0,
    deepest: 0,
  }
  for (const node of tree.rootNode.descendantsOfType(kinds.types)) {
    const kind = kinds.of[node.typeId]
    if (kind) meet(walk, node, kind)
  }
  for (const tally of walk.tallies) {
    if (callsItself(tally, tree.rootNode, text, table)) addCognitive(walk, tally, 0, true)
  }
  const lines = sumCodeLines(text, walk.comments)
  const functions = walk.tallies.map((tally) => scoreOf(tally, lines))
  return {
    lines,
    cyclomatic: walk.cyclomatic + functions.reduce((sum, f) => sum + f.cyclomatic, 0),
    cognitive: walk.cognitive,
    nesting: functions.reduce((most, f) => Math.max(most, f.nesting), walk.deepest),
    functions,
    importNodes: walk.importNodes,
  }
}

function scoreOf(tally: Tally, lines: LineSums): FunctionScore {
  const line = lineOf(tally.node)
  const endLine = endLineOf(tally.node)
  return {
    name: tally.name,
    line,
    endLine,
    lines: codeLinesIn(lines, line, endLine),
    cyclomatic: tally.cyclomatic,
    cognitive: tally.cognitive,
    nesting: tally.deepest,
    parameters: tally.parameters,
  }
}

function meet(walk: Walk, node: Node, kind: Kind): void {
  const { stack } = walk
  const start = node.startIndex
  while (stack.length > 0 && stack.at(-1)!.end <= start) stack.pop()
  if (kind.role === 'comment') {
    if ((walk.comments.at(-1)?.[1] ?? 0) <= start) walk.comments.push([start, node.endIndex])
    return
  }
  if (kind.when && !kind.when(node, walk.text)) return
  if (kind.role === 'import') {
    walk.importNodes.push(node)
    return
  }
  const frame = stack.at(-1)
  if (kind.role === 'logical') {
    if (frame?.kind.role === 'binary') meetLogical(walk, node, kind, frame)
    return
  }
  if (kind.role === 'else' && ifFollows(walk, node)) return
  const place = placeIn(frame, start, walk.table)
  const chained = kind.role === 'branch' && frame?.kind.role === 'branch' && isElseIf(walk, start)
  cost(walk, kind, place, node, chained)
  if (!kind.effect.encloses) return
  const opened = openFrame({ node, kind, place, chainedTo: chained ? frame : undefined, table: walk.table })
  if (!opened) return
  stack.push(opened)
  const { tally } = opened.inside
  if (tally && tally !== place.tally) walk.tallies.push(tally)
  else if (kind.effect.control) deepen(walk, opened.inside)
}

function cost(walk: Walk, kind: Kind, place: Place, node: Node, chained: boolean): void {
  if (place.mute === 'all') return
  const decisions = kind.decisions ? kind.decisions(node) : kind.effect.decisions
  if (decisions > 0 && place.mute === 'none') decide(walk, place.tally, decisions)
  if (kind.effect.weight === 'none') return
  addCognitive(walk, place.around, place.nesting, chained || kind.effect.weight === 'flat')
}

function meetLogical(walk: Walk, node: Node, kind: Kind, frame: Frame): void {
  const { mute, tally, around, nesting } = frame.inside
  if (mute === 'all') return
  if (mute === 'none') decide(walk, tally, kind.effect.decisions)
  const sequence = sequenceOf(walk.stack, walk.text, walk.kinds, walk.table.looseLogic ?? false)
  if (sequence.last !== node.typeId) addCognitive(walk, around, nesting, true)
  sequence.last = node.typeId
}

function decide(walk: Walk, tally: Tally | undefined, decisions: number): void {
  if (tally) tally.cyclomatic += decisions
  else walk.cyclomatic += decisions
}

/** Adds to a function and to those it is nested in, each by the nesting that it sees; the outermost stands for the file. */
function addCognitive(walk: Walk, tally: Tally | undefined, nesting: number, flat: boolean): void {
  if (!tally) walk.cognitive += flat ? 1 : 1 + nesting
  for (let at = tally; at; at = at.outer) {
    const amount = flat ? 1 : 1 + nesting - at.nesting
    at.cognitive += amount
    if (!at.outer) walk.cognitive += amount
  }
}

function deepen(walk: Walk, { tally, depth }: Place): void {
  if (tally) tally.deepest = Math.max(tally.deepest, depth - tally.depth)
  else walk.deepest = Math.max(walk.deepest, depth)
}

/** An `else` that an `if` follows costs nothing: the `if` costs 1 for both. */
function ifFollows(walk: Walk, node: Node): boolean {
  // A clause holds its body; only of a token is the `if` after it another's.
  if (node.childCount > 0) return false
  const end = node.endIndex
  const at = skipBlank(walk.text, end)
  if (!walk.text.startsWith('if', at) || /\w/.test(walk.text[at + 2] ?? '')) return false
  walk.lastElse = end
  return true
}

const isElseIf = (walk: Walk, start: number): boolean =>
  walk.lastElse >= 0 && skipBlank(walk.text, walk.lastElse) === start

function skipBlank(text: string, from: number): number {
  let at = from
  while (text.charCodeAt(at) <= 32) at++
  return at
}
