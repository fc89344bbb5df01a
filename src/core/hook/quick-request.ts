import { MyceliumError } from '../errors.ts'
import { recordsIn } from '../hex-records.ts'

/**
 * What a hook or a status line asks of the process that waits for them (src/quick.ts). Paired with quick() in templates/relay.c and with the perl of
 * templates/quiet.sh, which send `mycelium-quick 1 <hex>`, a line, and behind it as many bytes as its record `input` says. They are told `ok` when it begins
 * with that, or `no` and why, and then `<length>`, a line, and as many bytes: what they are to print.
 */
export interface QuickRequest {
  /** `hook` or `statusline`, and what follows it. */
  readonly argv: readonly string[]
  /** What Node would have run instead. */
  readonly script: string
  readonly inputBytes: number
  /** False for an input that did not end in time. */
  readonly whole: boolean
  readonly env: Readonly<Record<string, string>>
}

/** Input above this is read by a process of its own, which gives the memory back. Pairs with INPUT_MOST in templates/relay.c and $most in quiet.sh. */
export const MAX_QUICK_INPUT_BYTES = 4 * 1024 * 1024

/** Reads the line without its end. Throws bad_hello. */
export function quickRequestIn(line: Buffer): QuickRequest {
  const [word, version, hex = ''] = line.toString('latin1').split(' ')
  if (word !== 'mycelium-quick' || version !== '1')
    throw new MyceliumError('bad_hello', 'the first line asks for nothing known here')
  const { header, argv, env } = recordsIn(hex)
  const inputBytes = Number(header.get('input') ?? Number.NaN)
  if (!Number.isSafeInteger(inputBytes) || inputBytes < 0 || inputBytes > MAX_QUICK_INPUT_BYTES)
    throw new MyceliumError('bad_hello', `an input of ${header.get('input')} bytes is not taken`)
  return { argv, script: header.get('script') ?? '', inputBytes, whole: header.get('whole') === '1', env }
}
