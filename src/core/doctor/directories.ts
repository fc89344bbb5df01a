import { chmodSync, lstatSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { knownServers } from '../clients/known-servers.ts'
import { readRegistry } from '../config/registry.ts'
import { readSettingsFile } from '../config/settings-file.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { quietPath } from '../launch/quiet.ts'
import { namesIn } from '../names-in.ts'
import type { Finding, Look } from './finding.ts'

/** Directories and files of ours: the user's own, and nobody else's to write or, where they hold what was said, to read. */
export function checkDirectories({ paths }: Look): readonly Finding[] {
  const directories: readonly (readonly [string, number])[] = [
    [paths.root, 0o077],
    [paths.log, 0o077],
    [paths.launchers, 0o022],
    [paths.bin, 0o022],
    [paths.backups, 0o077],
    [paths.events, 0o077],
    [paths.run, 0o077],
  ]
  const launchers = knownServers(paths).servers.map(({ id }) => join(paths.launchers, id))
  const programs = [...launchers, quietPath(paths)].map((path) => [path, 0o022] as const)
  const findings = [
    ...directories.flatMap(([path, forbidden]) => judged(path, forbidden, true)),
    ...programs.flatMap(([path, forbidden]) => judged(path, forbidden, false)),
    ...[paths.registry, paths.settings].flatMap((path) => judged(path, 0o022, false)),
    ...judged(paths.database, 0o077, false),
    ...readable(() => readRegistry(paths)),
    ...readable(() => readSettingsFile(paths.settings)),
  ]
  if (findings.length > 0 || statOf(paths.root) === undefined) return findings
  return [{ id: 'directories', severity: 'ok', subject: paths.root, message: 'all of it is yours alone' }]
}

function judged(path: string, forbidden: number, isDirectory: boolean): readonly Finding[] {
  const stat = statOf(path)
  if (stat === undefined) return []
  const uid = process.getuid?.()
  const bad = { severity: 'error', subject: path } as const
  if (isDirectory && !stat.isDirectory())
    return [
      {
        ...bad,
        id: 'directory-blocked',
        message: 'is in the place of a directory',
        fix: `mv '${path}' '${path}.old'`,
      },
    ]
  if (uid !== undefined && stat.uid !== uid)
    return [
      {
        ...bad,
        id: 'directory-foreign',
        message: `belongs to user ${stat.uid}`,
        fix: `sudo chown -R ${uid} '${path}'`,
      },
    ]
  const open = stat.mode & forbidden
  if (open === 0) return []
  const mode = stat.mode & 0o7777 & ~forbidden
  return [
    {
      ...bad,
      id: isDirectory ? 'directory-open' : 'file-open',
      message: `mode ${octal(stat.mode)}: other users can ${(open & 0o022) === 0 ? 'look into' : 'write'} it`,
      fix: `chmod ${octal(mode)} '${path}'`,
      repair: () => {
        chmodSync(path, mode)
        return `${path}: mode ${octal(stat.mode)} → ${octal(mode)}`
      },
    },
  ]
}

/** Links are followed, but for the run directory's sake a link to nowhere is looked at itself. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error
    return namesIn(dirname(path)).includes(basename(path))
      ? lstatSync(path, { throwIfNoEntry: false })
      : undefined
  }
}

function readable(read: () => unknown): readonly Finding[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof MyceliumError)) throw error
    return [
      {
        id: error.code.replaceAll('_', '-'),
        severity: 'error',
        subject: 'settings',
        message: error.message,
        fix: error.hint,
      },
    ]
  }
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}
