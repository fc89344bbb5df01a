import { MyceliumError } from '../errors.ts'
import { counted } from './counted.ts'
import type { Io } from './io.ts'

/** Whether so many files may be changed: `--yes` says so beforehand, and no file needs no asking. Throws usage where nobody is there to ask. */
export async function agreed(
  io: Io,
  options: { readonly yes?: boolean; readonly json?: boolean },
  count: number,
  command: string,
): Promise<boolean> {
  if (options.yes || count === 0) return true
  const answer = options.json ? undefined : await io.ask(`Change ${counted(count, 'file')}? [y/N] `)
  if (answer === undefined)
    throw new MyceliumError('usage', 'nobody is there to agree to the change', {
      hint: `${command} --yes, or --dry-run to look first`,
    })
  return /^y(es)?$/i.test(answer.trim())
}
