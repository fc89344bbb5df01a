import type { Node } from 'web-tree-sitter'
import { childOf, fieldText, hasModifier, importOf, type LanguageTable } from './table.ts'

/** Cyclomatic: if, guard, loops, case but the default, catch, &&, || and ?:. */
export const swift: LanguageTable = {
  wasm: '@repomix/tree-sitter-wasms/out/tree-sitter-swift.wasm',
  nodes: {
    if_statement: 'branch',
    guard_statement: 'guard',
    else: { role: 'else', when: (node) => node.parent?.type === 'if_statement' },
    for_statement: 'loop',
    while_statement: 'loop',
    repeat_while_statement: 'loop',
    switch_statement: 'switch',
    switch_entry: { role: 'case', when: (node) => !childOf(node, 'default_keyword') },
    catch_block: 'catch',
    ternary_expression: 'ternary',
    conjunction_expression: 'binary',
    disjunction_expression: 'binary',
    control_transfer_statement: {
      role: 'jump',
      when: (node) => /^(break|continue)$/.test(node.child(0)?.type ?? '') && node.childCount > 1,
    },
    function_declaration: 'function',
    init_declaration: 'function',
    deinit_declaration: 'function',
    computed_getter: 'function',
    computed_setter: 'function',
    willset_clause: 'function',
    didset_clause: 'function',
    computed_property: { role: 'function', when: (node) => childOf(node, 'statements') !== undefined },
    lambda_literal: 'lambda',
    class_declaration: 'scope',
    protocol_declaration: 'scope',
    comment: 'comment',
    multiline_comment: 'comment',
    import_declaration: 'import',
  },
  tokens: { '&&': 'logical', '||': 'logical' },
  looseLogic: true,
  nameOf,
  bodyOf: (node) =>
    node.childForFieldName('body') ?? (/^(computed|willset|didset|lambda)_/.test(node.type) ? node : null),
  parametersOf: (node) => {
    const list = node.type === 'lambda_literal' ? node.descendantsOfType('lambda_parameter') : node.children
    return list.filter((child) => child?.type.endsWith('parameter')).length
  },
  overloads: true,
  receivers: ['self.', 'Self.'],
  imports: {
    import_declaration: (node) => [importOf(node, childOf(node, 'identifier')?.text ?? '')],
  },
  definitions: {
    class_declaration: {
      kind: (node) => (fieldText(node, 'declaration_kind') === 'enum' ? 'type' : 'class'),
      holds: true,
    },
    protocol_declaration: { kind: 'interface', holds: true },
    function_declaration: { kind: 'function' },
    protocol_function_declaration: { kind: 'method' },
    init_declaration: { kind: 'method' },
    deinit_declaration: { kind: 'method' },
    typealias_declaration: { kind: 'type' },
    property_declaration: {
      kind: (node) => (node.parent?.type === 'source_file' ? 'constant' : undefined),
      names: (node) => [fieldText(node, 'name') ?? ''],
    },
  },
  transparent: [],
  // Without a word it is for the whole module, which is more than one file.
  exported: (node) => !hasModifier(node, 'private', 'fileprivate'),
}

function nameOf(node: Node): string | undefined {
  switch (node.type) {
    case 'init_declaration':
      return 'init'
    case 'deinit_declaration':
      return 'deinit'
    case 'computed_getter':
      return `${propertyOf(node)}.get`
    case 'computed_setter':
      return `${propertyOf(node)}.set`
    case 'willset_clause':
      return `${propertyOf(node)}.willSet`
    case 'didset_clause':
      return `${propertyOf(node)}.didSet`
    case 'computed_property':
      return propertyOf(node)
    case 'lambda_literal':
      return node.parent?.type === 'property_declaration' ? fieldText(node.parent, 'name') : undefined
    default:
      return fieldText(node, 'name')
  }
}

function propertyOf(node: Node): string {
  let at: Node | null = node.parent
  while (at && !/^(property|subscript)_declaration$/.test(at.type)) at = at.parent
  return at?.type === 'property_declaration' ? (fieldText(at, 'name') ?? '') : 'subscript'
}
