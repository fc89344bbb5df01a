import { exportedName } from './imports.ts'
import { keyName } from './names.ts'
import type { Node, Program } from './oxc.ts'

/** What a file offers to others. */
export interface Exported {
  /** By the names that others use; `default` too. What `export *` passes on is not here: an import of kind `reexport` says it. */
  readonly names: readonly string[]
  /** By the names within the file. */
  readonly locals: ReadonlySet<string>
}

/**
 * Reads the statements at the top of a file: `export`, TypeScript's `export =` (as `default`), and what CommonJS assigns
 * to `exports` or `module.exports`. What a function or a condition assigns is not seen.
 */
export function exportedBy(program: Program, text: string): Exported {
  const names = new Set<string>()
  const locals = new Set<string>()
  const offer = (name: string, local: Node | string | null = null) => {
    names.add(name)
    if (typeof local === 'string') locals.add(local)
    else if (local?.type === 'Identifier') locals.add(local.name)
  }
  for (const statement of program.body) {
    switch (statement.type) {
      case 'ExportNamedDeclaration':
        for (const { local, exported } of statement.specifiers)
          offer(exportedName(exported), statement.source === null ? exportedName(local) : null)
        for (const name of declaredBy(statement.declaration)) offer(name, name)
        break
      case 'ExportDefaultDeclaration': {
        const { declaration } = statement
        offer(
          'default',
          'id' in declaration && declaration.id !== null ? (declaration.id as Node) : declaration,
        )
        break
      }
      case 'ExportAllDeclaration':
        if (statement.exported !== null) offer(exportedName(statement.exported))
        break
      case 'TSExportAssignment':
        offer('default', statement.expression)
        break
      case 'ExpressionStatement':
        commonJs(statement.expression, text, offer)
        break
      default:
    }
  }
  return { names: [...names], locals }
}

/** Names that a declaration binds. */
export function declaredBy(declaration: Node | null): readonly string[] {
  if (declaration === null) return []
  if (declaration.type === 'VariableDeclaration')
    return declaration.declarations.flatMap(({ id }) => boundBy(id))
  return 'id' in declaration && declaration.id?.type === 'Identifier' ? [declaration.id.name] : []
}

function boundBy(pattern: Node): readonly string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.name]
    case 'ObjectPattern':
      return pattern.properties.flatMap((one) =>
        boundBy(one.type === 'RestElement' ? one.argument : one.value),
      )
    case 'ArrayPattern':
      return pattern.elements.flatMap((one) => (one === null ? [] : boundBy(one)))
    case 'AssignmentPattern':
      return boundBy(pattern.left)
    case 'RestElement':
      return boundBy(pattern.argument)
    default:
      return []
  }
}

function commonJs(expression: Node, text: string, offer: (name: string, local?: Node | null) => void): void {
  if (expression.type === 'CallExpression') {
    // What compilers write for a value that is looked up each time, and to mark what they compiled.
    const [target, name] = expression.arguments
    const defines = /^Object\.defineProperty$/.test(
      text.slice(expression.callee.start, expression.callee.end),
    )
    if (!defines || target === undefined || !isExports(target)) return
    if (name?.type === 'Literal' && name.value !== '__esModule') offer(String(name.value))
    return
  }
  let value: Node = expression
  while (value.type === 'AssignmentExpression' && value.operator === '=') {
    const { left, right }: Extract<Node, { type: 'AssignmentExpression' }> = value
    if (left.type === 'MemberExpression' && isExports(left.object))
      offer(keyName(left.property, left.computed, text), right)
    else if (isExports(left)) wholeModule(right, text, offer)
    value = right
  }
}

function wholeModule(value: Node, text: string, offer: (name: string, local?: Node | null) => void): void {
  if (value.type === 'AssignmentExpression') return
  if (value.type !== 'ObjectExpression') {
    offer('default', value)
    return
  }
  for (const property of value.properties)
    if (property.type === 'Property') offer(keyName(property.key, property.computed, text), property.value)
}

function isExports(node: Node): boolean {
  if (node.type === 'Identifier') return node.name === 'exports'
  return (
    node.type === 'MemberExpression' &&
    node.object.type === 'Identifier' &&
    node.object.name === 'module' &&
    node.property.type === 'Identifier' &&
    node.property.name === 'exports'
  )
}
