import type { Paint } from './paint.ts'
import { cellWidth } from './table.ts'

/** One fact: what it is about, and what is to be said. */
export type Fact = readonly [label: string, text: string]

/** Facts under each other, labels in a column of their own, texts broken at blanks so that no line is wider than the screen. */
export function factsText(facts: readonly Fact[], width: number, paint: Paint): string {
  const column = Math.max(0, ...facts.map(([label]) => cellWidth(label))) + 2
  return facts
    .map(([label, text]) =>
      wrapped(text, width - column)
        .map((line, i) => {
          const head = i === 0 ? label : ''
          return `${paint.faint(head)}${' '.repeat(column - cellWidth(head))}${line}\n`
        })
        .join(''),
    )
    .join('')
}

/** Lines of at most `width` columns; a word that is longer stays whole on a line of its own, so that a path can be copied. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && cellWidth(line) + 1 + cellWidth(word) > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
