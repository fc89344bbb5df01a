import { existsSync } from 'node:fs'
import { knownServers } from '../clients/known-servers.ts'
import { expectedRelay } from '../launch/compiled-relay.ts'
import { which } from '../launch/which.ts'
import type { Finding, Look } from './finding.ts'

/** What launchers become here; pairs with the order in templates/launcher.sh. */
export async function checkRelay({ workshop, where, paths }: Look): Promise<readonly Finding[]> {
  if (knownServers(paths).servers.length === 0) return []
  const finding = { id: 'relay', subject: 'relay' } as const
  const compiled = await expectedRelay(workshop)
  if (compiled !== undefined && existsSync(compiled))
    return [{ ...finding, severity: 'ok', message: `compiled on this machine (${compiled})` }]
  const fix = compiled === undefined ? 'install a C compiler (cc), then mycelium init' : 'mycelium init'
  if (which('/usr/bin/perl', where) ?? which('perl', where))
    return [
      {
        ...finding,
        severity: 'advice',
        message: 'perl, 5 MB for each session; compiled it would be 1 MB',
        fix,
      },
    ]
  const message = 'neither a compiled relay nor perl: launchers try nc, then Node at 41 MB for each session'
  return [{ ...finding, severity: 'warning', message, fix }]
}
