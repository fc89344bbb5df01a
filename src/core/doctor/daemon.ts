import { drainingDaemons } from '../daemon/draining.ts'
import { failureNote } from '../daemon/start.ts'
import { counted } from '../report/counted.ts'
import type { Finding, Look } from './finding.ts'

/** Whether the daemon answers and is of this version. */
export function checkDaemon({ daemon, paths, version }: Look): readonly Finding[] {
  const draining = drainingDaemons(paths).map(
    ({ pid }): Finding => ({
      id: 'daemon-draining',
      severity: 'advice',
      subject: 'daemon',
      message: `pid ${pid} has handed over and goes on until its sessions end`,
      fix: 'mycelium daemon status',
    }),
  )
  return [...one({ daemon, paths, version }), ...draining]
}

function one({ daemon, paths, version }: Pick<Look, 'daemon' | 'paths' | 'version'>): readonly Finding[] {
  const { status, error, holder } = daemon
  const subject = 'daemon'
  if (status === undefined) {
    if (holder !== undefined)
      return [
        {
          id: 'daemon-silent',
          severity: 'error',
          subject,
          message: `pid ${holder.pid} has the lock but does not answer${error === undefined ? '' : `: ${error.message}`}`,
          fix: `kill -KILL ${holder.pid}`,
        },
      ]
    if (error !== undefined)
      return [
        { id: 'daemon-unreachable', severity: 'error', subject, message: error.message, fix: error.hint },
      ]
    const note = failureNote(paths)
    if (note !== undefined)
      return [
        {
          id: 'daemon-start-failed',
          severity: 'warning',
          subject,
          message: `the last start failed: ${note}`,
          fix: 'mycelium daemon logs',
        },
      ]
    return [
      {
        id: 'daemon',
        severity: 'ok',
        subject,
        message: 'not running; it starts with the next agent session',
      },
    ]
  }
  if (status.version !== version)
    return [
      {
        id: 'daemon-version',
        severity: 'warning',
        subject,
        message: `pid ${status.pid} is of version ${status.version}, this is ${version}`,
        fix: 'mycelium daemon restart',
      },
    ]
  const message = `pid ${status.pid}, ${counted(status.sessions, 'session')}, ${counted(status.upstreams, 'server process', 'server processes')}, ${status.rssMb} MB`
  return [{ id: 'daemon', severity: 'ok', subject, message }]
}
