import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { textIfRegular } from '../regular-file.ts'
import type { Order } from './order.ts'

/** Longer arguments are no paths. */
const MAX_PATH = 4_096
/** Files that are looked at; of a call that names more, or whose arguments were too long to look at, it is not known whether it read one. */
const MAX_FILES = 64
/** What editors and servers write before a line. */
const LINE_NUMBER = /^\s*\d+\s*[\t:|→]/u
/** Lines of a text that are those of a file, of all: then it is read from there, whatever was put around it. */
const MOST_LINES = 0.8
/** Characters of a line that says by itself where it is from; of shorter ones so many together do. */
const LONG_LINE = 200
const MIN_LINES = 3

/**
 * The file that a call was asked for and whose text the result is, or holds, or is a part of, also as a text or as lines within JSON: a tool of whatever
 * name that reads files. Agents edit what they have read, and an edit must match byte for byte.
 */
export function fileReadBy(
  { arguments: asked, project }: Pick<Order, 'arguments' | 'project'>,
  text: string,
): string | undefined {
  const own = text.trim()
  if (asked === '') return 'arguments too long to look at'
  let files = 0
  let within: readonly string[] | undefined
  return pathsIn(asked).find((path) => {
    const content = contentOf(placeOf(path, project))?.trim()
    if (content !== undefined && ++files > MAX_FILES) return true
    if (content === undefined || content === '' || own === '') return false
    if (own.includes(content) || content.includes(own)) return true
    const known = new Set(content.split('\n').map((line) => line.trim()))
    within ??= textsWithin(own)
    return isOfLines(own, known) || within.some((one) => isOfLines(one, known))
  })
}

/** The path of the source that a call was asked for, wherever it is; its name says in which language a result may be. */
export function sourceAskedFor({ arguments: asked }: Pick<Order, 'arguments'>): string | undefined {
  return pathsIn(asked).find((text) => /^[^\s?#*]+\.\w{1,5}$/.test(text) && !text.includes('://'))
}

/** Of numbered lines, other line ends, or a part with a word on how to get the rest. */
function isOfLines(text: string, known: ReadonlySet<string>): boolean {
  const lines = text.split('\n').flatMap((line) => line.replace(LINE_NUMBER, '').trim() || [])
  const found = lines.filter((line) => known.has(line)).length
  return lines.length > 0 && found >= lines.length * MOST_LINES
}

function placeOf(path: string, project: string): string {
  if (path.startsWith('file://')) return pathOfUri(path)
  if (path.startsWith('~/')) return join(homedir(), path.slice(2))
  return isAbsolute(path) ? path : resolve(project || '/', path)
}

function pathOfUri(uri: string): string {
  try {
    return fileURLToPath(uri)
  } catch {
    return ''
  }
}

function contentOf(path: string): string | undefined {
  try {
    return textIfRegular(path)
  } catch {
    return undefined
  }
}

/** Of a text that is JSON, those in it that may be of a file, and the short ones together, as a file may be told line by line. */
function textsWithin(text: string): readonly string[] {
  if (!/^[[{]/.test(text)) return []
  const all = [...new Set(stringsIn(text).filter((one) => one.trim() !== ''))]
  const isText = (one: string) => one.length >= LONG_LINE || one.trim().includes('\n')
  const lines = all.filter((one) => !isText(one))
  return [...all.filter(isText), ...(lines.length < MIN_LINES ? [] : [lines.join('\n')])]
}

/** Texts that may be paths, wherever they are in the arguments. */
function pathsIn(json: string): readonly string[] {
  return stringsIn(json).filter((text) => text.length <= MAX_PATH && !text.includes('\0'))
}

function stringsIn(json: string): readonly string[] {
  const found: string[] = []
  try {
    JSON.parse(json, (_, value: unknown) => {
      if (typeof value === 'string' && value !== '') found.push(value)
      return value
    })
  } catch {
    return []
  }
  return found
}
