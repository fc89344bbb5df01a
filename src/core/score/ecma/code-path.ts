import { ANONYMOUS } from './names.ts'
import type { Node } from './oxc.ts'

/**
 * Code that is entered at one place and counted apart, as ESLint divides a file: a function, the initial value of a field
 * of a class, a static block, and what of the file is outside of all those.
 */
export interface CodePath {
  readonly kind: 'file' | 'function' | 'field' | 'static'
  readonly name: string
  /** Where the source begins to speak of it: of a method, its modifiers. */
  readonly from: number
  readonly start: number
  readonly end: number
  readonly parameters: number
  /** Its cognitive complexity and nesting are this one's: values of fields and static blocks are no units of their own. */
  readonly unit: CodePath
  cyclomatic: number
  cognitive: number
  nesting: number
}

/** What the place where a function stands says of it. */
export interface Hint {
  readonly name: string
  readonly from: number
}

/** A function's path, or the file's. */
export function unitPath(kind: 'file' | 'function', node: Node, hint?: Hint): CodePath {
  const named = 'id' in node && node.id?.type === 'Identifier' ? node.id.name : undefined
  const path = {
    kind,
    name: named ?? hint?.name ?? ANONYMOUS,
    from: hint?.from ?? node.start,
    start: node.start,
    end: node.end,
    parameters: 'params' in node && Array.isArray(node.params) ? parametersIn(node.params) : 0,
    cyclomatic: 1,
    cognitive: 0,
    nesting: 0,
  }
  return Object.assign(path, { unit: path as unknown as CodePath })
}

/** A path within a unit. */
export function innerPath(kind: 'field' | 'static', node: Node, unit: CodePath): CodePath {
  const { start, end } = node
  return {
    kind,
    name: kind,
    from: start,
    start,
    end,
    parameters: 0,
    unit,
    cyclomatic: 1,
    cognitive: 0,
    nesting: 0,
  }
}

/** TypeScript's `this` is written like a parameter, but nobody passes it. */
function parametersIn(parameters: readonly Node[]): number {
  const [first] = parameters
  return first?.type === 'Identifier' && first.name === 'this' ? parameters.length - 1 : parameters.length
}
