import { applyEdits, type FormattingOptions, modify } from 'jsonc-parser'
import { MyceliumError } from '../errors.ts'
import type { SettingValue } from './setting-row.ts'
import { objectIn, settingsIn, withoutMark } from './settings-file.ts'

/** New values by key; undefined takes the key away. */
export type SettingChanges = ReadonlyMap<string, SettingValue | undefined>

/**
 * The text of a settings file with these changes and nothing else changed: unknown keys, spacing, line ends and a byte order mark stay. A
 * key that is there is changed where it is, however it is spelled; a new one goes into its section. Throws config_invalid.
 */
export function editedText(text: string, changes: SettingChanges, file: string): string {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  let body = withoutMark(text)
  // A file of nothing is a file of no settings.
  if (body.trim() === '') body = '{}\n'
  for (const [key, value] of changes) body = changed(body, key, value, file)
  return mark + body
}

function changed(body: string, key: string, value: SettingValue | undefined, file: string): string {
  const { entries, unknown } = settingsIn(body, file)
  const places = [
    ...entries.filter((entry) => entry.key === key).map(({ path }) => path),
    ...unknown.filter((entry) => entry.key === key).map(({ path }) => path),
  ]
  const keep = value === undefined ? undefined : (places.at(-1) ?? key.split('.'))
  let next = body
  for (const place of places) if (place !== keep) next = without(next, place, file)
  if (value === undefined || keep === undefined) return next
  refuseUnderValue(next, keep, file)
  return applyEdits(next, modify(next, [...keep], value, { formattingOptions: layoutOf(next) }))
}

/** Takes a key away, and each section that is empty then. */
function without(body: string, path: readonly string[], file: string): string {
  let next = applyEdits(body, modify(body, [...path], undefined, { formattingOptions: layoutOf(body) }))
  for (let above = path.slice(0, -1); above.length > 0; above = above.slice(0, -1)) {
    const section = valueAt(objectIn(next, file), above)
    if (typeof section !== 'object' || section === null || Object.keys(section).length > 0) break
    next = applyEdits(next, modify(next, [...above], undefined, { formattingOptions: layoutOf(next) }))
  }
  return next.replace(/^(\s*)\{\s*\}(\s*)$/, '$1{}$2')
}

/** A section that holds something else than an object is the user's, and would be lost. */
function refuseUnderValue(body: string, path: readonly string[], file: string): void {
  const object = objectIn(body, file)
  for (let length = 1; length < path.length; length += 1) {
    const above = valueAt(object, path.slice(0, length))
    if (above === undefined) return
    if (typeof above === 'object' && above !== null && !Array.isArray(above)) continue
    throw new MyceliumError(
      'config_invalid',
      `${file}: ${path.slice(0, length).join('.')} is not an object`,
      {
        hint: `mycelium config unset ${path.slice(0, length).join('.')}, then run it again`,
      },
    )
  }
}

function valueAt(object: object, path: readonly string[]): unknown {
  let at: unknown = object
  for (const word of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, word)) return undefined
    at = (at as Record<string, unknown>)[word]
  }
  return at
}

/** How the file is laid out already. */
function layoutOf(text: string): FormattingOptions {
  const [, indent = '  '] = /\n([ \t]+)"/.exec(text) ?? []
  const tabs = indent.startsWith('\t')
  return {
    insertSpaces: !tabs,
    tabSize: tabs ? 1 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  }
}
