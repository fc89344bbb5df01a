import { MyceliumError } from '../errors.ts'
import { isHandle, type Originals } from '../originals/store.ts'

/** Characters that one tool call takes. */
export const MAX_CHARACTERS = 8 * 1024 * 1024

/** The bytes of a handle, or of some lines of them. Throws handle_invalid, original_unknown, lines_missing. */
export function originalOf(
  originals: Pick<Originals, 'read'>,
  handle: unknown,
  lines?: { readonly from: number; readonly to: number },
): string {
  if (typeof handle !== 'string' || !isHandle(handle.trim()))
    throw new MyceliumError('handle_invalid', `${JSON.stringify(handle)} is not a handle`)
  const bytes = originals.read(handle.trim(), lines)
  if (bytes === undefined)
    throw new MyceliumError('original_unknown', `no original is kept under ${handle.trim()}`)
  if (lines !== undefined && bytes.length === 0)
    throw new MyceliumError('lines_missing', `${handle.trim()} has no line ${lines.from}`, {
      hint: 'leave range out for all of it',
    })
  return bytes.toString('utf8')
}

/** A text that is given as it is, or by the handle of an original. Throws bad_params, original_unknown. */
export function textOf(originals: Pick<Originals, 'read'>, name: string, given: unknown): string {
  if (typeof given !== 'string') throw new MyceliumError('bad_params', `${name}: a text, or a handle`)
  if (given.length > MAX_CHARACTERS)
    throw new MyceliumError(
      'bad_params',
      `${name}: ${given.length} characters are more than ${MAX_CHARACTERS}`,
    )
  return isHandle(given.trim()) ? originalOf(originals, given) : given
}
