import { chmodSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { writeLaunchers } from '../clients/apply.ts'
import { discover } from '../clients/discover.ts'
import { knownServers } from '../clients/known-servers.ts'
import { compiledRelay, expectedRelay } from '../launch/compiled-relay.ts'
import { textIfRegular } from '../regular-file.ts'
import { counted } from '../report/counted.ts'
import type { Finding, Look } from './finding.ts'

/** Launchers that entries call: there, executable, and as this version writes them. */
export async function checkLaunchers(look: Look): Promise<readonly Finding[]> {
  const { paths, where } = look
  const { servers } = knownServers(paths)
  const textNow = look.launcherText(servers.length > 0 ? await expectedRelay(look.workshop) : undefined)
  const rewrite = async (): Promise<string> => {
    const relay = await compiledRelay(look.workshop)
    const written = writeLaunchers(servers, paths, look.launcherText(relay))
    return `${counted(written, 'launcher')} written`
  }
  const called = discover(where).found.flatMap(({ launcher }) => (launcher === undefined ? [] : [launcher]))
  const unknown = [...new Set(called)].filter((path) => !servers.some(({ id }) => id === basename(path)))
  return [
    ...unknown.map(
      (path): Finding => ({
        id: 'launcher-unknown',
        severity: 'error',
        subject: basename(path),
        message: `an entry calls ${path}, but the registry does not know that server`,
        fix: 'mycelium init',
      }),
    ),
    ...servers.map((server): Finding => {
      const path = join(paths.launchers, server.id)
      const bad = { subject: server.id, fix: 'mycelium doctor --fix', repair: rewrite } as const
      const text = textIfRegular(path)
      if (text === undefined)
        return {
          ...bad,
          id: 'launcher-missing',
          severity: 'error',
          message: `${path} is gone: its agents get no server`,
        }
      if ((statSync(path).mode & 0o100) === 0)
        return {
          ...bad,
          id: 'launcher-not-executable',
          severity: 'error',
          message: `${path} is not executable`,
          repair: () => {
            chmodSync(path, 0o700)
            return `${path} made executable`
          },
        }
      if (text !== textNow(server))
        return {
          ...bad,
          id: 'launcher-stale',
          severity: 'warning',
          message: `${path} is not as this version writes it`,
        }
      return { id: 'launcher', severity: 'ok', subject: server.id, message: path }
    }),
  ]
}
