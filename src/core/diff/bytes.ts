import { isUtf8 } from 'node:buffer'
import { MyceliumError } from '../errors.ts'
import { wrongBase } from './apply.ts'
import { type Delta, delta } from './delta.ts'
import { receive } from './merge.ts'
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

/** How the file was had: it was there already, the patch was for it, the rest of the patch was made, or all of it was at hand. */
export interface Applied {
  readonly bytes: Buffer
  readonly by: 'held' | 'base' | 'merge' | 'full'
}

/**
 * The file that a written patch makes of another, byte for byte; also of one in which some of its changes were made already, where what comes out is proven by
 * its hash, and else from `full`, which is all of it. Throws diff_base_wrong and diff_invalid.
 */
export function applyToBytes(base: Buffer, patch: Buffer, full?: Buffer): Applied {
  if (!isUtf8(patch)) throw new MyceliumError('diff_invalid', 'the patch is not UTF-8')
  const text = patch.toString('utf8')
  const encoding = text.startsWith(BYTES_MARK) ? 'latin1' : 'utf8'
  const written = parse(encoding === 'latin1' ? text.slice(BYTES_MARK.length) : text)
  if (written.kind === 'patch') {
    const held = base.toString(encoding)
    const got = receive([held], written.patch)
    if (got.kind === 'text') return { bytes: Buffer.from(got.text, encoding), by: got.by }
    const whole = full?.toString(encoding)
    if (whole === undefined || !isSameHash(textHash(whole), got.next)) throw wrongBase(held, written.patch)
    return { bytes: Buffer.from(whole, encoding), by: 'full' }
  }
  if (!isSameHash(textHash(written.text), written.next.hash))
    throw new MyceliumError('diff_invalid', `the text in the patch is not ${written.next.hash}`)
  return { bytes: Buffer.from(written.text, encoding), by: 'full' }
}
