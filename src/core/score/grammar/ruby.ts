import type { Node } from 'web-tree-sitter'
import { fieldText, importOf, type LanguageTable, parts } from './table.ts'

/** Cyclomatic: if and unless, loops, when and in, rescue, &&, ||, and, or and ?:. Blocks are no decisions, but nest. */
export const ruby: LanguageTable = {
  wasm: '@repomix/tree-sitter-wasms/out/tree-sitter-ruby.wasm',
  nodes: {
    if: 'branch',
    unless: 'branch',
    if_modifier: 'branch',
    unless_modifier: 'branch',
    elsif: 'elseBranch',
    // Of a case or a begin it costs nothing.
    else: { role: 'else', when: (node) => /^(if|unless|elsif)$/.test(node.parent?.type ?? '') },
    while: 'loop',
    until: 'loop',
    for: 'loop',
    while_modifier: 'loop',
    until_modifier: 'loop',
    case: 'switch',
    case_match: 'switch',
    when: 'case',
    in_clause: 'case',
    rescue: 'catch',
    rescue_modifier: 'catch',
    conditional: 'ternary',
    binary: 'binary',
    method: 'function',
    singleton_method: 'function',
    lambda: 'lambda',
    block: { role: 'block', when: isBlock },
    do_block: { role: 'block', when: isBlock },
    class: 'scope',
    module: 'scope',
    singleton_class: 'scope',
    comment: 'comment',
  },
  tokens: { '&&': 'logical', '||': 'logical', and: 'logical', or: 'logical' },
  nameOf: (node) => {
    if (node.type === 'singleton_class') return ''
    if (node.type !== 'lambda') return fieldText(node, 'name')?.replaceAll('::', '.')
    return node.parent?.type === 'assignment' ? fieldText(node.parent, 'left') : undefined
  },
  // A method without statements has no body, but is one.
  bodyOf: (node) => node.childForFieldName('body') ?? node.lastChild,
  parametersOf: (node) => parts(node.childForFieldName('parameters')).length,
  receivers: ['self.'],
  imports: {},
  importCalls: {
    pattern: /\b(?:require|require_relative|load|autoload)\b/g,
    read: (at) => {
      const call = at.parent
      if (call?.type !== 'call' || call.childForFieldName('receiver')) return undefined
      if (call.childForFieldName('method')?.id !== at.id) return undefined
      const given = parts(call.childForFieldName('arguments')).find((part) => part.type === 'string')
      return given && importOf(call, given.text.slice(1, -1), 'require')
    },
  },
  definitions: {
    class: { kind: 'class', holds: true },
    module: { kind: 'module', holds: true },
    method: { kind: 'function' },
    singleton_method: { kind: 'function' },
    assignment: {
      kind: (node) => (node.childForFieldName('left')?.type === 'constant' ? 'constant' : undefined),
      names: (node) => [fieldText(node, 'left')!],
      headEnd: (node) => node.endIndex,
    },
  },
  transparent: ['body_statement', 'singleton_class'],
  exported: (node) => !isAfterPrivate(node),
}

/** The body of a lambda is a block as well. */
function isBlock(node: Node): boolean {
  return node.parent?.type !== 'lambda'
}

/** A bare `private` holds for all that follows it. */
function isAfterPrivate(node: Node): boolean {
  if (node.type !== 'method') return false
  for (let at = node.previousNamedSibling; at; at = at.previousNamedSibling) {
    if (at.type !== 'identifier') continue
    if (at.text === 'public') return false
    if (at.text === 'private' || at.text === 'protected') return true
  }
  return false
}
