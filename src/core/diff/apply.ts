import { MyceliumError } from '../errors.ts'
import { withEdits } from './line-edits.ts'
import type { Part, Patch } from './patch.ts'
import { isSameHash, linesOf, textHash } from './text.ts'

/**
 * The next text of a patch, exactly. Throws diff_base_wrong where the base is not the text that the patch was made for, diff_invalid where
 * what comes out is not the text that it was made of: nothing is ever made of the wrong one.
 */
export function apply(base: string, patch: Patch): string {
  if (!isSameHash(textHash(base), patch.base.hash)) throw wrongBase(base, patch)
  const next = assembled(linesOf(base), patch)
  if (next === undefined || !isSameHash(textHash(next), patch.next.hash))
    throw new MyceliumError(
      'diff_invalid',
      `the patch does not make the text ${patch.next.hash.slice(0, 16)}`,
    )
  return next
}

/** The refusal of a text that the patch was not made for. */
export function wrongBase(base: string, { base: { hash } }: Patch): MyceliumError {
  return new MyceliumError(
    'diff_base_wrong',
    `the patch is for the text ${hash.slice(0, 16)}, not for ${textHash(base).slice(0, 16)}`,
  )
}

/** The text that hunks make of lines; undefined where they name what is not there. */
function assembled(lines: readonly string[], { hunks }: Patch): string | undefined {
  const out: string[] = []
  const copy = (from: number, to: number) => {
    for (let at = from; at < to; at++) out.push(lines[at]!)
  }
  let at = 0
  for (const { from, count, parts } of hunks) {
    if (from - 1 < at || from - 1 + count > lines.length) return undefined
    copy(at, from - 1)
    for (const part of parts) {
      if (part.kind === 'text') for (const line of part.lines) out.push(line)
      else if (part.kind === 'copy') {
        if (part.from < 1 || part.to > lines.length) return undefined
        copy(part.from - 1, part.to)
      } else {
        const line = editedLine(lines, part)
        if (line === undefined) return undefined
        out.push(line)
      }
    }
    at = from - 1 + count
  }
  copy(at, lines.length)
  return out.join('')
}

function editedLine(
  lines: readonly string[],
  { line, edits }: Extract<Part, { kind: 'edit' }>,
): string | undefined {
  const base = lines[line - 1]
  if (base === undefined) return undefined
  const fits = edits.every(
    ({ at, removed, was }) => at + removed <= base.length && (was === undefined || base.startsWith(was, at)),
  )
  return fits ? withEdits(base, edits) : undefined
}
