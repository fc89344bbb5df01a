import { bracketsBalance } from './brackets.ts'
import type { Frame, Sequence } from './frames.ts'
import type { Kinds } from './kinds.ts'

/**
 * The sequence of logical operators that a binary node belongs to: the one of the node that it is an operand of, in
 * parentheses or not, else a new one. An operand of anything else, `!(a && b)` or `f(a && b)`, starts anew.
 */
export function sequenceOf(
  stack: readonly Frame[],
  text: string,
  kinds: Kinds,
  looseLogic: boolean,
): Sequence {
  let top = stack.length - 1
  // Down to the outermost that these are operands of: one loop, however deep.
  while (top > 0 && !stack[top]!.sequence) {
    const inner = stack[top]!
    const outer = stack[top - 1]!
    if (outer.kind.role !== 'binary' || !isLogical(outer, kinds)) break
    if (
      !isOperand(outer, inner, text, kinds.operators) &&
      !(looseLogic && isLooseOperand(outer, inner, text))
    )
      break
    top--
  }
  const sequence = stack[top]!.sequence ?? { last: -1 }
  for (let i = top; i < stack.length; i++) stack[i]!.sequence = sequence
  return sequence
}

function isLogical(frame: Frame, kinds: Kinds): boolean {
  if (frame.sequence) return true
  for (let i = 0; i < Math.min(frame.node.childCount, MAX_CHILDREN); i++) {
    const child = frame.node.child(i)
    if (child && kinds.of[child.typeId]?.role === 'logical') return true
  }
  return false
}

/** Operands, an operator, and comments among them. */
const MAX_CHILDREN = 8

/** Read from the text, because nodes between the two need not be known: only parentheses and an operator may be. */
function isOperand(outer: Frame, inner: Frame, text: string, operators: readonly string[]): boolean {
  const before = skipBack(text, inner.start, outer.start)
  const after = skipOn(text, inner.end, outer.end)
  const first = before === outer.start
  const last = after === outer.end
  if (first && last) return false
  if (first) return operators.some((operator) => text.startsWith(operator, after))
  return last && operators.some((operator) => endsAt(text, operator, before))
}

const endsAt = (text: string, word: string, at: number): boolean => text.startsWith(word, at - word.length)

function skipBack(text: string, from: number, to: number): number {
  let at = from
  while (at > to && (text[at - 1] === '(' || isSpace(text.charCodeAt(at - 1)))) at--
  return at
}

function skipOn(text: string, from: number, to: number): number {
  let at = from
  while (at < to && (text[at] === ')' || isSpace(text.charCodeAt(at)))) at++
  return at
}

const isSpace = (unit: number): boolean => unit === 32 || (unit >= 9 && unit <= 13)

function isLooseOperand(outer: Frame, inner: Frame, text: string): boolean {
  return bracketsBalance(text, outer.start, inner.start) && bracketsBalance(text, inner.end, outer.end)
}
