import type { Context, Doc, Problem, Strategy } from '../strategy.ts'

/** A strategy that leaves lines out: what is left is the original's, or a mark. */
export function leaving(
  name: string,
  execute: (doc: Doc, target: number, context: Context) => Doc | Promise<Doc>,
): Strategy {
  return { name, exactness: 'handle', lossless: false, execute, validate: namesWhatIsGone }
}

/** Each line that is gone is one that somebody can ask for. */
function namesWhatIsGone(before: Doc, after: Doc): readonly Problem[] {
  if (after.leftOut.length <= before.leftOut.length)
    return [{ message: 'it says nothing of what it left out' }]
  const last = before.lines.at(-1)!.to
  const isOdd = after.leftOut.some(({ from, to }) => from < 1 || to < from || to > Math.max(last, 1))
  return isOdd ? [{ message: 'a mark names lines that are not there' }] : []
}
