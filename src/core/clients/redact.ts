import { applySplices, type Format, type MapValue, type Splice, type Value } from './document.ts'
import { withoutSecrets } from './secret-words.ts'
import { readDocument, SYNTAXES } from './syntaxes.ts'

/** What stands in the place of a value or comment that a screen or a pasted report must not show. */
const HIDDEN = '…'
const SHOWN_KEYS = new Set(['command', 'cmd', 'args', 'path', 'type', 'name', 'source', 'transport'])
/** Below these every key is a name that somebody chose, `command` and `path` too. */
const VALUE_KEYS = new Set(['env', 'envs', 'environment', 'headers', 'http_headers', 'env_http_headers'])
const ENTRY_KEYS = ['command', 'cmd']

/**
 * A config text fit for showing: every value is hidden but those that say how a server is started, and of these what looks like a secret.
 * Tokens stand in env and headers, but also elsewhere in the same files, where a diff's context may reach, and in comments.
 */
export function redacted(text: string, format: Format, file: string): string {
  const splices: Splice[] = []
  hideIn(readDocument(text, format, file), text, splices)
  // What is hidden whole takes the comments in it along.
  for (const { start, end } of SYNTAXES[format].comments(text)) {
    if (splices.some((splice) => splice.start < end && start < splice.end)) continue
    const mark = /^(#+|\/\/+|\/\*+)?/.exec(text.slice(start, end))![0]
    const close = mark.startsWith('/*') ? ' */' : ''
    splices.push({ start, end, text: `${mark} ${HIDDEN}${lineBreaks(text, start, end)}${close}` })
  }
  return applySplices(text, splices)
}

/** `asEntry` for the map inside an older Zed entry that holds path and args. */
function hideIn(map: MapValue, text: string, splices: Splice[], asEntry = false): void {
  const isEntry = asEntry || ENTRY_KEYS.some((key) => map.members.some((member) => member.key === key))
  for (const { key, value } of map.members) {
    if (VALUE_KEYS.has(key)) hideAll(value, text, splices)
    else if (!isEntry || !SHOWN_KEYS.has(key)) hide(value, text, splices, isEntry)
    else if (value.kind === 'map') hideIn(value, text, splices, true)
    else if (value.kind === 'list') showWords(value.items, text, splices)
    else showWords([value], text, splices)
  }
}

/** Numbers and the like of an entry itself are its settings; below it they may be values of variables. */
function hide(value: Value, text: string, splices: Splice[], ofEntry: boolean): void {
  if (value.kind === 'map') hideIn(value, text, splices)
  else if (value.kind === 'list') for (const item of value.items) hide(item, text, splices, false)
  else if (value.kind === 'text' || value.why !== undefined) replace(value, HIDDEN, text, splices)
  else if (!ofEntry && typeof value.value === 'number') replace(value, HIDDEN, text, splices)
}

function hideAll(value: Value, text: string, splices: Splice[]): void {
  if (value.kind === 'map') for (const member of value.members) hideAll(member.value, text, splices)
  else hide(value, text, splices, false)
}

function showWords(values: readonly Value[], text: string, splices: Splice[]): void {
  const words = values.map((value) => (value.kind === 'text' ? value.text : undefined))
  for (const [index, value] of values.entries()) {
    const word = words[index]
    const shown = word === undefined ? undefined : withoutSecrets(word, words[index - 1])
    // What is not read further is not known to be harmless.
    if (shown === undefined) hide(value, text, splices, true)
    else if (shown !== word) replace(value, shown, text, splices)
  }
}

function replace({ start, end }: Value, shown: string, text: string, splices: Splice[]): void {
  splices.push({ start, end, text: JSON.stringify(shown) + lineBreaks(text, start, end) })
}

/** Kept, so that the lines of both texts of a diff stay the same. */
function lineBreaks(text: string, start: number, end: number): string {
  return text.slice(start, end).match(/\r?\n/g)?.join('') ?? ''
}
