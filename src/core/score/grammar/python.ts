import type { Node } from 'web-tree-sitter'
import type { ImportRef } from '../analysis.ts'
import { childOf, fieldText, importOf, type LanguageTable, parts } from './table.ts'

/** Cyclomatic numbers are radon's: heads and classes within functions count for nobody, a condition that is asserted counts 1. */
export const python: LanguageTable = {
  wasm: '@repomix/tree-sitter-wasms/out/tree-sitter-python.wasm',
  nodes: {
    if_statement: 'branch',
    elif_clause: 'elseBranch',
    // Of a loop and of a try it is a way of its own.
    else_clause: { role: 'else', decisions: (node) => (node.parent?.type === 'if_statement' ? 0 : 1) },
    for_statement: 'loop',
    while_statement: 'loop',
    match_statement: 'switch',
    case_clause: { role: 'case', decisions: (node) => (takesAnything(node) ? 0 : 1) },
    except_clause: 'catch',
    conditional_expression: 'ternary',
    for_in_clause: 'decision',
    // A guard of a case is one with it.
    if_clause: { role: 'decision', when: (node) => node.parent?.type !== 'case_clause' },
    assert_statement: 'assert',
    boolean_operator: 'binary',
    function_definition: 'function',
    lambda: 'lambda',
    class_definition: 'scope',
    // A head as well, though it stands before what it is the head of.
    decorator: 'opaque',
    comment: 'comment',
    import_statement: 'import',
    import_from_statement: 'import',
    future_import_statement: 'import',
  },
  tokens: { and: 'logical', or: 'logical' },
  nameOf: (node) =>
    node.type === 'lambda'
      ? node.parent?.type === 'assignment'
        ? fieldText(node.parent, 'left')
        : undefined
      : fieldText(node, 'name'),
  parametersOf: (node) =>
    parts(node.childForFieldName('parameters')).filter((part) => !part.type.endsWith('_separator')).length,
  headsAreMute: true,
  wrapperOf: isWrapper,
  receivers: ['self.', 'cls.'],
  imports: {
    import_statement: (node) =>
      parts(node).map((part) => importOf(node, fieldText(part, 'name') ?? part.text)),
    import_from_statement: (node) => [importFrom(node, fieldText(node, 'module_name') ?? '')],
    future_import_statement: (node) => [importFrom(node, '__future__')],
  },
  definitions: {
    function_definition: { kind: 'function' },
    class_definition: { kind: 'class', holds: true },
    type_alias_statement: { kind: 'type', names: (node) => [fieldText(node, 'left') ?? ''] },
    assignment: {
      kind: (node) => (/^[A-Z][A-Z0-9_]*$/.test(fieldText(node, 'left') ?? '') ? 'constant' : undefined),
      names: (node) => [fieldText(node, 'left')!],
    },
  },
  transparent: [
    'decorated_definition',
    'expression_statement',
    'if_statement',
    'elif_clause',
    'else_clause',
    'try_statement',
    'except_clause',
    'finally_clause',
    'with_statement',
    'block',
  ],
  exported: (_, name) => !name.startsWith('_'),
  moreExports: assignedNames,
}

function takesAnything(node: Node): boolean {
  const patterns = node.children.filter((child) => child.type === 'case_pattern')
  return (
    !node.childForFieldName('guard') &&
    patterns.length === 1 &&
    /^[\p{L}_]\w*$/u.test(patterns[0]!.text) &&
    !/^(None|True|False)$/.test(patterns[0]!.text)
  )
}

function importFrom(node: Node, module: string): ImportRef {
  const names = node.childrenForFieldName('name').map((name) => fieldText(name, 'name') ?? name.text)
  return importOf(node, module, 'import', childOf(node, 'wildcard_import') ? ['*'] : names)
}

/** The decorator idiom of the paper: nothing but a function and the return of it, behind a docstring at most. */
function isWrapper(node: Node): boolean {
  const body = parts(node.childForFieldName('body')).filter((part, i) => i > 0 || !isDocstring(part))
  return (
    body.length === 2 &&
    /^(function|decorated)_definition$/.test(body[0]!.type) &&
    body[1]!.type === 'return_statement'
  )
}

const isDocstring = (node: Node): boolean =>
  node.type === 'expression_statement' && node.namedChild(0)?.type === 'string'

/** Names that a module assigns at its top. */
function assignedNames(root: Node): readonly string[] {
  return root.namedChildren
    .filter((node) => node.type === 'expression_statement' && node.namedChild(0)?.type === 'assignment')
    .flatMap((node) => {
      const left = node.namedChild(0)!.childForFieldName('left')
      return left?.type === 'identifier' ? [left] : left?.type === 'pattern_list' ? left.namedChildren : []
    })
    .filter((name) => name.type === 'identifier' && !name.text.startsWith('_'))
    .map((name) => name.text)
}
