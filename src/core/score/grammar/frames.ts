import type { Node } from 'web-tree-sitter'
import type { Kind } from './kinds.ts'
import type { LanguageTable } from './table.ts'

/** The numbers of a function while it is walked through. */
export interface Tally {
  readonly name: string
  /** The last part of the name, which calls spell. */
  readonly ownName: string
  readonly node: Node
  readonly bodyStart: number
  readonly end: number
  readonly parameters: number
  /** Cognitive nesting and depth of control structures at its body, which its own numbers start from. */
  readonly nesting: number
  readonly depth: number
  /** The function around it, whose cognitive number includes its own. */
  readonly outer: Tally | undefined
  cyclomatic: number
  cognitive: number
  deepest: number
}

/** A sequence of logical operators: it costs 1 for each change of operator. */
export interface Sequence {
  /** Number of the token met last; -1 before the first. */
  last: number
}

/** What holds at a place in the text. */
export interface Place {
  /** Cognitive nesting, and depth of control structures. */
  readonly nesting: number
  readonly depth: number
  /** The innermost function, which decisions go to; none outside of any, nor in a class within a function. */
  readonly tally: Tally | undefined
  /** The innermost function that cognitive numbers go to, across such a class. */
  readonly around: Tally | undefined
  /** What counts for nobody. */
  readonly mute: 'none' | 'decisions' | 'all'
  /** Names of scopes around, each with a dot after it; starts anew in a function. */
  readonly path: string
}

/** A node that is open while what is inside of it is walked through. */
export interface Frame {
  readonly kind: Kind
  readonly node: Node
  readonly start: number
  readonly end: number
  readonly inside: Place
  readonly outside: Place
  /** Where the body starts; asked for only if something inside nests. */
  bodyStart: number | undefined
  /** Of a binary node that is a logical one. */
  sequence: Sequence | undefined
}

const TOP: Place = { nesting: 0, depth: 0, tally: undefined, around: undefined, mute: 'none', path: '' }

/** What holds at an offset inside of a frame: conditions are not nested in their own structure, nor are heads in their function. */
export function placeIn(frame: Frame | undefined, start: number, table: LanguageTable): Place {
  if (!frame) return TOP
  const { tally } = frame.inside
  if (tally && frame.kind.role === 'function' && start < tally.bodyStart) {
    return table.headsAreMute ? { ...frame.outside, mute: 'all' } : frame.inside
  }
  return frame.kind.effect.nests && start < bodyStartOf(frame) ? frame.outside : frame.inside
}

function bodyStartOf(frame: Frame): number {
  if (frame.bodyStart === undefined) {
    const { node } = frame
    const body = node.childForFieldName('consequence') ?? node.childForFieldName('body')
    const condition = body ? null : node.childForFieldName('condition')
    frame.bodyStart = body?.startIndex ?? condition?.endIndex ?? frame.start
  }
  return frame.bodyStart
}

interface Opening {
  readonly node: Node
  readonly kind: Kind
  readonly place: Place
  /** The `if` whose `else` this one follows: nesting is as in that one. */
  readonly chainedTo: Frame | undefined
  readonly table: LanguageTable
}

/** Opens a frame; undefined for a function that has no body, which is only declared. */
export function openFrame(opening: Opening): Frame | undefined {
  const { node, kind, place, chainedTo } = opening
  const inside = chainedTo?.inside ?? placeInside(opening)
  return (
    inside && {
      kind,
      node,
      start: node.startIndex,
      end: node.endIndex,
      inside,
      outside: chainedTo?.outside ?? place,
      bodyStart: undefined,
      sequence: undefined,
    }
  )
}

/** What is the same inside as outside is the same object: most frames cost one. */
function placeInside(opening: Opening): Place | undefined {
  const { node, kind, place, table } = opening
  switch (kind.role) {
    case 'function':
      return placeInFunction(opening)
    case 'lambda':
      if (place.around) return deeper(place, 1, 0)
      return table.nameOf?.(node) === undefined ? place : placeInFunction(opening)
    case 'block':
      return place.around ? deeper(place, 1, 0) : place
    case 'scope': {
      const name = nameIn(opening)
      return { ...place, tally: undefined, path: name ? `${place.path}${name}.` : place.path }
    }
    case 'assert':
      return place.mute === 'none' ? { ...place, mute: 'decisions' } : place
    case 'opaque':
      return place.mute === 'all' ? place : { ...place, mute: 'all' }
    default:
      return kind.effect.nests ? deeper(place, 1, Number(kind.effect.control)) : place
  }
}

const deeper = (place: Place, nesting: number, depth: number): Place => ({
  nesting: place.nesting + nesting,
  depth: place.depth + depth,
  tally: place.tally,
  around: place.around,
  mute: place.mute,
  path: place.path,
})

function placeInFunction(opening: Opening): Place | undefined {
  const { node, place, table } = opening
  const body = table.bodyOf ? table.bodyOf(node) : node.childForFieldName('body')
  if (!body) return undefined
  const { around } = place
  const nesting = place.nesting + (around && !table.wrapperOf?.(around.node) ? 1 : 0)
  const own = nameIn(opening) ?? '<anonymous>'
  const tally: Tally = {
    // A name that is empty is the scope's: what a property computes is called as the property is.
    name: own === '' ? place.path.slice(0, -1) : place.path + own,
    ownName: own.slice(own.lastIndexOf('.') + 1),
    node,
    bodyStart: body.startIndex,
    end: node.endIndex,
    parameters: table.parametersOf(node),
    nesting,
    depth: place.depth,
    outer: around,
    cyclomatic: 1,
    cognitive: 0,
    deepest: 0,
  }
  return { nesting, depth: place.depth, tally, around: tally, mute: 'none', path: '' }
}

function nameIn({ node, table }: Opening): string | undefined {
  return table.nameOf ? table.nameOf(node) : node.childForFieldName('name')?.text
}
