import type { Node } from 'web-tree-sitter'
import { childOf, fieldText, hasModifier, importOf, type LanguageTable, parts } from './table.ts'

/** Cyclomatic: if, loops, entries of `when` but `else`, catch, && and ||. */
export const kotlin: LanguageTable = {
  wasm: '@tree-sitter-grammars/tree-sitter-kotlin/tree-sitter-kotlin.wasm',
  nodes: {
    if_expression: 'branch',
    for_statement: 'loop',
    while_statement: 'loop',
    do_while_statement: 'loop',
    when_expression: 'switch',
    when_entry: { role: 'case', when: (node) => node.child(0)?.type !== 'else' },
    catch_block: 'catch',
    binary_expression: 'binary',
    labeled_expression: {
      role: 'jump',
      when: (node) => /^(break|continue)@/.test(node.child(0)?.text ?? ''),
    },
    function_declaration: 'function',
    secondary_constructor: 'function',
    getter: 'function',
    setter: 'function',
    anonymous_function: 'lambda',
    lambda_literal: 'lambda',
    class_declaration: 'scope',
    object_declaration: 'scope',
    companion_object: 'scope',
    object_literal: 'scope',
    line_comment: 'comment',
    block_comment: 'comment',
    import: 'import',
  },
  tokens: {
    else: { role: 'else', when: (node) => node.parent?.type === 'if_expression' },
    '&&': 'logical',
    '||': 'logical',
  },
  nameOf,
  bodyOf: (node) =>
    childOf(node, 'function_body', 'block', 'class_body', 'enum_class_body') ??
    (node.type.endsWith('lambda_literal') ? node : null),
  parametersOf: (node) => {
    const list = childOf(node, 'function_value_parameters', 'lambda_parameters')
    if (node.type === 'setter') return 1
    return parts(list ?? null).filter((part) => /^(parameter|.*variable_declaration)$/.test(part.type)).length
  },
  overloads: true,
  receivers: ['this.'],
  imports: {
    import: (node) => {
      const path = childOf(node, 'qualified_identifier')?.text ?? ''
      const all = node.children.some((child) => child.type === '*')
      return [importOf(node, path, 'import', [all ? '*' : path.slice(path.lastIndexOf('.') + 1)])]
    },
  },
  definitions: {
    class_declaration: {
      kind: (node) => (childOf(node, 'interface') ? 'interface' : 'class'),
      holds: true,
    },
    object_declaration: { kind: 'class', holds: true },
    companion_object: { kind: 'class', holds: true },
    function_declaration: { kind: 'function' },
    secondary_constructor: { kind: 'method' },
    type_alias: {
      kind: 'type',
      names: (node) => [childOf(node, 'identifier')?.text ?? fieldText(node, 'type') ?? ''],
    },
    property_declaration: {
      kind: (node) => (node.parent?.type === 'source_file' ? 'constant' : undefined),
      names: (node) => [propertyName(node)],
    },
  },
  transparent: [],
  exported: (node) => !hasModifier(node, 'private', 'internal', 'protected'),
}

function nameOf(node: Node): string | undefined {
  switch (node.type) {
    case 'getter':
      return `${propertyOf(node)}.get`
    case 'setter':
      return `${propertyOf(node)}.set`
    case 'secondary_constructor':
      return 'constructor'
    case 'companion_object':
      return fieldText(node, 'name') ?? 'Companion'
    case 'object_literal':
      return ''
    case 'lambda_literal':
    case 'anonymous_function':
      return node.parent?.type === 'property_declaration' ? propertyName(node.parent) : undefined
    default:
      return fieldText(node, 'name')
  }
}

/** What a getter or setter belongs to: the property around it, or before it. */
function propertyOf(accessor: Node): string {
  if (accessor.parent?.type === 'property_declaration') return propertyName(accessor.parent)
  let before = accessor.previousNamedSibling
  while (before && before.type !== 'property_declaration') before = before.previousNamedSibling
  return before ? propertyName(before) : ''
}

const propertyName = (node: Node): string =>
  childOf(node, 'variable_declaration')?.namedChildren.find((child) => child.type === 'identifier')?.text ??
  ''
