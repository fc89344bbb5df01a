import { withLines } from './doc.ts'
import type { Strategy } from './strategy.ts'

/** How trees of pages number their nodes, what all of one tree have in common before the number in the group. */
const FORMS = [/\[ref=([a-z]\d*_?|[a-z]*)(\d+)\]/g, /\buid=([a-z\d]+_)(\d+)\b/g]
const SHORT = /@(\d+)\b/g
const MIN_REFS = 6

/** Nodes of a page's tree by number alone: `@12` for `[ref=e12]`, `uid=1_12`. */
export const REFS: Strategy = {
  name: 'refs',
  exactness: 'text',
  lossless: true,
  execute: (doc) => {
    if (/@\d/.test(doc.text)) return doc
    for (const form of FORMS) {
      const all = [...doc.text.matchAll(form)]
      const first = all[0]
      if (first === undefined || all.length < MIN_REFS) continue
      const whole = first[0].replace(/\d+(\]?)$/, 'N$1')
      const lines = doc.lines.map((line) => {
        const text = line.text.replace(form, (ref, before: string, number: string) =>
          before === first[1] ? `@${number}` : ref,
        )
        return text === line.text ? line : { ...line, text }
      })
      return withLines(doc, lines, { notes: [`@N = ${whole}`] })
    }
    return doc
  },
  validate: (before, after) => {
    const whole = /^@N = (.*)$/.exec(after.notes.at(-1)!)?.[1] ?? ''
    const back = after.text.replace(SHORT, (_, number: string) => whole.replace('N', () => number))
    return back === before.text ? [] : [{ message: 'read back, it is another text' }]
  },
}
