import { lstatSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import { MyceliumError } from '../errors.ts'
import { lineAndColumn } from '../text-place.ts'
import { type ConfigText, readConfig } from './config-text.ts'
import { readJson } from './setting-value.ts'
import { canonicalKey, isSection, isSettingKey, rowOf, type SettingKey } from './settings-table.ts'

/** Settings are a page; what is longer is something else. */
const MAX_SETTINGS_BYTES = 1024 * 1024
const SCHEMA_KEY = '$schema'

/** One value of a file and the words that lead to it, as the file spells them. */
export interface FileEntry {
  readonly key: SettingKey
  readonly path: readonly string[]
  readonly value: unknown
}

/** What a settings file says. */
export interface FileSettings {
  readonly file: string
  /** The last of each key counts. */
  readonly entries: readonly FileEntry[]
  /** Keys that no setting has, and sections that hold no object; they are left alone. */
  readonly unknown: readonly { readonly key: string; readonly path: readonly string[] }[]
}

/** A settings file and what it says; undefined when there is none. Throws config_unreadable, config_invalid with line and column. */
export function readSettingsFile(file: string): (ConfigText & FileSettings) | undefined {
  const source = readConfig(file)
  if (source === undefined) return undefined
  if (source.bytes.length > MAX_SETTINGS_BYTES)
    throw new MyceliumError('config_unreadable', `${file} has ${source.bytes.length} bytes`)
  return { ...source, ...settingsIn(source.text, file) }
}

/** What a settings text says. Throws config_invalid. */
export function settingsIn(text: string, file: string): FileSettings {
  const entries: FileEntry[] = []
  const unknown: { key: string; path: readonly string[] }[] = []
  const walk = (object: object, above: readonly string[]): void => {
    for (const [word, value] of Object.entries(object)) {
      const path = [...above, word]
      const key = canonicalKey(path.join('.'))
      if (isSettingKey(key)) entries.push({ key, path, value })
      else if (isSection(key) && isObject(value)) walk(value, path)
      else if (key !== SCHEMA_KEY) unknown.push({ key: path.join('.'), path })
    }
  }
  walk(objectIn(text, file), [])
  return { file, entries, unknown }
}

/** Whether a file is there and says nothing but what is so without it. One that cannot be read, or a link, says something. */
export function saysNothing(file: string): boolean {
  try {
    const settings = readSettingsFile(file)
    if (settings === undefined || lstatSync(file).isSymbolicLink() || settings.unknown.length > 0)
      return false
    return settings.entries.every(({ key, value }) => {
      const reading = readJson(rowOf(key), value)
      return 'value' in reading && isDeepStrictEqual(reading.value, rowOf(key).default)
    })
  } catch (error) {
    if (error instanceof MyceliumError) return false
    throw error
  }
}

/** The object that a text spells; an empty text is an empty object. Throws config_invalid. */
export function objectIn(text: string, file: string): Readonly<Record<string, unknown>> {
  const body = withoutMark(text)
  if (body.trim() === '') return {}
  refuseBroken(body, file)
  return JSON.parse(body) as Record<string, unknown>
}

/** The text behind a byte order mark. */
export function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

function refuseBroken(body: string, file: string): void {
  const errors: ParseError[] = []
  const refuse = (what: string, offset: number): never => {
    const { line, column } = lineAndColumn(body, offset)
    throw new MyceliumError('config_invalid', `${file}:${line}:${column}: ${what}`, {
      data: { file, line, column },
    })
  }
  let tree: Node | undefined
  try {
    tree = parseTree(body, errors, { disallowComments: true, allowTrailingComma: false })
    const [error] = errors
    if (error !== undefined) refuse(sentence(printParseErrorCode(error.error)), error.offset)
    if (tree?.type === 'object') refuseDouble(tree, refuse)
    else refuse('the top level is not an object', tree?.offset ?? 0)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new MyceliumError('config_invalid', `${file}: nested too deeply`, { cause })
  }
  try {
    JSON.parse(body)
  } catch (cause) {
    throw new MyceliumError('config_invalid', `${file}: ${(cause as Error).message}`, { cause })
  }
}

/** One of two would be dropped without a word at the next change. */
function refuseDouble(node: Node, refuse: (what: string, offset: number) => never): void {
  const seen = new Set<unknown>()
  for (const child of node.children ?? []) {
    if (child.type !== 'property') {
      refuseDouble(child, refuse)
      continue
    }
    const [key, value] = child.children as [Node, Node]
    if (seen.has(key.value)) refuse(`${JSON.stringify(key.value)} is there twice`, key.offset)
    seen.add(key.value)
    refuseDouble(value, refuse)
  }
}

/** jsonc-parser names its errors `CommaExpected`; people read `comma expected`. */
function sentence(code: string): string {
  if (code === 'InvalidCommentToken') return 'a comment, which JSON has not'
  return code.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase()
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
