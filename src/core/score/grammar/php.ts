import type { Node } from 'web-tree-sitter'
import type { ImportRef } from '../analysis.ts'
import { childOf, fieldText, importOf, type LanguageTable, parts, unquoted } from './table.ts'

const required = (node: Node): readonly ImportRef[] => {
  const path = node.namedChild(0)
  return path ? [importOf(node, unquoted(path.text), 'require')] : []
}

/** Cyclomatic: if, elseif, loops, case and arms but the default, catch, &&, ||, and, or and ?:. */
export const php: LanguageTable = {
  wasm: '@repomix/tree-sitter-wasms/out/tree-sitter-php.wasm',
  nodes: {
    if_statement: 'branch',
    else_if_clause: 'elseBranch',
    for_statement: 'loop',
    foreach_statement: 'loop',
    while_statement: 'loop',
    do_statement: 'loop',
    switch_statement: 'switch',
    match_expression: 'switch',
    case_statement: 'case',
    match_conditional_expression: 'case',
    catch_clause: 'catch',
    conditional_expression: 'ternary',
    binary_expression: 'binary',
    goto_statement: 'jump',
    // `break 2` leaves more than the structure that it is in.
    break_statement: { role: 'jump', when: (node) => node.namedChildCount > 0 },
    continue_statement: { role: 'jump', when: (node) => node.namedChildCount > 0 },
    function_definition: 'function',
    method_declaration: 'function',
    anonymous_function: 'lambda',
    arrow_function: 'lambda',
    class_declaration: 'scope',
    interface_declaration: 'scope',
    trait_declaration: 'scope',
    enum_declaration: 'scope',
    anonymous_class: 'scope',
    namespace_definition: 'scope',
    comment: 'comment',
    namespace_use_declaration: 'import',
    require_expression: 'import',
    require_once_expression: 'import',
    include_expression: 'import',
    include_once_expression: 'import',
  },
  tokens: { else: 'else', '&&': 'logical', '||': 'logical', and: 'logical', or: 'logical' },
  nameOf: (node) => {
    switch (node.type) {
      case 'anonymous_class':
        return ''
      case 'anonymous_function':
      case 'arrow_function':
        return node.parent?.type === 'assignment_expression' ? fieldText(node.parent, 'left') : undefined
      default:
        return fieldText(node, 'name')?.replaceAll('\\', '.')
    }
  },
  parametersOf: (node) => parts(node.childForFieldName('parameters')).length,
  receivers: ['$this->', 'self::', 'static::'],
  imports: {
    namespace_use_declaration: uses,
    require_expression: required,
    require_once_expression: required,
    include_expression: required,
    include_once_expression: required,
  },
  definitions: {
    class_declaration: { kind: 'class', holds: true },
    trait_declaration: { kind: 'class', holds: true },
    interface_declaration: { kind: 'interface', holds: true },
    enum_declaration: { kind: 'class', holds: true },
    namespace_definition: {
      kind: (node) => (node.childForFieldName('body') ? 'module' : undefined),
      holds: true,
    },
    function_definition: { kind: 'function' },
    method_declaration: { kind: 'method' },
    const_declaration: {
      kind: 'constant',
      names: (node) =>
        parts(node).flatMap((part) =>
          part.type === 'const_element' ? [part.namedChild(0)?.text ?? ''] : [],
        ),
    },
  },
  transparent: ['declaration_list', 'if_statement', 'compound_statement'],
  exported: (node) => !/^(private|protected)$/.test(childOf(node, 'visibility_modifier')?.text ?? ''),
}

/** `use A\{B, C as D}` is A\B and A\C. */
function uses(node: Node): readonly ImportRef[] {
  const group = node.childForFieldName('body')
  const prefix = group ? `${childOf(node, 'namespace_name')?.text ?? ''}\\` : ''
  return parts(group ?? node)
    .filter((part) => part.type === 'namespace_use_clause')
    .map((clause) => {
      const path = prefix + (parts(clause).find((part) => /name$/.test(part.type))?.text ?? '')
      return importOf(node, path, 'import', [path.slice(path.lastIndexOf('\\') + 1)])
    })
}
