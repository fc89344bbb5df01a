import { discover } from '../clients/discover.ts'
import { OUR_OWN } from '../clients/entry.ts'
import type { Finding, Look } from './finding.ts'

/** Reasons that need nothing done. */
const FINE = /^(remote server|disabled|managed by)/

/** Server entries that mycelium is not under, and configs that cannot be used. */
export function checkEntries({ where }: Look): readonly Finding[] {
  const { found, problems } = discover(where)
  const untaken = found.filter(({ launcher }) => launcher === undefined)
  return [
    ...problems.map(
      ({ client, error }): Finding => ({
        id: 'config-unusable',
        severity: 'warning',
        subject: client,
        message: error.message,
        fix: error.hint,
      }),
    ),
    ...untaken.map(({ verdict, reason, client, name, file }): Finding => {
      const subject = `${client}: ${name}`
      if (verdict === 'take')
        return {
          id: 'entry-new',
          severity: 'warning',
          subject,
          message: `not under mycelium (${file})`,
          fix: 'mycelium init',
        }
      const severity = reason === OUR_OWN || FINE.test(reason) ? 'ok' : 'advice'
      return { id: 'entry-left', severity, subject, message: reason, fix: 'mycelium init --dry-run' }
    }),
  ]
}
