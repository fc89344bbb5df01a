import { hasErrno, MyceliumError } from '../errors.ts'
import type { Paint } from './paint.ts'
import { printable } from './printable.ts'

/** What went wrong, as stdout says it under `--json`. */
export interface FailureJson {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string }
}

/** The JSON form of anything thrown. Carries no `data`: that may hold what the user would not paste into a report. */
export function failureJson(error: unknown): FailureJson {
  if (error instanceof MyceliumError) {
    return { error: { code: error.code, message: error.message, hint: error.hint } }
  }
  return { error: { code: 'internal', message: messageOf(error), hint: '' } }
}

/** What went wrong, as stderr says it: the fact, then the next step. An unforeseen error shows where it came from, because it is a bug. */
export function failureText(error: unknown, paint: Paint): string {
  if (error instanceof MyceliumError) {
    const next = error.hint === '' ? '' : `  ${paint.faint('next:')} ${printable(error.hint)}\n`
    return `${paint.bad('mycelium:')} ${printable(error.message)}\n${next}`
  }
  const trace =
    error instanceof Error && !hasErrno(error, 'EACCES', 'EPERM', 'ENOSPC', 'EROFS', 'EMFILE')
      ? `${paint.faint((error.stack ?? '').split('\n').slice(1).join('\n'))}\n`
      : ''
  return `${paint.bad('mycelium:')} ${messageOf(error)}\n${trace}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
