import type { Node } from 'web-tree-sitter'
import {
  type Definition,
  fieldText,
  importOf,
  type LanguageTable,
  parts,
  type Role,
  type Rule,
} from './table.ts'

const LOGICAL: Rule = { role: 'logical', when: isOfProgram }

const nodes: Readonly<Record<string, Role | Rule>> = {
  if_statement: 'branch',
  for_statement: 'loop',
  while_statement: 'loop',
  do_statement: 'loop',
  switch_statement: 'switch',
  case_statement: { role: 'case', when: (node) => node.child(0)?.type === 'case' },
  conditional_expression: 'ternary',
  binary_expression: 'binary',
  goto_statement: 'jump',
  function_definition: 'function',
  comment: 'comment',
  preproc_include: 'import',
}

const definitions: Readonly<Record<string, Definition>> = {
  function_definition: { kind: 'function' },
  declaration: { kind: (node) => (isPrototype(node) ? 'function' : undefined) },
  struct_specifier: {
    kind: (node) => (node.childForFieldName('body') ? 'class' : undefined),
    names: nameField,
  },
  union_specifier: {
    kind: (node) => (node.childForFieldName('body') ? 'class' : undefined),
    names: nameField,
  },
  enum_specifier: { kind: (node) => (node.childForFieldName('body') ? 'type' : undefined), names: nameField },
  type_definition: {
    kind: 'type',
    names: (node) => node.childrenForFieldName('declarator').map((part) => lastIdentifier(part)),
    headEnd: (node) => node.childForFieldName('type')?.childForFieldName('body')?.startIndex,
  },
  // A guard against a second reading has no value.
  preproc_def: {
    kind: (node) => (node.childForFieldName('value') ? 'constant' : undefined),
    names: nameField,
  },
  preproc_function_def: {
    kind: 'function',
    names: nameField,
    headEnd: (node) => node.childForFieldName('value')?.startIndex,
  },
}

/** Cyclomatic numbers are pmccabe's: if, for, while, do, each case, &&, || and ?. */
export const c: LanguageTable = {
  wasm: '@repomix/tree-sitter-wasms/out/tree-sitter-c.wasm',
  nodes,
  tokens: { else: 'else', '&&': LOGICAL, '||': LOGICAL },
  nameOf,
  parametersOf,
  headsAreMute: true,
  receivers: [],
  imports: {
    preproc_include: (node) => [importOf(node, fieldText(node, 'path') ?? '', 'include')],
  },
  definitions,
  transparent: [
    'linkage_specification',
    'declaration_list',
    'preproc_if',
    'preproc_ifdef',
    'preproc_else',
    'preproc_elif',
    'preproc_elifdef',
  ],
  exported: (node) =>
    !node.children.some((child) => child.type === 'storage_class_specifier' && child.text === 'static'),
}

/** C with classes, lambdas, exceptions and loops over ranges. */
export const cpp: LanguageTable = {
  ...c,
  wasm: '@repomix/tree-sitter-wasms/out/tree-sitter-cpp.wasm',
  nodes: {
    ...nodes,
    for_range_loop: 'loop',
    catch_clause: { role: 'catch', decisions: () => 0 },
    lambda_expression: 'lambda',
    class_specifier: 'scope',
    struct_specifier: 'scope',
    union_specifier: 'scope',
    namespace_definition: 'scope',
  },
  tokens: { ...c.tokens, and: LOGICAL, or: LOGICAL },
  overloads: true,
  receivers: ['this->'],
  definitions: {
    ...definitions,
    class_specifier: {
      kind: (node) => (node.childForFieldName('body') ? 'class' : undefined),
      names: nameField,
      holds: true,
    },
    struct_specifier: { ...definitions.struct_specifier!, holds: true },
    field_declaration: { kind: (node) => (isPrototype(node) ? 'method' : undefined) },
    namespace_definition: { kind: 'module', names: nameField, holds: true },
    alias_declaration: { kind: 'type', names: nameField },
    concept_definition: { kind: 'type', names: nameField },
  },
  transparent: [...c.transparent, 'template_declaration', 'friend_declaration'],
}

function nameField(node: Node): readonly string[] {
  const name = fieldText(node, 'name')
  return name ? [name.replaceAll('::', '.')] : []
}

function nameOf(node: Node): string | undefined {
  if (node.type === 'lambda_expression') {
    return node.parent?.type === 'init_declarator' ? fieldText(node.parent, 'declarator') : undefined
  }
  const declarator = functionDeclarator(node)
  if (!declarator) return node.type === 'function_definition' ? macroName(node) : nameField(node)[0]
  const named = declarator.type === 'operator_cast' ? declarator : declarator.childForFieldName('declarator')
  return named ? plainName(named) : undefined
}

/** The declarator that has the parameters; a function that returns a pointer to one has two, the inner is its own. */
function functionDeclarator(node: Node): Node | undefined {
  let found: Node | undefined
  let at = node.childForFieldName('declarator')
  while (at) {
    if (at.type === 'operator_cast') return at
    if (at.type === 'function_declarator') found = at
    at =
      at.childForFieldName('declarator') ??
      (at.type.endsWith('_declarator') ? at.namedChildren.at(-1) : null) ??
      null
  }
  return found
}

/** Of `TEST(name) { … }`, which a macro makes a function of. */
function macroName(node: Node): string | undefined {
  const type = fieldText(node, 'type')
  return type && `${type}${fieldText(node, 'declarator') ?? ''}`
}

function plainName(node: Node): string {
  const text = node.text.replace(/\s+/g, ' ')
  const operator = /(?:^|::)\s*(operator\b.*)$/.exec(text)
  const qualifier = operator ? text.slice(0, operator.index) : text
  const own = operator
    ? operator[1]!.replace(/(.)\(.*$/, (all, before) => (all === 'r()' ? all : before))
    : ''
  const names = qualifier
    .replace(/<[^()]*>/g, '')
    .split('::')
    .map((name) => name.trim())
    .filter(Boolean)
  return [...names, ...(operator ? [own] : [])].join('.')
}

function parametersOf(node: Node): number {
  const declarator =
    node.type === 'lambda_expression' ? node.childForFieldName('declarator') : functionDeclarator(node)
  const list = parts(declarator?.childForFieldName('parameters') ?? null)
  return list.filter((part) => part.type !== 'variadic_parameter' && part.text !== 'void').length
}

function isPrototype(node: Node): boolean {
  const declarator = functionDeclarator(node)
  // A pointer to a function is a variable.
  return (
    declarator !== undefined &&
    declarator.childForFieldName('declarator')?.type !== 'parenthesized_declarator'
  )
}

const lastIdentifier = (node: Node): string =>
  /[\p{L}_]\w*(?=\W*$)/u.exec(node.text.replace(/\([^()]*\)\s*$/, ''))?.[0] ?? ''

/** Directives that are longer, before the operator, are taken for the program's. */
const MAX_DIRECTIVE = 400

/** In an expression of the program: not `#if A && B`, nor a reference `(T&&)x`. */
function isOfProgram(token: Node, text: string): boolean {
  const start = token.startIndex
  if (/^(?:&&)?\s*[),>]/.test(text.slice(start, start + 8))) return false
  const before = text.slice(Math.max(0, start - MAX_DIRECTIVE), start).replace(/\\\r?\n/g, ' ')
  return !/^[ \t]*#/.test(before.slice(before.lastIndexOf('\n') + 1))
}
