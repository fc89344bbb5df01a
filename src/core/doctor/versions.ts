import { statSync } from 'node:fs'
import { join } from 'node:path'
import { type DeclaredEntry, declaredEntries } from '../clients/declared.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { type ResolvedCommand, resolveCommand } from '../launch/resolve.ts'
import type { Finding, Look } from './finding.ts'

/** A copy that npx once cached is used as it is; from here on it is worth a look whether there is a newer one. */
const OLD_MS = 30 * 86_400_000

/** What the servers' commands lead to now: missing, drifted from what the entry asks for, or older than what is installed. */
export function checkVersions(look: Look): readonly Finding[] {
  const seen = new Set<string>()
  return declaredEntries(look.where).flatMap((entry) => {
    const key = JSON.stringify([entry.id, entry.argv, entry.cwd])
    if (entry.id === undefined || entry.unresolved.length > 0 || seen.has(key)) return []
    seen.add(key)
    return versionOf(entry, entry.id, look)
  })
}

function versionOf(entry: DeclaredEntry, id: string, look: Look): readonly Finding[] {
  let command: ResolvedCommand
  try {
    command = resolveCommand({ argv: entry.argv, cwd: entry.cwd, env: { ...look.where.env, ...entry.env } })
  } catch (error) {
    if (!(error instanceof MyceliumError)) throw error
    return [
      {
        id: 'server-command-missing',
        severity: 'error',
        subject: id,
        message: error.message,
        fix: error.hint,
      },
    ]
  }
  if (command.how === 'as-is') {
    if (!/^the npx cache holds /.test(command.why)) return []
    const message = `${command.why}, the entry asks for ${entry.argv.slice(1).join(' ')}: every start goes through npx`
    const fix = `npx -y -p ${packageIn(entry.argv)} true && mycelium server restart ${id}`
    return [{ id: 'server-version-drift', severity: 'warning', subject: id, message, fix }]
  }
  if (command.how === 'path' || command.package === undefined) return []
  const installedAt = installed(command)
  const running =
    look.daemon.servers?.find((row) => row.id === id)?.pools.flatMap((pool) => pool.upstreams) ?? []
  const oldest = Math.max(0, ...running.map(({ ageMs }) => ageMs))
  const pinned = `${command.package} ${command.version}, ${command.why}`
  if (installedAt !== undefined && oldest > 0 && look.clock.wall() - oldest < installedAt)
    return [
      {
        id: 'server-older-than-installed',
        severity: 'warning',
        subject: id,
        message: `a process of it started before ${command.package} ${command.version} was installed`,
        fix: `mycelium server restart ${id}`,
      },
    ]
  const ageMs = installedAt === undefined ? 0 : look.clock.wall() - installedAt
  if (command.how === 'npx' && command.why.includes('npx cache') && ageMs > OLD_MS)
    return [
      {
        id: 'server-version-old',
        severity: 'advice',
        subject: id,
        message: `pinned to ${pinned} ${Math.floor(ageMs / 86_400_000)} days ago`,
        fix: `npx -y -p ${packageIn(entry.argv)} true && mycelium server restart ${id}`,
      },
    ]
  return [{ id: 'server-version', severity: 'ok', subject: id, message: `pinned to ${pinned}` }]
}

/** When its package was put where it is. */
function installed({ binDir, package: name }: ResolvedCommand): number | undefined {
  try {
    // Not mtime: packages come with the dates of their making.
    return binDir === undefined ? undefined : statSync(join(binDir, '..', name!, 'package.json')).ctimeMs
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined
    throw error
  }
}

/** The word that names the package, as npx hashes it. */
function packageIn(argv: readonly string[]): string {
  return argv.slice(1).find((word) => !word.startsWith('-')) ?? ''
}
