import { withLines } from '../doc.ts'
import type { Context, Line, Problem, Strategy } from '../strategy.ts'
import { jsonParts } from './parts.ts'
import { compactJson, type JsonNode, readJson } from './read.ts'
import { tablesText } from './tables.ts'
import { toonText } from './toon.ts'

/** One exact form of a value. */
interface Form {
  readonly name: 'compact' | 'rows' | 'columns' | 'TOON'
  readonly text: string
}

const NOTES: Readonly<Record<Form['name'], readonly string[]>> = {
  compact: [],
  rows: ['JSON with rows as CSV (name=value: same in all)'],
  columns: ['JSON by columns (×N: N times)'],
  TOON: ['JSON as TOON'],
}
/** A form that is harder to read must be worth it. */
const HANDICAP: Readonly<Record<Form['name'], number>> = { compact: 1, rows: 1, TOON: 1.02, columns: 1.1 }

/** JSON, alone or in passages of another text, in the exact form that takes the fewest tokens. */
export const ENCODING: Strategy = {
  name: 'encoding',
  exactness: 'text',
  lossless: true,
  execute: async (doc, _target, context) => {
    const parts =
      doc.value === undefined
        ? jsonParts(doc)
        : [{ from: 0, to: doc.lines.length - 1, values: [doc.value], isStream: false }]
    const lines: Line[] = []
    const notes: string[] = []
    let next = 0
    for (const { from, to, values, isStream } of parts) {
      const form = await cheapest(values, isStream, context)
      const before = doc.lines
        .slice(from, to + 1)
        .map(({ text }) => text)
        .join('\n')
      if (form === undefined || context.count(form.text) >= context.count(before)) continue
      lines.push(...doc.lines.slice(next, from))
      const origin = { from: doc.lines[from]!.from, to: doc.lines[to]!.to }
      for (const text of form.text.split('\n')) lines.push({ text, ...origin })
      for (const note of NOTES[form.name]) if (!notes.includes(note)) notes.push(note)
      if (isStream && !notes.includes(STREAM)) notes.push(STREAM)
      next = to + 1
    }
    if (next === 0) return doc
    lines.push(...doc.lines.slice(next))
    return withLines(doc, lines, { notes })
  },
  // Each form was read back before it was chosen.
  validate: (): readonly Problem[] => [],
}

/** Share of a value beyond its tables. */
const MIN_REST = 0.3
const STREAM = 'rows were a JSON value a line'

async function cheapest(
  values: readonly JsonNode[],
  isStream: boolean,
  context: Context,
): Promise<Form | undefined> {
  const node: JsonNode = isStream ? { type: 'array', items: values } : values[0]!
  const compact = compactJson(node)
  const forms: Form[] = [{ name: 'compact', text: isStream ? values.map(compactJson).join('\n') : compact }]
  let rest = compact.length
  for (const way of ['rows', 'columns'] as const) {
    const written = tablesText(node, way)
    if (written?.back !== compact) continue
    forms.push({ name: way, text: written.text })
    rest = written.rest
  }
  // Of rows alone TOON makes the same lines and a head.
  const toon = rest < compact.length * MIN_REST ? undefined : await toonText(node)
  if (toon !== undefined) forms.push({ name: 'TOON', text: toon })
  if (isSound(compact, forms[0]!, isStream)) {
    const costs = forms.map((form) => context.count(form.text) * HANDICAP[form.name])
    return forms[costs.indexOf(Math.min(...costs))]
  }
  return undefined
}

/** What is written compactly is read again as the same. */
function isSound(compact: string, form: Form, isStream: boolean): boolean {
  if (isStream || compact.includes('"[… ')) return true
  const back = readJson(form.text)
  return back !== undefined && compactJson(back) === compact
}
