import type { Language } from 'web-tree-sitter'
import { EFFECTS, type Effect } from './effects.ts'
import type { LanguageTable, Role, Rule } from './table.ts'

/** What a table says of one node type, found by its number. */
export interface Kind extends Rule {
  readonly effect: Effect
  /** Name of the node type. */
  readonly type: string
}

/** The roles of a table by the numbers that a grammar has for node types, for speed: one index for each node met. */
export interface Kinds {
  readonly of: readonly (Kind | undefined)[]
  /** Names of all node types that have a role. Not ERROR: asked for along with others it hides them (web-tree-sitter 0.27.1). */
  readonly types: string[]
  /** What logical tokens spell. */
  readonly operators: readonly string[]
}

/** Throws where a table names a node type that its grammar does not have: tables and grammars are pinned together. */
export function kindsOf(table: LanguageTable, language: Language): Kinds {
  const of: (Kind | undefined)[] = new Array(language.nodeTypeCount)
  const missing = new Set<string>()
  const enter = (entries: Readonly<Record<string, Role | Rule>>, named: boolean): void => {
    for (const [type, entry] of Object.entries(entries)) {
      const rule = typeof entry === 'string' ? { role: entry } : entry
      // One name may have several numbers, of which some are aliases.
      missing.add(type)
      language.types.forEach((name, id) => {
        if (name !== type || language.nodeTypeIsNamed(id) !== named) return
        of[id] = { ...rule, effect: EFFECTS[rule.role], type }
        missing.delete(type)
      })
    }
  }
  enter(table.nodes, true)
  enter(table.tokens, false)
  if (missing.size > 0) throw new Error(`${table.wasm} has no node type ${[...missing].join(', ')}`)
  const logical = Object.entries(table.tokens).filter(([, entry]) => roleOf(entry) === 'logical')
  return {
    of,
    types: [...Object.keys(table.nodes), ...Object.keys(table.tokens)],
    operators: logical.map(([token]) => token),
  }
}

const roleOf = (entry: Role | Rule): Role => (typeof entry === 'string' ? entry : entry.role)
