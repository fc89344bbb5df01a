import type { Readable } from 'node:stream'
import { type Clock, pause } from '../core/clock.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { asking, connect } from '../core/daemon/connect.ts'
import type { DaemonStatus } from '../core/daemon/wire.ts'
import { readInput } from '../core/input.ts'
import { colourPaint, plainPaint } from '../core/report/paint.ts'
import { statusLine, type WarmCount } from '../core/report/statusline.ts'

/** What one call for the status line has. */
export interface StatusCall {
  readonly input: Readable
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
}

const MAX_INPUT_BYTES = 1024 * 1024
const INPUT_LIMIT_MS = 1_000
/** A daemon that is busy longer is left out of this line; the next one is asked for soon. */
const DAEMON_LIMIT_MS = 20

/** The text of `mycelium statusline`: one line, or nothing. Never throws. */
export async function statusText({ input, env, clock }: StatusCall): Promise<string> {
  const warm = Promise.race([askDaemon(env), pause(clock, DAEMON_LIMIT_MS)]).catch(() => undefined)
  const { bytes } = await readInput(input, { maxBytes: MAX_INPUT_BYTES, limitMs: INPUT_LIMIT_MS, clock })
  // The client shows colours although this is no terminal.
  const line = statusLine(
    bytes.toString('utf8'),
    (await warm) ?? undefined,
    env.NO_COLOR ? plainPaint : colourPaint,
  )
  return line === '' ? '' : `${line}\n`
}

async function askDaemon(env: NodeJS.ProcessEnv): Promise<WarmCount | undefined> {
  const connection = await connect(pathsFrom(env))
  if (connection === undefined) return undefined
  const status = await asking(connection, (open) => open.ask<DaemonStatus>('status', {}, DAEMON_LIMIT_MS))
  return { processes: status.upstreams, sessions: status.sessions }
}
