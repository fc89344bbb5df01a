import type { Node } from 'web-tree-sitter'
import {
  childOf,
  type Definition,
  fieldText,
  importOf,
  type LanguageTable,
  parts,
  type Rule,
} from './table.ts'

/** Not of `#if A && B`. */
const LOGICAL: Rule = {
  role: 'logical',
  when: (node, text) =>
    !/^[ \t]*#/.test(text.slice(text.lastIndexOf('\n', node.startIndex) + 1).slice(0, 80)),
}
const METHOD: Definition = { kind: 'method' }

/** Cyclomatic: if, loops, case and arms but the one that takes anything, catch, &&, || and ?:. */
export const cSharp: LanguageTable = {
  wasm: '@repomix/tree-sitter-wasms/out/tree-sitter-c_sharp.wasm',
  nodes: {
    if_statement: 'branch',
    for_statement: 'loop',
    foreach_statement: 'loop',
    while_statement: 'loop',
    do_statement: 'loop',
    switch_statement: 'switch',
    switch_expression: 'switch',
    switch_section: { role: 'case', when: (node) => node.child(0)?.type === 'case' },
    switch_expression_arm: { role: 'case', when: (node) => node.child(0)?.type !== 'discard' },
    catch_clause: 'catch',
    conditional_expression: 'ternary',
    binary_expression: 'binary',
    goto_statement: 'jump',
    method_declaration: 'function',
    constructor_declaration: 'function',
    destructor_declaration: 'function',
    operator_declaration: 'function',
    conversion_operator_declaration: 'function',
    local_function_statement: 'function',
    accessor_declaration: 'function',
    arrow_expression_clause: { role: 'function', when: isGetter },
    lambda_expression: 'lambda',
    anonymous_method_expression: 'lambda',
    class_declaration: 'scope',
    struct_declaration: 'scope',
    interface_declaration: 'scope',
    record_declaration: 'scope',
    namespace_declaration: 'scope',
    comment: 'comment',
    using_directive: 'import',
  },
  tokens: { else: 'else', '&&': LOGICAL, '||': LOGICAL },
  nameOf,
  bodyOf: (node) => (node.type === 'arrow_expression_clause' ? node : node.childForFieldName('body')),
  parametersOf: (node) => {
    const list = node.childForFieldName('parameters')
    if (list && list.type !== 'parameter_list') return 1
    // What `params` stands before is not a node of its own.
    return (
      parts(list).filter((part) => part.type === 'parameter').length +
      (list && childOf(list, 'params') ? 1 : 0)
    )
  },
  overloads: true,
  receivers: ['this.'],
  imports: {
    using_directive: (node) => {
      const named = node.childForFieldName('name')
      const target = parts(node).findLast((part) => part.id !== named?.id)
      return target ? [importOf(node, target.text)] : []
    },
  },
  definitions: {
    class_declaration: { kind: 'class', holds: true },
    struct_declaration: { kind: 'class', holds: true },
    record_declaration: { kind: 'class', holds: true },
    interface_declaration: { kind: 'interface', holds: true },
    enum_declaration: { kind: 'type' },
    delegate_declaration: { kind: 'type' },
    namespace_declaration: { kind: 'module', holds: true },
    method_declaration: METHOD,
    constructor_declaration: METHOD,
    destructor_declaration: METHOD,
    operator_declaration: METHOD,
    conversion_operator_declaration: METHOD,
    field_declaration: {
      kind: (node) => (isModified(node, 'const') ? 'constant' : undefined),
      names: (node) =>
        parts(childOf(node, 'variable_declaration') ?? null)
          .map((part) => fieldText(part, 'name') ?? '')
          .filter((name) => name !== ''),
    },
  },
  transparent: ['declaration_list', 'preproc_if', 'preproc_else', 'preproc_elif'],
  exported: (node) =>
    node.type === 'namespace_declaration' ||
    isModified(node, 'public') ||
    node.parent?.parent?.type === 'interface_declaration',
}

function nameOf(node: Node): string | undefined {
  switch (node.type) {
    case 'accessor_declaration':
      return `${ownerOf(node.parent?.parent ?? null)}.${fieldText(node, 'name')}`
    case 'arrow_expression_clause':
      return ownerOf(node.parent)
    case 'destructor_declaration':
      return `~${fieldText(node, 'name')}`
    case 'operator_declaration':
      return `operator ${fieldText(node, 'operator')}`
    case 'conversion_operator_declaration':
      return `operator ${fieldText(node, 'type')}`
    case 'lambda_expression':
    case 'anonymous_method_expression':
      return node.parent?.type === 'variable_declarator' ? fieldText(node.parent, 'name') : undefined
    default:
      return fieldText(node, 'name')
  }
}

const ownerOf = (property: Node | null): string => (property && fieldText(property, 'name')) ?? 'this'

/** Of `int Q => 1;`, which is a property without accessors. */
function isGetter(node: Node): boolean {
  return /^(property|indexer)_declaration$/.test(node.parent?.type ?? '')
}

const isModified = (node: Node, word: string): boolean =>
  node.children.some((child) => child.type === 'modifier' && child.text === word)
