import type { ImportRef } from '../analysis.ts'
import type { Node } from './oxc.ts'

/** A module named where it is used, not at the head of the file. */
export interface ModuleCall {
  readonly specifier: string
  readonly offset: number
  readonly kind: ImportRef['kind']
  readonly typeOnly: boolean
  readonly names: readonly string[]
}

type Of<Type> = Extract<Node, { type: Type }>

/** Collects them in one pass in which a node is seen before its children: what holds a call says what is taken of it. */
export interface ModuleCalls {
  bound(node: Of<'VariableDeclarator'>): void
  member(node: Of<'MemberExpression'>): void
  statement(node: Of<'ExpressionStatement'>): void
  call(node: Of<'CallExpression'>): void
  load(node: Of<'ImportExpression'> | Of<'TSImportType'>): void
  /** In the order of the text. */
  found(): readonly ModuleCall[]
}

const ALL: readonly string[] = ['*']

/** Empty. */
export function moduleCalls(): ModuleCalls {
  const calls: ModuleCall[] = []
  const taken = new Map<Node, readonly string[]>()
  const takes = (value: Node | null, names: () => readonly string[]) => {
    const call = value === null ? undefined : loaded(value)
    if (call !== undefined) taken.set(call, names())
  }
  return {
    bound: ({ id, init }) => takes(init, () => namesIn(id)),
    member: ({ object, property, computed }) => {
      // `import('x').then` takes nothing of the module.
      if (object.type !== 'ImportExpression')
        takes(object, () => (property.type === 'Identifier' && !computed ? [property.name] : ALL))
    },
    statement: ({ expression }) => takes(expression, () => []),
    call: (node) => {
      const { callee } = node
      const resolves =
        callee.type === 'MemberExpression' &&
        callee.object.type === 'Identifier' &&
        callee.object.name === 'require' &&
        callee.property.type === 'Identifier' &&
        callee.property.name === 'resolve'
      if (!resolves && !(callee.type === 'Identifier' && callee.name === 'require')) return
      const specifier = literal(node.arguments[0])
      if (specifier === undefined) return
      const names = resolves ? [] : (taken.get(node) ?? ALL)
      calls.push({ specifier, offset: node.start, kind: 'require', typeOnly: false, names })
    },
    load: (node) => {
      const specifier = literal(node.source)
      if (specifier === undefined) return
      const typeOnly = node.type === 'TSImportType'
      const names = typeOnly ? qualified(node.qualifier) : (taken.get(node) ?? ALL)
      calls.push({ specifier, offset: node.start, kind: typeOnly ? 'import' : 'dynamic', typeOnly, names })
    },
    found: () => calls.sort((a, b) => a.offset - b.offset),
  }
}

/** The call that loads a module, if that is all that the expression does. */
function loaded(expression: Node): Node | undefined {
  if (expression.type === 'AwaitExpression')
    return expression.argument.type === 'ImportExpression' ? expression.argument : undefined
  const requires =
    expression.type === 'CallExpression' &&
    expression.callee.type === 'Identifier' &&
    expression.callee.name === 'require'
  return requires || expression.type === 'ImportExpression' ? expression : undefined
}

/** A text that is known before the program runs. */
export function literal(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined
  return undefined
}

/** Of `{ a, b: c }` a and b; anything else takes the whole. */
function namesIn(pattern: Node): readonly string[] {
  if (pattern.type !== 'ObjectPattern') return ALL
  const names = pattern.properties.map((property) =>
    property.type === 'Property' && property.key.type === 'Identifier' && !property.computed
      ? property.key.name
      : '*',
  )
  return names.includes('*') ? ALL : names
}

function qualified(qualifier: Node | null): readonly string[] {
  let node = qualifier
  while (node?.type === 'TSQualifiedName') node = node.left
  return node?.type === 'Identifier' ? [node.name] : ALL
}
