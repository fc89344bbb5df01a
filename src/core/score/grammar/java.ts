import type { Node } from 'web-tree-sitter'
import { childOf, fieldText, hasModifier, importOf, type LanguageTable, parts } from './table.ts'

/** Cyclomatic as PMD and Checkstyle count: if, for, while, do, case, catch, &&, || and ?:. */
export const java: LanguageTable = {
  wasm: '@repomix/tree-sitter-wasms/out/tree-sitter-java.wasm',
  nodes: {
    if_statement: 'branch',
    for_statement: 'loop',
    enhanced_for_statement: 'loop',
    while_statement: 'loop',
    do_statement: 'loop',
    switch_expression: 'switch',
    switch_label: { role: 'case', when: (node) => node.child(0)?.type === 'case' },
    catch_clause: 'catch',
    ternary_expression: 'ternary',
    binary_expression: 'binary',
    break_statement: { role: 'jump', when: isLabelled },
    continue_statement: { role: 'jump', when: isLabelled },
    method_declaration: 'function',
    constructor_declaration: 'function',
    compact_constructor_declaration: 'function',
    lambda_expression: 'lambda',
    class_declaration: 'scope',
    interface_declaration: 'scope',
    enum_declaration: 'scope',
    record_declaration: 'scope',
    annotation_type_declaration: 'scope',
    // Of `new A() { … }`; those of declarations are in one already.
    class_body: { role: 'scope', when: (node) => node.parent?.type === 'object_creation_expression' },
    line_comment: 'comment',
    block_comment: 'comment',
    import_declaration: 'import',
  },
  tokens: { else: 'else', '&&': 'logical', '||': 'logical' },
  nameOf: (node) => {
    if (node.type === 'class_body') return ''
    if (node.type !== 'lambda_expression') return fieldText(node, 'name')
    return node.parent?.type === 'variable_declarator' ? fieldText(node.parent, 'name') : undefined
  },
  parametersOf: (node) => {
    const list = node.childForFieldName('parameters')
    if (list?.type === 'identifier') return 1
    return parts(list).filter((part) => part.type !== 'receiver_parameter').length
  },
  overloads: true,
  receivers: ['this.'],
  imports: {
    import_declaration: (node) => {
      const path = node.namedChild(0)?.text ?? ''
      if (childOf(node, 'asterisk')) return [importOf(node, path)]
      const name = path.slice(path.lastIndexOf('.') + 1)
      // A member is taken out of its class, and the class is what is in a file.
      const isStatic = childOf(node, 'static') !== undefined
      return [importOf(node, isStatic ? path.slice(0, -name.length - 1) : path, 'import', [name])]
    },
  },
  definitions: {
    class_declaration: { kind: 'class', holds: true },
    record_declaration: { kind: 'class', holds: true },
    enum_declaration: { kind: 'class', holds: true },
    interface_declaration: { kind: 'interface', holds: true },
    annotation_type_declaration: { kind: 'interface' },
    method_declaration: { kind: 'method' },
    constructor_declaration: { kind: 'method' },
    compact_constructor_declaration: { kind: 'method' },
    field_declaration: {
      kind: (node) => (hasModifier(node, 'static') && hasModifier(node, 'final') ? 'constant' : undefined),
      names: (node) => node.childrenForFieldName('declarator').map((part) => fieldText(part, 'name') ?? ''),
    },
  },
  transparent: ['enum_body_declarations'],
  exported: (node) => hasModifier(node, 'public') || node.parent?.type === 'interface_body',
}

function isLabelled(node: Node): boolean {
  return childOf(node, 'identifier') !== undefined
}
