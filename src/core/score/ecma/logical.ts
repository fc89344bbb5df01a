import type { Node } from './oxc.ts'

type Logical = Extract<Node, { type: 'LogicalExpression' }>

/** A tree of `&&`, `||` and `??`, with nothing else between them. */
export interface LogicalTree {
  /** Operators in all; each is a decision. */
  readonly operators: number
  /** Runs of `&&`, in the order of the text: `a && b || c && d` has two. */
  readonly andRuns: number
  readonly onlyAnd: boolean
  readonly operands: readonly Node[]
}

/** Reads the tree in the order of the text. Without recursion: machines write long conditions. */
export function logicalTree(root: Logical): LogicalTree {
  const operands: Node[] = []
  const pending: Logical[] = []
  let operators = 0
  let andRuns = 0
  let onlyAnd = true
  let before = ''
  let node: Node = root
  for (;;) {
    while (node.type === 'LogicalExpression') {
      pending.push(node)
      node = node.left
    }
    operands.push(node)
    const parent = pending.pop()
    if (parent === undefined) return { operators, andRuns, onlyAnd, operands }
    operators++
    if (parent.operator !== '&&') onlyAnd = false
    else if (before !== '&&') andRuns++
    before = parent.operator
    node = parent.right
  }
}
