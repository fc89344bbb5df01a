import { type DiffOptions, diff } from './diff.ts'
import { encode, encodeWhole } from './encode.ts'
import type { Patch } from './patch.ts'

/** A patch as it is written to a file, and the same patch in parts. */
export interface Delta {
  readonly kind: 'patch' | 'whole'
  readonly text: string
  readonly patch: Patch
}

/**
 * What is to be kept or sent so that whoever has the base gets the next text: the written patch, or all of the next text behind a line that says so
 * where the patch would be no shorter. So it is never longer than the next text and that line.
 */
export function delta(base: string, next: string, options?: DiffOptions): Delta {
  const patch = diff(base, next, options)
  const text = encode(patch)
  // A patch of nothing is a patch, however short the text.
  if (text.length < next.length || base === next) return { kind: 'patch', text, patch }
  return { kind: 'whole', text: encodeWhole(next, patch.next), patch }
}
