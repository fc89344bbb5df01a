import { lstatSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { TEMPORARY } from '../config/write-file.ts'
import { forgetDeadDraining } from '../daemon/draining.ts'
import { acquireLock, DAEMON_LOCK, deadClaims } from '../daemon/lock.ts'
import { hasErrno } from '../errors.ts'
import { type Identity, identityOf } from '../process.ts'
import { counted } from '../report/counted.ts'
import type { Finding, Look } from './finding.ts'

const FIX = 'mycelium doctor --fix'

/** What the dead left in the run directory: locks, sockets, records, temporary files. None of it stops anything; all of it puzzles whoever looks. */
export function checkRunFiles(look: Look): readonly Finding[] {
  const { paths } = look
  const names = namesIn(paths.run)
  const warn = (id: string, message: string, repair: Finding['repair']): Finding => ({
    id,
    severity: 'warning',
    subject: paths.run,
    message,
    fix: FIX,
    ...(repair && { repair }),
  })
  const findings: Finding[] = []
  for (const name of [DAEMON_LOCK, 'configs']) {
    const dead = deadClaims(paths.run, name)
    if (dead.length === 0) continue
    findings.push(
      warn(
        'lock-stale',
        `${counted(dead.length, `lock "${name}"`, `locks "${name}"`)} of processes that have ended`,
        () => takeLock(look, name),
      ),
    )
  }
  const running = look.daemon.status !== undefined || look.daemon.holder !== undefined
  const sockets = names.filter((name) => /^([dq]|t-\d{6})\.sock$/.test(name))
  if (!running && sockets.length > 0)
    findings.push(
      warn('socket-stale', `${sockets.join(', ')} without a daemon behind it`, () =>
        takeLock(look, DAEMON_LOCK, () => {
          for (const name of sockets) rmSync(join(paths.run, name), { force: true })
        }),
      ),
    )
  const draining = names.filter((name) => /^draining-\d+$/.test(name) && isDead(Number(name.slice(9))))
  if (draining.length > 0)
    findings.push(
      warn('draining-stale', `${counted(draining.length, 'record')} of daemons that have ended`, () => {
        forgetDeadDraining(paths)
        return 'records of ended daemons removed'
      }),
    )
  const temporary = [paths.root, paths.run, paths.launchers, paths.backups, paths.bin].flatMap((directory) =>
    namesIn(directory)
      .filter((name) => TEMPORARY.test(name) && isDead(Number(/\.(\d+)\.[0-9a-f]{8}\.tmp$/.exec(name)?.[1])))
      .map((name) => join(directory, name)),
  )
  if (temporary.length > 0)
    findings.push(
      warn(
        'temporary-left',
        `${counted(temporary.length, 'temporary file')} of commands that were killed`,
        () => {
          for (const path of temporary) rmSync(path, { force: true })
          return `${counted(temporary.length, 'temporary file')} removed`
        },
      ),
    )
  return findings.length > 0 || statSync(paths.run, { throwIfNoEntry: false }) === undefined
    ? findings
    : [
        {
          id: 'run-files',
          severity: 'ok',
          subject: paths.run,
          message: 'nothing is left of anything that ended',
        },
      ]
}

/** Whoever has the lock clears up after the dead; where somebody alive has it, that is theirs. */
async function takeLock({ paths, clock }: Look, name: string, work: () => void = () => {}): Promise<string> {
  // Doctor itself has it while it repairs.
  if (name === 'configs') return 'stale locks removed'
  const lock = await acquireLock(paths.run, name, { identity: identityOf(process.pid) as Identity, clock })
  if ('heldBy' in lock) return `left to pid ${lock.heldBy.pid}, which has the lock now`
  try {
    work()
  } finally {
    lock.release()
  }
  return 'stale files removed'
}

function isDead(pid: number): boolean {
  return Number.isInteger(pid) && identityOf(pid) === undefined
}

function namesIn(directory: string): readonly string[] {
  try {
    return lstatSync(directory).isDirectory() ? readdirSync(directory) : []
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) return []
    throw error
  }
}
