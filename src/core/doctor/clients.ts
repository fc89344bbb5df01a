import { configFiles } from '../clients/places.ts'
import { CLIENTS } from '../clients/table.ts'
import { which } from '../launch/which.ts'
import type { Finding, Look } from './finding.ts'
import { programVersion } from './program-version.ts'

/** What clients are called on a command line; the others are applications with windows. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'claude-code': 'claude',
  codex: 'codex',
  'gemini-cli': 'gemini',
  opencode: 'opencode',
  'copilot-cli': 'copilot',
  amp: 'amp',
  qwen: 'qwen',
  crush: 'crush',
  goose: 'goose',
  factory: 'droid',
}

/** Which clients are here, by their program or their config, and their versions. */
export async function checkClients({ where, clock }: Look): Promise<readonly Finding[]> {
  const rows = await Promise.all(
    CLIENTS.map(async ({ id, title, files }): Promise<readonly Finding[]> => {
      const program = PROGRAMS[id] === undefined ? undefined : which(PROGRAMS[id], where)
      const own = files.filter(({ scope }) => scope === 'user')
      const configs = configFiles([{ ...CLIENTS.find((one) => one.id === id)!, files: own }], where).length
      if (program === undefined && configs === 0) return []
      const found = { id: 'client-found', severity: 'ok', subject: id } as const
      if (program === undefined) return [{ ...found, message: `${title}: a config, no program on PATH` }]
      const version = await programVersion(program, where, clock)
      if (version !== undefined) return [{ ...found, message: `${title} ${version} (${program})` }]
      const message = `${program} --version said no version within 3 s`
      return [
        {
          id: 'client-version-unknown',
          severity: 'advice',
          subject: id,
          message,
          fix: `${program} --version`,
        },
      ]
    }),
  )
  const findings = rows.flat()
  if (findings.length > 0) return findings
  const message = 'no coding agent was found, neither a program nor a config'
  return [{ id: 'no-client', severity: 'warning', subject: 'clients', message, fix: 'mycelium init --help' }]
}
