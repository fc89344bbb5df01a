import type { Node } from 'web-tree-sitter'
import { childOf, fieldText, importOf, type LanguageTable, parts, unquoted } from './table.ts'

/** Cyclomatic numbers are gocyclo's: literals belong to the function around them, `default` is no decision. */
export const go: LanguageTable = {
  wasm: '@repomix/tree-sitter-wasms/out/tree-sitter-go.wasm',
  nodes: {
    if_statement: 'branch',
    for_statement: 'loop',
    expression_switch_statement: 'switch',
    type_switch_statement: 'switch',
    select_statement: 'switch',
    expression_case: 'case',
    type_case: 'case',
    communication_case: 'case',
    binary_expression: 'binary',
    goto_statement: 'jump',
    break_statement: { role: 'jump', when: isLabelled },
    continue_statement: { role: 'jump', when: isLabelled },
    function_declaration: 'function',
    method_declaration: 'function',
    func_literal: 'lambda',
    comment: 'comment',
    import_spec: 'import',
  },
  tokens: { else: 'else', '&&': 'logical', '||': 'logical' },
  nameOf: (node) => {
    if (node.type === 'func_literal') return boundName(node)
    const name = fieldText(node, 'name') ?? ''
    const receiver = receiverOf(node)
    return receiver ? `${receiver}.${name}` : name
  },
  parametersOf: (node) =>
    parts(node.childForFieldName('parameters'))
      .map((part) => part.namedChildren.filter((child) => child.type === 'identifier').length)
      .reduce((sum, names) => sum + Math.max(1, names), 0),
  receivers: (node) => {
    const receiver = node.childForFieldName('receiver')?.namedChild(0)
    return receiver ? [`${fieldText(receiver, 'name')}.`] : []
  },
  imports: {
    import_spec: (node) => [
      importOf(
        node,
        unquoted(fieldText(node, 'path') ?? ''),
        'import',
        fieldText(node, 'name') === '_' ? [] : ['*'],
      ),
    ],
  },
  definitions: {
    function_declaration: { kind: 'function' },
    method_declaration: { kind: 'method' },
    type_spec: {
      kind: (node) =>
        (({ struct_type: 'class', interface_type: 'interface' }) as const)[
          node.childForFieldName('type')?.type as 'struct_type' | 'interface_type'
        ] ?? 'type',
      headEnd: (node) => {
        const type = node.childForFieldName('type')
        return (type && childOf(type, 'field_declaration_list', '{'))?.startIndex
      },
    },
    type_alias: { kind: 'type' },
    const_spec: { kind: 'constant', names: specNames },
    var_spec: { kind: 'constant', names: specNames },
  },
  transparent: ['type_declaration', 'const_declaration', 'var_declaration', 'var_spec_list'],
  exported: (_, name) => /^\p{Lu}/u.test(name.slice(name.lastIndexOf('.') + 1)),
}

function isLabelled(node: Node): boolean {
  return childOf(node, 'label_name') !== undefined
}

function receiverOf(node: Node): string | undefined {
  const receiver = node.childForFieldName('receiver')?.namedChild(0)
  const type = receiver ? fieldText(receiver, 'type') : undefined
  return type && /[\p{L}_]\w*/u.exec(type)?.[0]
}

function boundName(literal: Node): string | undefined {
  const spec = literal.parent?.parent
  return spec?.type === 'var_spec' ? fieldText(spec, 'name') : undefined
}

function specNames(node: Node): readonly string[] {
  // The grammar gives the commas between them the same field.
  return node
    .childrenForFieldName('name')
    .filter((name) => name.isNamed && name.text !== '_')
    .map((name) => name.text)
}
