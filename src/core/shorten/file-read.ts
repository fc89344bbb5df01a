import { isAbsolute, resolve } from 'node:path'
import { textIfRegular } from '../regular-file.ts'
import type { Order } from './order.ts'

/** Longer arguments are no paths. */
const MAX_PATH = 4_096
const MAX_PATHS = 20

/**
 * The file that a call was asked for and whose text the result is, or holds, or is a part of: a tool of whatever name that reads files. Agents edit
 * what they have read, and an edit must match byte for byte.
 */
export function fileReadBy(
  { arguments: asked, project }: Pick<Order, 'arguments' | 'project'>,
  text: string,
): string | undefined {
  const own = text.trim()
  return stringsIn(asked).find((path) => {
    const content = contentOf(isAbsolute(path) ? path : resolve(project || '/', path))?.trim()
    return (
      content !== undefined &&
      content !== '' &&
      own !== '' &&
      (own.includes(content) || content.includes(own))
    )
  })
}

/** The path of the source that a call was asked for, wherever it is; its name says in which language a result may be. */
export function sourceAskedFor({ arguments: asked }: Pick<Order, 'arguments'>): string | undefined {
  return stringsIn(asked).find((text) => /^[^\s?#*]+\.\w{1,5}$/.test(text) && !text.includes('://'))
}

function contentOf(path: string): string | undefined {
  try {
    return textIfRegular(path)
  } catch {
    return undefined
  }
}

/** Texts that may be paths, wherever they are in the arguments. */
function stringsIn(json: string): readonly string[] {
  const found: string[] = []
  try {
    JSON.parse(json, (_, value: unknown) => {
      if (typeof value === 'string' && value !== '' && value.length <= MAX_PATH && !value.includes('\0'))
        found.push(value)
      return value
    })
  } catch {
    return []
  }
  return found.slice(0, MAX_PATHS)
}
