import { ERRORS, type MyceliumError } from '../errors.ts'
import type { Paint } from './paint.ts'
import { printable } from './printable.ts'

/** One thing that went wrong beside others that went well. */
interface Row {
  readonly client: string
  readonly file: string
  readonly error: MyceliumError
}

/** Everything that could not be done, and the next step for each. */
export function problemText(problems: readonly Row[], paint: Paint): string {
  return problems
    .map(
      ({ client, error }) =>
        `${paint.warn(`${client}:`)} ${printable(error.message)}\n  ${paint.faint('next:')} ${error.hint}\n`,
    )
    .join('')
}

/** The same for `--json`. */
export function problemRows(problems: readonly Row[]): readonly object[] {
  return problems.map(({ file, error: { code, message, hint } }) => ({ file, code, message, hint }))
}

/** The exit code of a command that reports its problems itself. */
export function exitCodeAfter(problems: readonly Row[]): number {
  if (problems.some(({ error }) => error.code === 'interrupted')) return ERRORS.interrupted.exit
  return problems.length > 0 ? 1 : 0
}
