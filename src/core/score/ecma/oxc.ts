import type { Comment, Node, ParseResult, ParserOptions, Program } from 'oxc-parser'

export type { Comment, Node, Program }

/** Which keys of a node hold what can run, by the node's type; a type that is missing holds nothing. */
export type ChildKeys = ReadonlyMap<string, readonly string[]>

/** The parser, loaded. */
export interface Oxc {
  readonly parseSync: (path: string, text: string, options: ParserOptions) => ParseResult
  /** Without types: nothing in them is counted, and they are half of the nodes of a file in TypeScript. */
  readonly running: ChildKeys
  /** With them, for files that mention modules there. */
  readonly all: ChildKeys
}

/** Types, and what has no children that matter; closing tags repeat their opening ones. */
const NOT_RUN = new Set([
  'typeAnnotation',
  'typeParameters',
  'typeArguments',
  'returnType',
  'superTypeArguments',
  'implements',
  'label',
  'quasis',
  'meta',
  'closingElement',
  'closingFragment',
  'openingFragment',
])
const TYPE_ONLY = /^TS(TypeAlias|Interface)Declaration$|Type$|Keyword$|Signature$|^TSIndexSignature$/

/**
 * Loads oxc-parser, an optional dependency with a native part for each platform. Throws what `import` throws where it
 * is not installed.
 */
export async function loadOxc(): Promise<Oxc> {
  const { parseSync, visitorKeys } = await import('oxc-parser')
  const types = Object.entries(visitorKeys)
  return {
    parseSync,
    running: new Map(
      types
        .filter(([type]) => !TYPE_ONLY.test(type))
        .map(([type, keys]) => [type, keys.filter((key) => !NOT_RUN.has(key))] as const)
        .filter(([, keys]) => keys.length > 0),
    ),
    all: new Map(types.filter(([, keys]) => keys.length > 0)),
  }
}
