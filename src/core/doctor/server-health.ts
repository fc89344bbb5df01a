import { closeSync, fstatSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { openRegular } from '../regular-file.ts'
import { counted } from '../report/counted.ts'
import type { Finding, Look } from './finding.ts'

const TAIL_BYTES = 1024 * 1024
const RECENT_MS = 24 * 3_600_000

/** Servers that crash, do not start or are paused, and what the daemon's log of the last day says went wrong. */
export function checkServerHealth({ daemon, paths, clock }: Look): readonly Finding[] {
  const now = (daemon.servers ?? []).flatMap(({ id, paused, pools }): readonly Finding[] => {
    if (pools.some(({ state }) => state === 'crash-loop'))
      return [
        {
          id: 'server-crash-loop',
          severity: 'error',
          subject: id,
          message: 'its processes end by themselves again and again',
          fix: `mycelium daemon logs --server ${id}`,
        },
      ]
    if (!paused) return []
    return [
      {
        id: 'server-paused',
        severity: 'warning',
        subject: id,
        message: 'calls wait',
        fix: `mycelium server resume ${id}`,
      },
    ]
  })
  const looping = new Set(now.map(({ subject }) => subject))
  const failed = new Map<string, { count: number; because: string }>()
  let bugs = 0
  for (const line of recentLines(paths, clock.wall() - RECENT_MS)) {
    if (line.event === 'bug') bugs += 1
    if (line.event !== 'upstream-start-failed' || typeof line.server !== 'string') continue
    failed.set(line.server, {
      count: (failed.get(line.server)?.count ?? 0) + 1,
      because: String(line.because ?? ''),
    })
  }
  const starts = [...failed].filter(([id]) => !looping.has(id))
  return [
    ...now,
    ...starts.map(
      ([id, { count, because }]): Finding => ({
        id: 'server-start-failed',
        severity: 'warning',
        subject: id,
        message: `${counted(count, 'start')} failed in the last 24 h, the last one: ${because}`,
        fix: `mycelium daemon logs --server ${id}`,
      }),
    ),
    ...(bugs === 0
      ? []
      : [
          {
            id: 'daemon-bug',
            severity: 'warning',
            subject: 'daemon',
            message: `${counted(bugs, 'error')} of mycelium itself in the last 24 h`,
            fix: 'mycelium daemon logs',
          } as const,
        ]),
  ]
}

function recentLines(paths: Paths, sinceMs: number): readonly Record<string, unknown>[] {
  return tail(join(paths.log, 'daemon.log'))
    .split('\n')
    .flatMap((line) => {
      try {
        const event = Object(JSON.parse(line)) as Record<string, unknown>
        return Date.parse(String(event.at)) >= sinceMs ? [event] : []
      } catch {
        // The first line of the tail is a piece of one.
        return []
      }
    })
}

function tail(file: string): string {
  let fd: number
  try {
    fd = openRegular(file)
  } catch (error) {
    if (error instanceof MyceliumError || hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES')) return ''
    throw error
  }
  try {
    const { size } = fstatSync(fd)
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES))
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, size - buffer.length))
  } finally {
    closeSync(fd)
  }
}
