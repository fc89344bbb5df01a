import { pathsFrom } from '../core/config/paths.ts'
import { askEnforcement, enforceKept } from '../core/daemon/ask-enforcement.ts'
import type { Enforcement } from '../core/daemon/wire-envelopes.ts'
import { MyceliumError } from '../core/errors.ts'
import type { EnvelopeFile } from '../core/policy/envelope/file.ts'
import { keptEnvelopes, refuseUnknown } from '../core/policy/envelope/kept.ts'
import { appliedJson, appliedText, SWITCH_ON } from '../core/report/enforcement-report.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'

/** Options of `mycelium envelope apply`. */
export interface EnvelopeApplyOptions {
  readonly dryRun?: boolean
  readonly json?: boolean
}

/**
 * Has the daemon hold servers to the limits that were kept, and prints what became of each. Throws envelope_none, unknown_server, envelope_off,
 * daemon_not_running.
 */
export async function runEnvelopeApply(
  io: Io,
  names: readonly string[],
  { dryRun = false, json }: EnvelopeApplyOptions,
): Promise<void> {
  const paths = pathsFrom(io.env)
  const file = keptEnvelopes(paths)
  refuseUnknown(names, file)
  const now = await askEnforcement(paths)
  if (!dryRun && !now.enabled)
    throw new MyceliumError(
      'envelope_off',
      'limits are kept, but envelope.enabled is off: nothing holds a server to them',
    )
  const { isDaemon: _, ...seen } = now
  const answer = dryRun ? planned(seen, file) : await enforceKept(paths)
  const shown = {
    ...answer,
    servers: answer.servers.filter(({ server }) => names.length === 0 || names.includes(server)),
  }
  if (json) io.write(jsonText(appliedJson(shown, dryRun)))
  else io.write(appliedText(shown, io.width))
  if (dryRun)
    io.talk(`dry run: nothing was changed; next: ${now.enabled ? 'mycelium envelope apply' : SWITCH_ON}\n`)
}

/** Limits as they were kept, beside the processes that they would be of. */
function planned(now: Enforcement, { servers }: EnvelopeFile): Enforcement {
  const names = [...new Set([...Object.keys(servers), ...now.servers.map(({ server }) => server)])].sort()
  return {
    ...now,
    servers: names.map((server) => {
      const kept = Object.hasOwn(servers, server) ? servers[server] : undefined
      return {
        server,
        softMb: kept?.softMb ?? null,
        hardMb: kept?.hardMb ?? null,
        because: kept === undefined ? 'no limit was kept of it' : 'as kept',
        processes: now.servers.find((one) => one.server === server)?.processes ?? [],
      }
    }),
  }
}
