import { leaveOut, runsOf } from '../doc.ts'
import { leaving } from './strategy.ts'

const PASSED =
  /^\s*(✓|✔|√|ok \d+\b(?!.*# (TODO|SKIP))|PASS\b|--- PASS|=== (RUN|PAUSE|CONT|NAME)|▶ )|(\.\.\. ok|\bPASSED(\s+\[\s*\d+%\])?)\s*$/
const SUBTEST = /^\s*# Subtest: (.*)$/

/** Tests that passed are counted; those that did not, and sums, stay whole. */
export const PASSED_TESTS = leaving('passed', (doc) => {
  const texts = doc.lines.map(({ text }) => text)
  const goes = texts.map((text) => PASSED.test(text))
  for (let i = 0; i < texts.length; i++) {
    const name = SUBTEST.exec(texts[i]!)?.[1]
    // The name stands before what became of it.
    if (name !== undefined) goes[i] = goes[i + 1] === true && texts[i + 1]!.trim().endsWith(name)
    if (goes[i] && /^\s*ok \d/.test(texts[i]!) && /^\s+---$/.test(texts[i + 1] ?? ''))
      i = blockEnd(texts, goes, i + 1)
  }
  return leaveOut(
    doc,
    runsOf(goes, 2, (from, to) => {
      const count = texts
        .slice(from, to + 1)
        .filter((text) => PASSED.test(text) && !/^\s*=== /.test(text)).length
      return `${count} passed`
    }),
  )
})

/** Details of a test that passed, as TAP has them: from `---` to `...`. */
function blockEnd(texts: readonly string[], goes: boolean[], from: number): number {
  let i = from
  while (i < texts.length && !/^\s+\.\.\.$/.test(texts[i]!)) goes[i++] = true
  if (i < texts.length) goes[i] = true
  return i
}
