import { applySplices, type Format, type MapValue, type Splice, textOf, type Value } from './document.ts'
import { readDocument } from './syntaxes.ts'

/** What stands in the place of a value that a screen or a pasted report must not show. */
const HIDDEN = '"…"'
const SHOWN_KEYS = new Set(['command', 'cmd', 'args', 'path', 'type', 'name', 'source', 'transport'])
const ENTRY_KEYS = ['command', 'cmd']

/**
 * A config text fit for showing: every string is hidden but those that say how a server is started. Tokens stand in env and headers, but
 * also elsewhere in the same files, where a diff's context may reach.
 */
export function redacted(text: string, format: Format, file: string): string {
  const splices: Splice[] = []
  hideIn(readDocument(text, format, file), text, splices)
  return applySplices(text, splices)
}

function hideIn(map: MapValue, text: string, splices: Splice[]): void {
  const isEntry = ENTRY_KEYS.some((key) => map.members.some((member) => member.key === key))
  for (const member of map.members) {
    if (isEntry && SHOWN_KEYS.has(member.key)) {
      if (member.value.kind === 'map') hideIn(member.value, text, splices)
      continue
    }
    hide(member.value, text, splices)
  }
}

function hide(value: Value, text: string, splices: Splice[]): void {
  if (value.kind === 'map') {
    // An older Zed entry keeps path and args in a map of their own.
    if (textOf(value, 'path') !== undefined && value.members.some((member) => member.key === 'args')) return
    hideIn(value, text, splices)
  } else if (value.kind === 'list') {
    for (const item of value.items) hide(item, text, splices)
  } else if (value.kind === 'text') {
    const lines = text.slice(value.start, value.end).match(/\r?\n/g)?.join('') ?? ''
    splices.push({ start: value.start, end: value.end, text: HIDDEN + lines })
  }
}
