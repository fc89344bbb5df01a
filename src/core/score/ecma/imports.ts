import { literal, type ModuleCall } from './module-calls.ts'
import type { Comment, Node, Program } from './oxc.ts'

/** Modules that statements of the file name, of namespaces too. In the order of the text. */
export function statementImports(program: Program): readonly ModuleCall[] {
  return program.body.flatMap((statement) => importsOf(statement))
}

function importsOf(statement: Node): readonly ModuleCall[] {
  const offset = statement.start
  switch (statement.type) {
    case 'ImportDeclaration': {
      const { source, specifiers, importKind } = statement
      const onlyTypes =
        specifiers.length > 0 && specifiers.every((one) => 'importKind' in one && one.importKind === 'type')
      const names = specifiers.map((one) => {
        if (one.type === 'ImportDefaultSpecifier') return 'default'
        return one.type === 'ImportSpecifier' ? exportedName(one.imported) : '*'
      })
      const typeOnly = importKind === 'type' || onlyTypes
      return [{ specifier: source.value, offset, kind: 'import', typeOnly, names }]
    }
    case 'ExportAllDeclaration': {
      const typeOnly = statement.exportKind === 'type'
      return [{ specifier: statement.source.value, offset, kind: 'reexport', typeOnly, names: ['*'] }]
    }
    case 'ExportNamedDeclaration': {
      const { source, specifiers, exportKind } = statement
      if (source === null) return statement.declaration === null ? [] : importsOf(statement.declaration)
      const names = specifiers.map(({ local }) => exportedName(local))
      const onlyTypes = specifiers.length > 0 && specifiers.every((one) => one.exportKind === 'type')
      const typeOnly = exportKind === 'type' || onlyTypes
      return [{ specifier: source.value, offset, kind: 'reexport', typeOnly, names }]
    }
    case 'TSImportEqualsDeclaration': {
      const { moduleReference, importKind } = statement
      if (moduleReference.type !== 'TSExternalModuleReference') return []
      const specifier = literal(moduleReference.expression)
      const typeOnly = importKind === 'type'
      return specifier === undefined ? [] : [{ specifier, offset, kind: 'require', typeOnly, names: ['*'] }]
    }
    case 'TSModuleDeclaration':
      return statement.body?.type === 'TSModuleBlock'
        ? statement.body.body.flatMap((inner) => importsOf(inner))
        : []
    default:
      return []
  }
}

/** A name as other files use it, which may be a text. */
export function exportedName(name: Extract<Node, { type: 'Identifier' | 'Literal' }>): string {
  return name.type === 'Identifier' ? name.name : String(name.value)
}

const REFERENCE = /^\/\s*<reference\s[^>]*?\b(path|types)\s*=\s*(["'])(.*?)\2/
const JSDOC_IMPORT = /\bimport\(\s*(["'])([^"'\n]+)\1\s*\)(?:\.([\w$]+))?/g

/** Modules that only comments name: `/// <reference …>` above the first statement, and types in JSDoc. */
export function commentImports(comments: readonly Comment[], program: Program): readonly ModuleCall[] {
  const firstCode = program.body[0]?.start ?? Number.POSITIVE_INFINITY
  return comments.flatMap(({ type, value, start: offset }): readonly ModuleCall[] => {
    if (type === 'Line') {
      const reference = offset < firstCode ? REFERENCE.exec(value) : null
      if (reference === null) return []
      const [, what, , spelled] = reference
      // A path is one from this file even where it does not begin with a dot.
      const specifier = what === 'path' && !/^[./]/.test(spelled!) ? `./${spelled}` : spelled!
      return [{ specifier, offset, kind: 'include', typeOnly: true, names: [] }]
    }
    if (!value.startsWith('*') || !value.includes('import(')) return []
    return [...value.matchAll(JSDOC_IMPORT)].map(({ 2: specifier, 3: name, index }) => ({
      specifier: specifier!,
      offset: offset + 2 + index,
      kind: 'import' as const,
      typeOnly: true,
      names: [name ?? '*'],
    }))
  })
}
