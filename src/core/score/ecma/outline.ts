import type { OutlineEntry } from '../analysis.ts'
import type { CodeLines } from './code-lines.ts'
import { keyName, targetName } from './names.ts'
import type { Node, Program } from './oxc.ts'

type Kind = OutlineEntry['kind']
type ClassNode = Extract<Node, { type: 'ClassDeclaration' | 'ClassExpression' }>

/** A value or a type of so few characters is told whole; of a longer one only the head. */
const SHORT_VALUE = 80

/**
 * Functions, classes with their methods, interfaces, types, enumerations, namespaces, and exported constants. `exported`
 * holds the names within the file that others may take.
 */
export function outlineOf(
  program: Program,
  text: string,
  lines: CodeLines,
  exported: ReadonlySet<string>,
): readonly OutlineEntry[] {
  const entries: OutlineEntry[] = []
  const add = (
    kind: Kind,
    name: string,
    node: Node,
    headEnd: number,
    depth: number,
    isExported: boolean,
    from = node.start,
  ) => {
    const signature = text
      .slice(from, headEnd)
      .replace(/\s+/g, ' ')
      .replace(/[\s{;]+$/, '')
    const line = lines.lineAt(from)
    entries.push({
      kind,
      name,
      signature,
      line,
      endLine: lines.lineAt(node.end - 1),
      depth,
      exported: isExported,
    })
  }

  const addClass = (
    node: ClassNode,
    name: string,
    depth: number,
    isExported: boolean,
    from: number,
    end = node.end,
  ) => {
    add('class', name, { ...node, end }, node.body.start, depth, isExported, from)
    for (const member of node.body.body) {
      if (!('key' in member) || !('value' in member) || !('computed' in member)) continue
      const value = member.value as Node | null
      const head = value === null ? undefined : headEndOf(value)
      const isMethod = member.type === 'MethodDefinition' || member.type === 'TSAbstractMethodDefinition'
      if (!isMethod && head === undefined) continue
      const key = keyName(member.key, member.computed, text)
      const hidden = key.startsWith('#') || ('accessibility' in member && member.accessibility === 'private')
      add('method', `${name}.${key}`, member, head ?? member.end, depth + 1, isExported && !hidden)
    }
  }

  const addValue = (
    name: string,
    target: Node,
    value: Node | null,
    whole: Node,
    from: number,
    depth: number,
    isExported: boolean,
  ) => {
    if (value?.type === 'ClassExpression') {
      addClass(value, name, depth, isExported, from, whole.end)
      return
    }
    const head = value === null ? undefined : headEndOf(value)
    if (head !== undefined) add('function', name, whole, head, depth, isExported, from)
    else if (isExported)
      add(
        'constant',
        name,
        whole,
        whole.end - from <= SHORT_VALUE ? whole.end : target.end,
        depth,
        true,
        from,
      )
  }

  /** `from` is where the statement begins that the declaration stands in: `export` belongs to the head. */
  const addStatement = (node: Node, from: number, depth: number, isOffered: (name: string) => boolean) => {
    switch (node.type) {
      case 'ExportNamedDeclaration':
        if (node.declaration !== null)
          addStatement(node.declaration, node.start, depth, () => depth === 0 || isOffered(''))
        break
      case 'ExportDefaultDeclaration': {
        const { declaration } = node
        if (declaration.type === 'ClassDeclaration' || declaration.type === 'ClassExpression')
          addClass(declaration, declaration.id?.name ?? 'default', depth, true, node.start)
        else if ('id' in declaration && declaration.id !== null)
          addStatement(declaration, node.start, depth, () => true)
        else addValue('default', declaration, declaration, node, node.start, depth, true)
        break
      }
      case 'FunctionDeclaration':
      case 'TSDeclareFunction': {
        const name = node.id?.name ?? 'default'
        add('function', name, node, node.body?.start ?? node.end, depth, isOffered(name), from)
        break
      }
      case 'ClassDeclaration': {
        const name = node.id?.name ?? 'default'
        addClass(node, name, depth, isOffered(name), from)
        break
      }
      case 'TSInterfaceDeclaration':
        add('interface', node.id.name, node, node.body.start, depth, isOffered(node.id.name), from)
        break
      case 'TSEnumDeclaration':
        add('type', node.id.name, node, node.body.start, depth, isOffered(node.id.name), from)
        break
      case 'TSTypeAliasDeclaration': {
        const end = node.end - from <= SHORT_VALUE ? node.end : (node.typeParameters ?? node.id).end
        add('type', node.id.name, node, end, depth, isOffered(node.id.name), from)
        break
      }
      case 'TSModuleDeclaration': {
        const name = text.slice(node.id.start, node.id.end)
        const offered = isOffered(name)
        add('module', name, node, node.body?.start ?? node.end, depth, offered, from)
        if (node.body?.type === 'TSModuleBlock')
          for (const inner of node.body.body)
            addStatement(inner, inner.start, depth + 1, (own) => offered && own === '')
        break
      }
      case 'VariableDeclaration':
        node.declarations.forEach((one, i) => {
          const start = i === 0 ? from : one.start
          const names = one.id.type === 'Identifier' ? [one.id.name] : []
          for (const name of names) addValue(name, one.id, one.init, one, start, depth, isOffered(name))
        })
        break
      case 'ExpressionStatement': {
        // How CommonJS and prototypes define: `exports.f = function () {}`.
        const { expression } = node
        if (expression.type !== 'AssignmentExpression' || expression.left.type !== 'MemberExpression') break
        const name = targetName(expression.left, text)
        let value: Node = expression.right
        while (value.type === 'AssignmentExpression') value = value.right
        if (name === undefined || !isDefinition(value)) break
        addValue(name, expression.left, value, node, node.start, depth, /^(module\.)?exports\b/.test(name))
        break
      }
      default:
    }
  }
  for (const statement of program.body)
    addStatement(statement, statement.start, 0, (name) => exported.has(name))
  return entries
}

function isDefinition({ type }: Node): boolean {
  return type === 'FunctionExpression' || type === 'ArrowFunctionExpression' || type === 'ClassExpression'
}

/** Where the body of a function begins that is a value; nothing for other values. */
function headEndOf(value: Node): number | undefined {
  switch (value.type) {
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return value.body?.start ?? value.end
    case 'TSEmptyBodyFunctionExpression':
      return value.end
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return headEndOf(value.expression)
    default:
      return undefined
  }
}
