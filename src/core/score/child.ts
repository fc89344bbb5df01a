import { hasErrno } from '../errors.ts'
import { analyze, type Order, type Tools } from './analyze.ts'
import type { FileFacts } from './facts.ts'

/** Files to look at, one after the other. */
export interface ToChild {
  readonly root: string
  readonly files: readonly Order[]
}

/** One file's facts; files are answered in the order in which they came. */
export interface FromChild {
  readonly path: string
  /** Of its order. */
  readonly id?: number
  readonly facts?: FileFacts
  /** Its bytes are those that are known. */
  readonly same?: true
  readonly problem?: string
}

/** Answers each file of an order. Nothing is thrown: a file that cannot be looked at is an answer too. */
export async function serve(
  order: ToChild,
  tools: Tools,
  answer: (message: FromChild) => void,
): Promise<void> {
  for (const file of order.files) {
    const { path, id } = file
    const of = id === undefined ? { path } : { path, id }
    try {
      const facts = await analyze(order.root, file, tools)
      answer(facts === undefined ? { ...of, same: true } : { ...of, facts })
    } catch (error) {
      answer({ ...of, problem: hasErrno(error, 'ENOENT') ? 'gone' : String(error).slice(0, 300) })
    }
  }
}
