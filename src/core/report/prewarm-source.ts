import { resolve } from 'node:path'
import { hasErrno, MyceliumError } from '../errors.ts'
import { type Sequences, sequencesOf, toolTextsOf } from '../policy/markov/sequence-text.ts'
import type { Call, Session, ToolText } from '../policy/markov/traffic.ts'
import { readRegular } from '../regular-file.ts'
import { askUsage, freshen } from '../usage/source.ts'
import { counted } from './counted.ts'
import type { Io } from './io.ts'
import { printable } from './printable.ts'
import { usageSource } from './usage-source.ts'

/** Recorded sessions, oldest first; what is new is taken in first. Nothing recorded is no session. */
export async function recordedSessions(
  io: Io,
  {
    sinceMs,
    session,
    flags,
  }: { sinceMs?: number | undefined; session?: string | undefined; flags?: readonly string[] | undefined },
): Promise<readonly Session[]> {
  const { source, done } = usageSource(io, flags)
  await freshen(source).finally(done)
  const where = [
    'session IS NOT NULL AND server IS NOT NULL AND tool IS NOT NULL',
    ...(sinceMs === undefined ? [] : ['epoch_ms(ts) >= $since']),
    ...(session === undefined ? [] : ['session = $session']),
  ].join(' AND ')
  const columns = await askUsage(source, async (connection) =>
    (
      await connection.runAndReadAll(
        `SELECT session, epoch_ms(ts)::DOUBLE AS at, server, tool FROM sequences WHERE ${where} ORDER BY session, ts`,
        { ...(sinceMs !== undefined && { since: sinceMs }), ...(session !== undefined && { session }) },
      )
    ).getColumnsJS(),
  )
  return sessionsOf(columns as [string[], number[], string[], string[]])
}

function sessionsOf([ids = [], times = [], servers = [], tools = []]: [
  string[],
  number[],
  string[],
  string[],
]): readonly Session[] {
  const sessions: { id: string; atMs: number; calls: Call[] }[] = []
  for (const [i, id] of ids.entries()) {
    const call = { server: servers[i]!, tool: tools[i]!, atMs: times[i]! }
    const last = sessions.at(-1)
    if (last?.id === id) last.calls.push(call)
    else sessions.push({ id, atMs: times[i]!, calls: [call] })
  }
  return sessions.sort((a, b) => a.atMs - b.atMs)
}

/** Sessions of a file; says which lines are no calls. Throws path_missing, config_unreadable, sequences_invalid. */
export function sessionsIn(io: Io, path: string): Sequences {
  const sequences = sequencesOf(textOf(io, path))
  const { calls, broken, firstBroken } = sequences
  if (calls === 0)
    throw new MyceliumError('sequences_invalid', `${printable(path)} has no line that is a call`)
  if (broken > 0)
    io.talk(
      `${counted(broken, 'line')} of ${printable(path)} ${broken === 1 ? 'is no call and was' : 'are no calls and were'} left out, the first is line ${firstBroken}\n`,
    )
  return sequences
}

/** Tools of a file; none where none is named. Throws path_missing, config_unreadable, sequences_invalid. */
export function toolsIn(io: Io, path: string | undefined): readonly ToolText[] {
  if (path === undefined) return []
  const texts = toolTextsOf(textOf(io, path))
  if (texts !== undefined) return texts
  throw new MyceliumError(
    'sequences_invalid',
    `${printable(path)} is no JSON array of {"server", "tool", "description"}`,
    { hint: 'docs/prewarm.md says what it looks like' },
  )
}

function textOf(io: Io, path: string): string {
  try {
    return readRegular(resolve(io.cwd, path)).toString('utf8')
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT', 'ENOTDIR'))
      throw new MyceliumError('path_missing', `${printable(path)} does not exist`, {
        cause,
        hint: 'name a file that exists',
      })
    if (hasErrno(cause, 'EACCES', 'EPERM', 'EISDIR', 'ELOOP', 'ENXIO'))
      throw new MyceliumError('config_unreadable', `${printable(path)} cannot be read: ${cause.code}`, {
        cause,
      })
    throw cause
  }
}
