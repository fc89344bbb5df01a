import type { Node } from 'web-tree-sitter'
import type { ImportRef } from '../analysis.ts'
import { childOf, fieldText, importOf, type LanguageTable, parts } from './table.ts'

/** Cyclomatic: if, each arm of a match, loops, `?`, && and ||, as rust-code-analysis has it. What macros are given is not read. */
export const rust: LanguageTable = {
  wasm: '@repomix/tree-sitter-wasms/out/tree-sitter-rust.wasm',
  nodes: {
    if_expression: 'branch',
    match_expression: 'switch',
    match_arm: 'case',
    while_expression: 'loop',
    loop_expression: 'loop',
    for_expression: 'loop',
    try_expression: 'decision',
    binary_expression: 'binary',
    let_chain: 'binary',
    break_expression: { role: 'jump', when: isLabelled },
    continue_expression: { role: 'jump', when: isLabelled },
    function_item: 'function',
    closure_expression: 'lambda',
    impl_item: 'scope',
    trait_item: 'scope',
    mod_item: 'scope',
    // Tokens that a macro is given look like those of the program.
    token_tree: 'opaque',
    line_comment: 'comment',
    block_comment: 'comment',
    use_declaration: 'import',
    extern_crate_declaration: 'import',
  },
  tokens: {
    else: 'else',
    '&&': 'logical',
    '||': 'logical',
    // `mod a;` is a file; `mod a { … }` is not.
    mod: { role: 'import', when: (node) => node.nextSibling?.nextSibling?.type === ';' },
  },
  nameOf: (node) => {
    if (node.type === 'closure_expression') {
      return /^(const|static)_item$/.test(node.parent?.type ?? '')
        ? fieldText(node.parent!, 'name')
        : undefined
    }
    return fieldText(node, 'name') ?? typeName(fieldText(node, 'type') ?? '')
  },
  parametersOf: (node) =>
    parts(node.childForFieldName('parameters')).filter((part) => part.type !== 'attribute_item').length,
  receivers: ['self.', 'Self::'],
  imports: {
    use_declaration: (node) => {
      const tree = node.childForFieldName('argument')
      return tree ? uses(node, tree, '') : []
    },
    extern_crate_declaration: (node) => [importOf(node, fieldText(node, 'name') ?? '')],
    mod: (node) => [importOf(node, node.nextSibling!.text, 'module')],
  },
  definitions: {
    function_item: { kind: 'function' },
    function_signature_item: { kind: 'function' },
    struct_item: { kind: 'class' },
    union_item: { kind: 'class' },
    enum_item: { kind: 'type' },
    type_item: { kind: 'type' },
    trait_item: { kind: 'interface', holds: true },
    impl_item: { kind: 'class', holds: true },
    mod_item: { kind: (node) => (node.childForFieldName('body') ? 'module' : undefined), holds: true },
    const_item: { kind: 'constant' },
    static_item: { kind: 'constant' },
    macro_definition: { kind: 'function' },
  },
  transparent: ['foreign_mod_item', 'declaration_list'],
  exported: (node) =>
    node.type !== 'impl_item' &&
    (childOf(node, 'visibility_modifier') !== undefined || node.parent?.parent?.type === 'trait_item'),
}

function isLabelled(node: Node): boolean {
  return childOf(node, 'label') !== undefined
}

const typeName = (type: string): string =>
  type
    .replace(/<[\s\S]*$/, '')
    .replace(/^[&*\s]*(?:'\w+\s+)?(?:mut\s+|dyn\s+)?/, '')
    .replaceAll('::', '.')

/** One mention for each module that a tree of uses names: `use a::{b, c::d}` is `a` with b, and `a::c` with d. */
function uses(at: Node, tree: Node, prefix: string): readonly ImportRef[] {
  const join = (path: string | undefined): string => [prefix, path].filter(Boolean).join('::')
  const kind = childOf(at, 'visibility_modifier') ? 'reexport' : 'import'
  const ref = (specifier: string, names: readonly string[]): ImportRef => importOf(at, specifier, kind, names)
  switch (tree.type) {
    case 'use_as_clause': {
      const path = tree.childForFieldName('path')
      return path ? uses(at, path, prefix) : []
    }
    case 'use_wildcard':
      return [ref(join(tree.namedChild(0)?.text), ['*'])]
    case 'scoped_use_list': {
      const list = tree.childForFieldName('list')
      return list ? uses(at, list, join(fieldText(tree, 'path'))) : []
    }
    case 'use_list': {
      const plain = parts(tree).filter((part) => isPlain(part))
      const names = plain.map((part) => fieldText(part, 'path') ?? part.text)
      const rest = parts(tree).filter((part) => !isPlain(part))
      const own =
        names.length === 0 ? [] : prefix === '' ? names.map((name) => ref(name, ['*'])) : [ref(prefix, names)]
      return [...own, ...rest.flatMap((part) => uses(at, part, prefix))]
    }
    case 'scoped_identifier':
      return [ref(join(fieldText(tree, 'path')), [fieldText(tree, 'name') ?? ''])]
    default:
      return prefix === '' ? [ref(tree.text, ['*'])] : [ref(prefix, [tree.text])]
  }
}

const isPlain = (node: Node): boolean =>
  /^(identifier|self)$/.test(
    node.type === 'use_as_clause' ? (node.childForFieldName('path')?.type ?? '') : node.type,
  )
