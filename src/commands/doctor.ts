import { join } from 'node:path'
import { whereFrom } from '../core/clients/places.ts'
import { systemClock } from '../core/clock.ts'
import { packageRoot, packageVersion } from '../core/config/package-root.ts'
import { type Paths, pathsFrom } from '../core/config/paths.ts'
import { asking, connect } from '../core/daemon/connect.ts'
import { DAEMON_LOCK, holderOf } from '../core/daemon/lock.ts'
import type { DaemonStatus, ServerRow } from '../core/daemon/wire.ts'
import { examine, repairAll } from '../core/doctor/examine.ts'
import type { DaemonView, Look } from '../core/doctor/finding.ts'
import { doctorJson, doctorReport } from '../core/doctor/report.ts'
import { MyceliumError } from '../core/errors.ts'
import { renderQuiet } from '../core/launch/quiet.ts'
import { launcherTextFor } from '../core/launch/render.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { standingOf } from '../core/usage/standing.ts'

/** `mycelium doctor`. */
export interface DoctorOptions {
  readonly fix?: boolean
  readonly json?: boolean
}

/** A busy daemon is slow, not dead, and what is said of a dead one ends its sessions. */
const ASK_MS = 10_000

/** Looks at everything, mends what is safe to mend when asked to, and says what is left. Resolves to the exit code. */
export async function runDoctor(io: Io, options: DoctorOptions): Promise<number> {
  const paths = pathsFrom(io.env)
  let look = await lookAround(io, paths)
  let findings = await examine(look)
  const repaired = options.fix ? await repairAll(findings, look) : []
  if (repaired.length > 0) {
    look = await lookAround(io, paths)
    findings = await examine(look)
  }
  if (options.json) io.write(jsonText(doctorJson(look.version, findings, repaired)))
  else
    io.write(
      doctorReport({ findings, repaired, home: look.where.home, width: io.width, paint: io.paint.stdout }),
    )
  return findings.some(({ severity }) => severity === 'error') ? 1 : 0
}

async function lookAround(io: Io, paths: Paths): Promise<Look> {
  const where = whereFrom(io.env, io.cwd)
  const root = packageRoot()
  const store = await standingOf(paths, where)
  const storeError = store instanceof MyceliumError ? store : undefined
  const standing = store instanceof MyceliumError ? undefined : store
  return {
    where,
    paths,
    clock: systemClock,
    version: packageVersion(),
    nodeVersion: process.version,
    daemon: await viewOf(paths),
    workshop: { ...where, paths, source: join(root, 'templates/relay.c') },
    launcherText: (relay) => launcherTextFor(paths, process.execPath, root, relay),
    quietText: renderQuiet(paths, process.execPath, root),
    storeError,
    unimported: () => standing?.unimported,
    lastHookAt: (client) => standing?.lastHookAt.get(client),
  }
}

/** Asked once. A daemon that is slow is not a dead one: its lock says who it is. */
async function viewOf(paths: Paths): Promise<DaemonView> {
  const holder = lockHolder(paths)
  try {
    const connection = await connect(paths)
    if (connection === undefined) return holder === undefined ? {} : { holder }
    return await asking(connection, async (open) => ({
      status: await open.ask<DaemonStatus>('status', {}, ASK_MS),
      servers: await open.ask<readonly ServerRow[]>('servers', {}, ASK_MS),
      ...(holder && { holder }),
    }))
  } catch (error) {
    if (!(error instanceof MyceliumError)) throw error
    return { error, ...(holder && { holder }) }
  }
}

function lockHolder(paths: Paths) {
  try {
    return holderOf(paths.run, DAEMON_LOCK)
  } catch {
    // The directory's own finding says why.
    return undefined
  }
}
