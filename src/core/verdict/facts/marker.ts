import { ESCAPES } from '../../terminal-escapes.ts'

/** A compressed text without what a compressor says of its own work, which is no statement of the original. */
export interface Unmarked {
  /** Lines stay where they are. */
  readonly text: string
  /** A handle stands in it: everything that was left out can be had. */
  readonly isReversible: boolean
  /** How often a line stands for itself, by its index from 0: `(×57)`. */
  readonly counts: ReadonlyMap<number, number>
}

/** The handle of an original; pairs with core/originals. */
const HANDLE = /\bmy:[0-9a-f]{10,64}\b/
/** A bracket or a quoted text around a handle goes with it; of a line with a handle outside of both, the whole. */
const AROUND_HANDLE = [
  /"(?:[^"\\\n]|\\.)*\bmy:[0-9a-f]{10,64}\b(?:[^"\\\n]|\\.)*"/g,
  /[[(<{«][^[\](){}<>«»\n]*\bmy:[0-9a-f]{10,64}\b[^[\](){}<>«»\n]*[\])>}»]/g,
]
const COUNTS = [
  /[[(]?\s*[×✕]\s?(\d+)\s*[\])]?/,
  /[[(]?\s*\b(\d+)\s?[×✕]\s*[\])]?/,
  /[[(](?:repeated |seen )?(\d+) times[\])]/,
  /[[(]x(\d+)[\])]/,
]
/** Stands in the place of lines that are left out; pairs with markOf() in core/compress/doc.ts. What it says of them was counted there. */
const LEFT_OUT = /^\s*\[… \d+(?:-\d+)?: .*\]\s*$/
/** Where a part came from and how much is not shown. */
const PLACES = [
  /\[… \d+\]/g,
  /\bL\d+(?:[-–]L?\d+)?\b:?/g,
  /[[(]\s*(?:lines? )?\d+[-–]\d+\s*[\])]/g,
  /(?:…|\.{3})\s?\+?\d+ (?:more )?\w+/g,
  /\+\d+ more(?: \w+)?/g,
]

/** What is taken off at all: escapes of terminals, and what a progress bar wrote over. */
export function withoutEscapes(text: string): string {
  const plain = text.includes('\u001b') ? text.replace(ESCAPES, '') : text
  return plain.includes('\r') ? plain.replace(/\r+\n/g, '\n').replace(/^.*\r/gm, '') : plain
}

/**
 * Takes markers and counts off the lines that are none of the original's. A form of mark that the original uses itself is a fact there, and
 * stays. Both texts come without escapes.
 */
export function unmark(compressed: string, original: string): Unmarked {
  const isReversible = HANDLE.test(compressed) && !HANDLE.test(original)
  const known = new Set(original.split('\n').map((line) => line.trim()))
  const used = (form: RegExp) => original.search(form) >= 0
  const countForms = COUNTS.filter((form) => !used(form))
  const placeForms = PLACES.filter((form) => !used(form))
  const counts = new Map<number, number>()
  const lines = compressed.split('\n').map((line, i) => {
    if (known.has(line.trim())) return line
    if (LEFT_OUT.test(line)) return ''
    let rest = isReversible ? withoutHandle(line) : line
    for (const form of countForms) {
      const count = form.exec(rest)
      if (count === null) continue
      counts.set(i, Number(count[1]))
      rest = `${rest.slice(0, count.index)} ${rest.slice(count.index + count[0].length)}`
      break
    }
    for (const form of placeForms) rest = rest.replace(form, ' … ')
    return rest
  })
  return { text: lines.join('\n'), isReversible, counts }
}

function withoutHandle(line: string): string {
  if (!HANDLE.test(line)) return line
  const rest = AROUND_HANDLE.reduce(
    (text, form) => text.replace(form, (all) => (all[0] === '"' ? '"…"' : ' … ')),
    line,
  )
  return HANDLE.test(rest) ? '' : rest
}
