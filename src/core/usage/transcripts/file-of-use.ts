import { isAbsolute, relative, resolve, sep } from 'node:path'
import { type ByteFields, byteText } from './json-line.ts'

/** What clients call the file that a tool reads or writes. */
const KEYS = ['file_path', 'filePath', 'absolute_path', 'notebook_path', 'path'] as const
const MAX_CHARS = 1024

/** The file of the project that a tool was used on, below the project, with `/`; empty for what is elsewhere, is no file, or is not said. */
export function fileOfUse(input: ByteFields, project: string): string {
  const key = KEYS.find((one) => input[one] !== undefined)
  return key === undefined ? '' : belowProject(byteText(input[key]), project)
}

/** A path as a client gives it, below the project; empty where it is not. */
export function belowProject(path: string, project: string): string {
  if (path === '' || path.length > MAX_CHARS || !isAbsolute(project)) return ''
  const below = relative(project, resolve(project, path))
  if (below === '' || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) return ''
  return below.split(sep).join('/')
}
