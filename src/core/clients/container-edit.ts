import type { ListValue, MapValue, Splice } from './document.ts'
import { jsonSyntax } from './json-syntax.ts'
import { beginsLine, indentAt, lineEndOf } from './layout.ts'

/** An object or array of a JSON text. */
export type Container = MapValue | ListValue

/**
 * Puts a value (with `key`, a member) behind the last one of a container, in the layout that its surroundings have; all other bytes stay.
 * Pairs with removeAt: taking the same place out again gives the same text.
 */
export function append(text: string, container: Container, value: unknown, key?: string): readonly Splice[] {
  const eol = lineEndOf(text)
  const unit = indentUnit(text)
  const last = spans(container).at(-1)
  const first = spans(container)[0]
  const oneLine = first === undefined ? !text.includes('\n') : !beginsLine(text, first.start)
  const dense = oneLine && !/[:,] /.test(text)
  const outer = indentAt(text, container.start)
  const inner = first === undefined || oneLine ? outer + unit : indentAt(text, first.start)
  const lead = oneLine ? '' : eol + inner
  const item = itemText(value, key, oneLine ? { dense } : { eol, unit, inner })
  if (last === undefined) {
    const inside = text.slice(container.start + 1, container.end - 1)
    const start = container.start + 1 + inside.trimEnd().length
    return [{ start, end: container.end - 1, text: oneLine ? item : `${lead}${item}${eol}${outer}` }]
  }
  const rest = text.slice(last.end, container.end - 1)
  // What stands behind the last value on its line belongs to it.
  const [behind = '', comma = ''] =
    /^[ \t]*(,?)(?:[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/))?/.exec(rest) ?? []
  if (oneLine) {
    const at = last.end
    return [{ start: at, end: at, text: `,${dense ? '' : ' '}${item}` }]
  }
  const at = last.end + behind.trimEnd().length
  if (comma !== '') return [{ start: at, end: at, text: `${lead}${item},` }]
  if (at === last.end) return [{ start: at, end: at, text: `,${lead}${item}` }]
  return [
    { start: last.end, end: last.end, text: ',' },
    { start: at, end: at, text: lead + item },
  ]
}

/** Takes one value out of a container, with one comma and the line that was its own; comments stay. */
export function removeAt(text: string, container: Container, index: number): readonly Splice[] {
  const all = spans(container)
  const span = all[index]!
  const before = all[index - 1]
  const bound = container.start + 1
  let start = span.start
  const trailing = /^\s*,/.exec(text.slice(span.end, container.end - 1))?.[0].length ?? 0
  // A comment behind it stays on a line of its own: the one before may be a line comment too.
  const endsLine = /^[ \t]*(?:[\r\n\]}]|$)/.test(text.slice(span.end + trailing))
  while (endsLine && start > bound && /\s/.test(text[start - 1]!)) start -= 1
  const cut: Splice = { start, end: span.end + trailing, text: '' }
  const others = `${text.slice(bound, cut.start)}${text.slice(cut.end, container.end - 1)}`
  if (all.length === 1)
    return others.trim() === '' ? [{ start: bound, end: container.end - 1, text: '' }] : [cut]
  if (trailing > 0 || before === undefined) return [cut]
  const comma = commaIn(text, before.end, start)
  return comma === undefined ? [cut] : [{ start: comma, end: comma + 1, text: '' }, cut]
}

/** From a key or item to the end of its value. */
function spans(container: Container): readonly { readonly start: number; readonly end: number }[] {
  if (container.kind === 'list') return container.items
  return container.members.map(({ keyStart, value }) => ({ start: keyStart, end: value.end }))
}

function itemText(
  value: unknown,
  key: string | undefined,
  layout: { dense: boolean } | { eol: string; unit: string; inner: string },
): string {
  const name = key === undefined ? '' : JSON.stringify(key)
  if ('dense' in layout) {
    const text = layout.dense ? JSON.stringify(value) : spaced(value)
    return name === '' ? text : `${name}:${layout.dense ? '' : ' '}${text}`
  }
  const lines = JSON.stringify(value, null, layout.unit).split('\n')
  return (name === '' ? '' : `${name}: `) + lines.join(layout.eol + layout.inner)
}

/** On one line, as people write it: `{ "a": 1 }`. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${spaced(one)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

function indentUnit(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
}

/** The comma between two places that is in no comment. */
function commaIn(text: string, start: number, end: number): number | undefined {
  const comments = jsonSyntax.comments(text)
  for (let at = start; at < end; at += 1) {
    const isComment = comments.some((comment) => comment.start <= at && at < comment.end)
    if (text[at] === ',' && !isComment) return at
  }
  return undefined
}
