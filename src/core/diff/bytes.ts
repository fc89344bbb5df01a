import { isUtf8 } from 'node:buffer'
import { MyceliumError } from '../errors.ts'
import { apply } from './apply.ts'
import { type Delta, delta } from './delta.ts'
import { parse } from './parse.ts'
import { isSameHash, textHash } from './text.ts'

/** Begins a patch of files that are not UTF-8: their bytes are taken for characters, one each. */
const BYTES_MARK = 'bytes\n'

/** The patch from one file to another. */
export function deltaOfBytes(base: Buffer, next: Buffer): Delta {
  if (isUtf8(base) && isUtf8(next)) return delta(base.toString('utf8'), next.toString('utf8'))
  const made = delta(base.toString('latin1'), next.toString('latin1'))
  return { ...made, text: BYTES_MARK + made.text }
}

/** The file that a written patch makes of another, byte for byte. Throws diff_base_wrong and diff_invalid. */
export function applyToBytes(base: Buffer, patch: Buffer): Buffer {
  if (!isUtf8(patch)) throw new MyceliumError('diff_invalid', 'the patch is not UTF-8')
  const text = patch.toString('utf8')
  const encoding = text.startsWith(BYTES_MARK) ? 'latin1' : 'utf8'
  const written = parse(encoding === 'latin1' ? text.slice(BYTES_MARK.length) : text)
  if (written.kind === 'patch') return Buffer.from(apply(base.toString(encoding), written.patch), encoding)
  if (!isSameHash(textHash(written.text), written.next.hash))
    throw new MyceliumError('diff_invalid', `the text in the patch is not ${written.next.hash}`)
  return Buffer.from(written.text, encoding)
}
