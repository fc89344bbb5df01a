import type { Node } from 'web-tree-sitter'
import type { Tally } from './frames.ts'
import { type LanguageTable, parts } from './table.ts'

/** Bounded: what is called more often by that name without being itself is not looked at further. */
const MAX_LOOKS = 50

/**
 * Whether a function calls itself by its name, alone or after `this.` and the like (`receivers` of the table). Cycles
 * over other functions are not seen. Mentions are found in the text, and only those looked up in the tree.
 */
export function callsItself(tally: Tally, root: Node, text: string, table: LanguageTable): boolean {
  const name = tally.ownName
  if (!/^[\w$]+[!?]?$/.test(name)) return false
  const receivers = typeof table.receivers === 'function' ? table.receivers(tally.node) : table.receivers
  let looks = 0
  for (let at = tally.bodyStart; looks < MAX_LOOKS; looks++) {
    at = findCall(text, name, at, tally.end, table.callsNeedNoParentheses ?? false)
    if (at < 0) return false
    if (isOwn(text, at, receivers) && isCall(root, at, name, tally, table)) return true
    at += name.length
  }
  return false
}

function findCall(text: string, name: string, from: number, end: number, bare: boolean): number {
  const needle = bare ? name : `${name}(`
  // A slice, so that a search that fails ends with the function.
  const at = text.slice(from, end).indexOf(needle)
  return at < 0 ? -1 : from + at
}

function isOwn(text: string, at: number, receivers: readonly string[]): boolean {
  const before = text.slice(Math.max(0, at - 12), at)
  if (/[\w$]$/.test(before)) return false
  if (!/(\.|->|::|\$)$/.test(before)) return true
  return receivers.some(
    (receiver) => before.endsWith(receiver) && !/[\w$.]/.test(before.at(-receiver.length - 1) ?? ' '),
  )
}

function isCall(root: Node, at: number, name: string, tally: Tally, table: LanguageTable): boolean {
  const node = root.descendantForIndex(at, at + name.length)
  if (!node || !/identifier|name|word/.test(node.type)) return false
  for (let up = node.parent, i = 0; up && i < 3; up = up.parent, i++) {
    if (/^(function_|method_)?(declarat|definit)/.test(up.type)) return false
    if (!/call|invocation|^command$/.test(up.type)) continue
    const given = up.childForFieldName('arguments')
    return !table.overloads || !given || parts(given).length === tally.parameters
  }
  return false
}
