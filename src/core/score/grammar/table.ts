import type { Node } from 'web-tree-sitter'
import type { ImportRef, OutlineEntry } from '../analysis.ts'

/**
 * What a node or token is to complexity. Pairs with EFFECTS in effects.ts, which says what each costs.
 * `logical` tokens count inside of a `binary` node only; `scope` gives its name to what is in it, and ends a function.
 */
export type Role =
  | 'branch'
  | 'guard'
  | 'elseBranch'
  | 'else'
  | 'loop'
  | 'switch'
  | 'case'
  | 'catch'
  | 'ternary'
  | 'decision'
  | 'assert'
  | 'opaque'
  | 'jump'
  | 'binary'
  | 'logical'
  | 'function'
  | 'lambda'
  | 'block'
  | 'scope'
  | 'comment'
  | 'import'

/** A role under a condition, or with another number of decisions than is usual for it. */
export interface Rule {
  readonly role: Role
  /** Asking a node for its parent costs as much as it is deep: nothing that nests without end may. */
  readonly when?: (node: Node, text: string) => boolean
  readonly decisions?: (node: Node) => number
}

/** A definition as the outline has it. */
export interface Definition {
  readonly kind: OutlineEntry['kind'] | ((node: Node) => OutlineEntry['kind'] | undefined)
  /** Its name; without it the field `name`. Several for `const a, b = 1, 2`; none for what is left out. */
  readonly names?: (node: Node) => readonly string[]
  /** Definitions are looked for in its body. */
  readonly holds?: boolean
  /** Where the head ends, if not at the body. */
  readonly headEnd?: (node: Node) => number | undefined
}

/** Everything that sets a language apart, as data; what cannot be data is a small function of one node. */
export interface LanguageTable {
  /** Path of the grammar under node_modules. */
  readonly wasm: string
  /** By the names of node types. */
  readonly nodes: Readonly<Record<string, Role | Rule>>
  /** By what anonymous tokens spell. */
  readonly tokens: Readonly<Record<string, Role | Rule>>
  /** Name of a function, lambda or scope without what it is in; `''` for none, undefined for `<anonymous>`. */
  readonly nameOf?: (node: Node) => string | undefined
  readonly bodyOf?: (node: Node) => Node | null
  readonly parametersOf: (node: Node) => number
  /** What stands before a function's body is evaluated elsewhere, and counts for nobody. */
  readonly headsAreMute?: boolean
  /** The grammar ranks comparisons below logical operators, so that sequences are read from the text. */
  readonly looseLogic?: boolean
  /** A function that only defines one and returns it adds no nesting to that one. */
  readonly wrapperOf?: (node: Node) => boolean
  /** Functions of one name may differ in parameters: a call is to itself only if their number is equal. */
  readonly overloads?: boolean
  /** What a function calls itself by, before its name. */
  readonly receivers: readonly string[] | ((node: Node) => readonly string[])
  /** Calls may leave the parentheses out. */
  readonly callsNeedNoParentheses?: boolean
  readonly imports: Readonly<Record<string, (node: Node) => readonly ImportRef[]>>
  /** For imports that look like any other call: where they may be, to be looked at there. */
  readonly importCalls?: { readonly pattern: RegExp; readonly read: (at: Node) => ImportRef | undefined }
  readonly definitions: Readonly<Record<string, Definition>>
  /** Nodes around definitions that are none themselves. */
  readonly transparent: readonly string[]
  readonly exported: (node: Node, name: string) => boolean
  /** Names that others may take, beyond those of exported definitions. */
  readonly moreExports?: (root: Node) => readonly string[]
}

/** Line of a node, from 1. */
export const lineOf = (node: Node): number => node.startPosition.row + 1

/** Last line of a node, from 1; one that ends with its line break ends on that line. */
export function endLineOf(node: Node): number {
  const { row, column } = node.endPosition
  return column === 0 && row > node.startPosition.row ? row : row + 1
}

/** Text of a field, or undefined. */
export const fieldText = (node: Node, field: string): string | undefined =>
  node.childForFieldName(field)?.text

/** First child of a type, or undefined. */
export const childOf = (node: Node, ...types: string[]): Node | undefined =>
  node.children.find((child) => types.includes(child.type))

/** Named children but for comments. */
export const parts = (node: Node | null): readonly Node[] =>
  node?.namedChildren.filter((child) => !child.type.endsWith('comment')) ?? []

/** An import of everything in a module, unless names say otherwise. */
export const importOf = (
  node: Node,
  specifier: string,
  kind: ImportRef['kind'] = 'import',
  names: readonly string[] = ['*'],
): ImportRef => ({ specifier, line: lineOf(node), kind, typeOnly: false, names })

/** Text of a string literal without its quotes. */
export const unquoted = (text: string): string => text.replace(/^(['"`])([\s\S]*)\1$/, '$2')

/** Whether one of a node's modifiers spells a word. */
export const hasModifier = (node: Node, ...words: string[]): boolean =>
  node.children.some(
    (child) => /modifier/.test(child.type) && child.text.split(/\s+/).some((word) => words.includes(word)),
  )
