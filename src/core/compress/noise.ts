import { ESCAPES } from '../terminal-escapes.ts'
import { withLines } from './doc.ts'
import type { Doc, Line, Problem, Strategy } from './strategy.ts'

const [ESC, BACKSPACE] = ['\u001b', '\u0008']
const ERASES = new RegExp(`${ESC}\\[[0-2]?K`, 'g')
const RUBBED_OUT = new RegExp(`[^${BACKSPACE}]?${BACKSPACE}`)
/** Stands for "erase the line" while escapes are taken out; no text has it. */
const ERASED = '\uFDD0'

/** Kinds whose line ends or blank lines mean something: a hunk's context, a hard break, what an agent edits. */
const KEEPS_TRAILING: ReadonlySet<string> = new Set(['diff', 'markdown', 'code'])
const KEEPS_BLANK_RUNS: ReadonlySet<string> = new Set(['diff', 'code'])

/**
 * What a terminal would not show: escapes, what carriage returns and backspaces overwrote, white space at the ends of lines, blank lines after
 * a blank one.
 */
export const NOISE: Strategy = {
  name: 'noise',
  exactness: 'rendering',
  lossless: true,
  execute: (doc) => {
    const lines: Line[] = []
    let changed = false
    for (const line of doc.lines) {
      const text = shown(line.text, KEEPS_TRAILING.has(doc.kind))
      if (text === '' && lines.at(-1)?.text === '' && !KEEPS_BLANK_RUNS.has(doc.kind)) {
        changed = true
        continue
      }
      if (text !== line.text) changed = true
      lines.push(text === line.text ? line : { ...line, text })
    }
    // The last line of a text that ends with one line break is empty.
    if (lines.length > 1 && lines.at(-1)?.text === '' && !doc.text.endsWith('\n')) lines.pop()
    return changed ? withLines(doc, lines) : doc
  },
  validate: (before, after) => sameWords(before, after),
}

/** What a terminal shows of one line. */
function shown(line: string, keepsTrailing: boolean): string {
  let text = line
  if (text.includes(ESC)) text = text.replace(ERASES, ERASED).replace(ESCAPES, '')
  if (text.includes('\r')) text = overwritten(text)
  text = text.replaceAll(ERASED, '')
  while (text.includes(BACKSPACE)) text = text.replace(RUBBED_OUT, '')
  return keepsTrailing ? text : trimmedEnd(text)
}

/** Each carriage return goes back to the beginning; what comes then stands over what was there. */
function overwritten(text: string): string {
  let screen = ''
  for (const part of text.split('\r')) {
    const erased = part.lastIndexOf(ERASED)
    const written = part.replaceAll(ERASED, '')
    if (erased >= 0) screen = written
    else if (written !== '') screen = written + screen.slice(written.length)
  }
  return screen
}

function trimmedEnd(text: string): string {
  let end = text.length
  while (end > 0 && (text.charCodeAt(end - 1) === 0x20 || text.charCodeAt(end - 1) === 0x09)) end--
  return end === text.length ? text : text.slice(0, end)
}

/** Doing it again changes nothing, and no line that shows anything is gone. */
function sameWords(before: Doc, after: Doc): readonly Problem[] {
  const words = ({ lines, kind }: Doc) =>
    lines.flatMap(({ text }) => shown(text, KEEPS_TRAILING.has(kind)).trim() || []).join('\n')
  return words(before) === words(after) ? [] : [{ message: 'what is shown would be another text' }]
}
