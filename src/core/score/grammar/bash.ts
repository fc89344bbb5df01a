import { fieldText, importOf, type LanguageTable, unquoted } from './table.ts'

/** Cyclomatic: if, elif, loops, patterns of a case but `*`, && and || (between commands as in tests), and ?:. */
export const bash: LanguageTable = {
  wasm: '@vscode/tree-sitter-wasm/wasm/tree-sitter-bash.wasm',
  nodes: {
    if_statement: 'branch',
    elif_clause: 'elseBranch',
    else_clause: 'else',
    for_statement: 'loop',
    c_style_for_statement: 'loop',
    while_statement: 'loop',
    case_statement: 'switch',
    case_item: { role: 'case', when: (node) => fieldText(node, 'value') !== '*' },
    ternary_expression: 'ternary',
    list: 'binary',
    binary_expression: 'binary',
    function_definition: 'function',
    comment: 'comment',
  },
  tokens: { '&&': 'logical', '||': 'logical' },
  parametersOf: () => 0,
  callsNeedNoParentheses: true,
  receivers: [],
  imports: {},
  importCalls: {
    pattern: /(?<=^|[\s;&|({])(?:source|\.)(?=\s)/gm,
    read: (at) => {
      const command = at.parent?.type === 'command_name' ? at.parent.parent : null
      const path = command && fieldText(command, 'argument')
      return path ? importOf(command, unquoted(path), 'include') : undefined
    },
  },
  definitions: { function_definition: { kind: 'function' } },
  transparent: ['if_statement', 'else_clause', 'list'],
  exported: () => true,
}
