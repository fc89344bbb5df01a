import type { Doc } from './strategy.ts'

/** Stands for a handle while there is none: as long as most. */
const PLACE = 'my:0123456789'

/**
 * The text as it goes out: one line that says what was done and how to get the original, then the text. Without a handle the same for counting.
 */
export function headed({ text, notes, leftOut }: Doc, handle = PLACE): string {
  const marks = leftOut.length === 0 ? [] : ['[… A-B: …] = lines A-B left out']
  const said = [...notes, ...marks].join('; ')
  const get = leftOut.length === 0 ? '' : ' --lines A-B'
  return `[shortened${said === '' ? '' : `: ${said}`}. Original: mycelium optimization expand ${handle}${get}]\n${text}`
}
