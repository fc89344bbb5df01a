import type { Node } from 'web-tree-sitter'
import type { OutlineEntry } from '../analysis.ts'
import { endLineOf, type LanguageTable, lineOf } from './table.ts'

/** Longer heads are cut; whoever wants them whole has the lines. */
const MAX_SIGNATURE = 240
/** Definitions deeper than this are left out. */
const MAX_DEPTH = 20

/** What a file defines, and which of it others may take. */
export interface Outline {
  readonly outline: readonly OutlineEntry[]
  readonly exports: readonly string[]
}

interface Level {
  readonly depth: number
  readonly path: string
  /** All that is around are modules, which names are taken out of. */
  readonly open: boolean
}

/** Definitions in the order of the text, those inside of functions left out. */
export function outlineOf(root: Node, text: string, table: LanguageTable): Outline {
  const outline: OutlineEntry[] = []
  const exports = new Set<string>()
  const visit = (parent: Node, level: Level): void => {
    if (level.depth > MAX_DEPTH) return
    for (const node of parent.namedChildren) {
      const definition = table.definitions[node.type]
      if (!definition) {
        if (table.transparent.includes(node.type)) visit(node, level)
        continue
      }
      const kind = typeof definition.kind === 'string' ? definition.kind : definition.kind(node)
      if (!kind) continue
      const body = bodyOf(node, table)
      const end = definition.headEnd?.(node) ?? body?.startIndex ?? node.endIndex
      const names = definition.names?.(node) ?? nameOf(node, table)
      for (const name of names) {
        const exported = table.exported(node, name)
        // What has a dot is reached through what is before it.
        if (exported && level.open && !name.includes('.')) exports.add(name)
        outline.push({
          kind: kind === 'function' && level.path !== '' && !level.open ? 'method' : kind,
          name: level.path + name,
          signature: signatureOf(text.slice(node.startIndex, end), kind),
          line: lineOf(node),
          endLine: endLineOf(node),
          depth: level.depth,
          exported,
        })
      }
      if (body && definition.holds) visit(body, inside(level, kind, names[0]))
    }
  }
  visit(root, { depth: 0, path: '', open: true })
  for (const name of table.moreExports?.(root) ?? []) exports.add(name)
  return { outline, exports: [...exports] }
}

function inside(level: Level, kind: OutlineEntry['kind'], name: string | undefined): Level {
  return {
    depth: name === undefined ? level.depth : level.depth + 1,
    path: name ? `${level.path}${name}.` : level.path,
    open: level.open && kind === 'module',
  }
}

function nameOf(node: Node, table: LanguageTable): readonly string[] {
  const name = table.nameOf ? table.nameOf(node) : node.childForFieldName('name')?.text
  return name ? [name] : []
}

const bodyOf = (node: Node, table: LanguageTable): Node | null =>
  table.bodyOf ? table.bodyOf(node) : node.childForFieldName('body')

function signatureOf(head: string, kind: OutlineEntry['kind']): string {
  // A value may be long; its first line says what it is.
  const flat = (kind === 'constant' ? head.split('\n', 1)[0]! : head)
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\s*(\{|:|=|=>|;|,)$/, '')
  return flat.length > MAX_SIGNATURE ? `${flat.slice(0, MAX_SIGNATURE - 1)}…` : flat
}
