import { type CodePath, type Hint, innerPath, unitPath } from './code-path.ts'
import { logicalTree } from './logical.ts'
import { type ModuleCall, moduleCalls } from './module-calls.ts'
import { keyName, targetName } from './names.ts'
import type { ChildKeys, Node, Program } from './oxc.ts'

/** What one pass over a tree finds. */
export interface Walked {
  /** Functions, values of fields and static blocks, in the order of the text. */
  readonly paths: readonly CodePath[]
  /** What is outside of them. */
  readonly file: CodePath
  /** `require`, `import()` and, where types are walked, modules named in them. */
  readonly calls: readonly ModuleCall[]
}

/**
 * Counts what is decided in a program and how deep.
 *
 * Cyclomatic: decisions + 1 for each code path, the decisions being those of ESLint's rule `complexity` in its classic
 * variant (https://eslint.org/docs/latest/rules/complexity).
 *
 * Cognitive: G. Ann Campbell, Cognitive Complexity (SonarSource, 2023), as S3776 applies it to JavaScript
 * (https://rules.sonarsource.com/javascript/rspec-3776): functions are independent of each other, so one inside of another
 * starts anew and adds nothing to it; defaults are not counted, which in practice is every `||` and `??`, nor what JSX
 * shows on a condition (`{a && <b/>}`). A recursive call is not counted, as in SonarJS.
 *
 * Never recursive: the tree may be as deep as the parser allows.
 */
export function walk(program: Program, text: string, keys: ChildKeys): Walked {
  const file = unitPath('file', program)
  const paths: CodePath[] = []
  const calls = moduleCalls()
  // What is still to be seen; the four always have one length.
  const nodes: Node[] = []
  const within: CodePath[] = []
  const levels: number[] = []
  const hints: (Hint | undefined)[] = []

  const push = (node: Node | null | undefined, path: CodePath, level: number, hint?: Hint) => {
    if (node === null || node === undefined) return
    nodes.push(node)
    within.push(path)
    levels.push(level)
    hints.push(hint)
  }
  const pushAll = (list: readonly (Node | null)[] | undefined, path: CodePath, level: number) => {
    if (list !== undefined) for (const node of list) push(node, path, level)
  }
  const pushChildren = (node: Node, path: CodePath, level: number) => {
    const own = keys.get(node.type)
    if (own === undefined) return
    for (const key of own) {
      const child = (node as unknown as Record<string, Node | readonly (Node | null)[] | null>)[key]
      if (Array.isArray(child)) pushAll(child, path, level)
      else push(child as Node | null, path, level)
    }
  }
  /** A structure that breaks the flow: it costs its level and one more. */
  const breaks = (path: CodePath, level: number) => {
    path.unit.cognitive += 1 + level
    if (level >= path.unit.nesting) path.unit.nesting = level + 1
  }
  const enter = (path: CodePath): CodePath => {
    paths.push(path)
    return path
  }
  const decides = (
    root: Extract<Node, { type: 'LogicalExpression' }>,
    path: CodePath,
    level: number,
    inJsx: boolean,
  ) => {
    const { operators, andRuns, onlyAnd, operands } = logicalTree(root)
    path.cyclomatic += operators
    const shows = inJsx && onlyAnd && !operands.some(({ type }) => type === 'ConditionalExpression')
    if (!shows) path.unit.cognitive += andRuns
    pushAll(operands, path, level)
  }
  const member = (node: Node, path: CodePath, level: number, owner: string | undefined) => {
    if (node.type === 'StaticBlock') {
      pushAll(node.body, enter(innerPath('static', node, path.unit)), level)
      return
    }
    if (!('key' in node) || !('computed' in node) || !('decorators' in node)) {
      push(node, path, level)
      return
    }
    const key = keyName(node.key, node.computed, text)
    const hint = { name: owner === undefined ? key : `${owner}.${key}`, from: node.start }
    pushAll(node.decorators, path, level)
    if (node.computed) push(node.key, path, level)
    if ('typeAnnotation' in node && keys.has('TSTypeAnnotation')) push(node.typeAnnotation, path, level)
    if (!('value' in node) || node.value === null) return
    const starts = node.type === 'PropertyDefinition'
    push(
      node.value as Node,
      starts ? enter(innerPath('field', node.value as Node, path.unit)) : path,
      level,
      hint,
    )
  }

  pushAll(program.body, file, 0)
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    const path = within.pop()!
    const level = levels.pop()!
    const hint = hints.pop()
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        pushChildren(node, enter(unitPath('function', node, hint)), 0)
        break
      case 'ClassDeclaration':
      case 'ClassExpression': {
        const owner = node.id?.name ?? hint?.name
        pushAll(node.decorators, path, level)
        push(node.superClass, path, level)
        for (const element of node.body.body) member(element, path, level, owner)
        break
      }
      case 'IfStatement': {
        breaks(path, level)
        path.cyclomatic++
        push(node.test, path, level)
        push(node.consequent, path, level + 1)
        let other = node.alternate
        while (other !== null) {
          path.unit.cognitive++
          if (other.type !== 'IfStatement') break
          path.cyclomatic++
          push(other.test, path, level)
          push(other.consequent, path, level + 1)
          other = other.alternate
        }
        push(other, path, level + 1)
        break
      }
      case 'ConditionalExpression':
        breaks(path, level)
        path.cyclomatic++
        push(node.test, path, level)
        push(node.consequent, path, level + 1)
        push(node.alternate, path, level + 1)
        break
      case 'ForStatement':
        breaks(path, level)
        path.cyclomatic++
        push(node.init, path, level)
        push(node.test, path, level)
        push(node.update, path, level)
        push(node.body, path, level + 1)
        break
      case 'ForInStatement':
      case 'ForOfStatement':
        breaks(path, level)
        path.cyclomatic++
        push(node.left, path, level)
        push(node.right, path, level)
        push(node.body, path, level + 1)
        break
      case 'WhileStatement':
      case 'DoWhileStatement':
        breaks(path, level)
        path.cyclomatic++
        push(node.test, path, level)
        push(node.body, path, level + 1)
        break
      case 'SwitchStatement':
        breaks(path, level)
        push(node.discriminant, path, level)
        for (const { test, consequent } of node.cases) {
          if (test !== null) path.cyclomatic++
          push(test, path, level + 1)
          pushAll(consequent, path, level + 1)
        }
        break
      case 'CatchClause':
        breaks(path, level)
        path.cyclomatic++
        push(node.param, path, level)
        push(node.body, path, level + 1)
        break
      case 'BreakStatement':
      case 'ContinueStatement':
        if (node.label !== null) path.unit.cognitive++
        break
      case 'LogicalExpression':
        decides(node, path, level, false)
        break
      case 'JSXExpressionContainer':
        if (node.expression.type === 'LogicalExpression') decides(node.expression, path, level, true)
        else push(node.expression, path, level)
        break
      case 'AssignmentPattern':
        path.cyclomatic++
        push(node.left, path, level)
        push(node.right, path, level, hintOf(node.left, node.right, text))
        break
      case 'AssignmentExpression':
        if (node.operator === '&&=' || node.operator === '||=' || node.operator === '??=') path.cyclomatic++
        push(node.left, path, level)
        push(node.right, path, level, hintOf(node.left, node.right, text))
        break
      case 'VariableDeclarator':
        calls.bound(node)
        push(node.id, path, level)
        push(node.init, path, level, hintOf(node.id, node.init, text))
        break
      case 'Property':
        if (node.computed) push(node.key, path, level)
        push(node.value, path, level, {
          name: keyName(node.key, node.computed, text),
          from: node.method || node.kind !== 'init' ? node.start : node.value.start,
        })
        break
      case 'ExportDefaultDeclaration':
        push(node.declaration, path, level, { name: 'default', from: node.declaration.start })
        break
      case 'TSAsExpression':
      case 'TSSatisfiesExpression':
      case 'TSNonNullExpression':
      case 'TSTypeAssertion':
        if ('typeAnnotation' in node && keys.has('TSTypeAnnotation')) push(node.typeAnnotation, path, level)
        push(node.expression, path, level, hint)
        break
      case 'MemberExpression':
        if (node.optional) path.cyclomatic++
        calls.member(node)
        push(node.object, path, level)
        if (node.computed) push(node.property, path, level)
        break
      case 'ExpressionStatement':
        calls.statement(node)
        push(node.expression, path, level)
        break
      case 'CallExpression':
        if (node.optional) path.cyclomatic++
        calls.call(node)
        pushChildren(node, path, level)
        break
      case 'ImportExpression':
      case 'TSImportType':
        calls.load(node)
        pushChildren(node, path, level)
        break
      default:
        pushChildren(node, path, level)
    }
  }
  paths.sort((a, b) => a.start - b.start || b.end - a.end)
  return { paths, file, calls: calls.found() }
}

/** Only a function or a class can use a name, and most values are neither. */
function hintOf(target: Node, value: Node | null, text: string): Hint | undefined {
  if (value === null) return undefined
  const { type, start } = value
  if (!/^(Function|ArrowFunction|Class|TS)/.test(type)) return undefined
  const name = targetName(target, text)
  return name === undefined ? undefined : { name, from: start }
}
