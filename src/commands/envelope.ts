import { systemClock } from '../core/clock.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { runAlone } from '../core/daemon/alone.ts'
import { askEnforcement, enforceKept } from '../core/daemon/ask-enforcement.ts'
import { machineMemoryMb } from '../core/machine-memory.ts'
import { readEnvelopes, writeEnvelopes } from '../core/policy/envelope/file.ts'
import { HISTORY_MS, historyRow, historySql } from '../core/policy/envelope/history.ts'
import { keptEnvelopes, refuseUnknown } from '../core/policy/envelope/kept.ts'
import { ENVELOPE_OPTIONS } from '../core/policy/envelope/options.ts'
import { tuned } from '../core/policy/envelope/tune.ts'
import { enforcementLine } from '../core/report/enforcement-report.ts'
import { envelopesJson, envelopesText } from '../core/report/envelope-report.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { usageSource } from '../core/report/usage-source.ts'
import { askUsage, flushDaemon } from '../core/usage/source.ts'

/** Options of `mycelium envelope show`, `tune` and `reset`. */
export interface EnvelopeOptionsGiven {
  readonly dryRun?: boolean
  readonly json?: boolean
  readonly config?: readonly string[]
}

const NOTHING_YET =
  'the memory of no server was recorded in the last seven days; what was kept stays\n  next: use your servers for some minutes, with events.enabled on, and run it again\n'

/** `mycelium envelope show`. Throws envelope_none. */
export async function runEnvelopeShow(io: Io, { json }: EnvelopeOptionsGiven): Promise<void> {
  const paths = pathsFrom(io.env)
  const file = keptEnvelopes(paths)
  const enforcement = await askEnforcement(paths)
  if (json) io.write(jsonText(envelopesJson(file, true, enforcement)))
  else io.write(envelopesText(file, io.width) + enforcementLine(enforcement))
}

/** `mycelium envelope tune`. Throws what the store throws. */
export async function runEnvelopeTune(io: Io, options: EnvelopeOptionsGiven): Promise<void> {
  const { source, done } = usageSource(io, options.config)
  done()
  const nowMs = systemClock.wall()
  await flushDaemon(source.paths)
  const rows = await askUsage(source, async (connection) =>
    (await connection.runAndReadAll(historySql(nowMs - HISTORY_MS))).getRowsJS().map(historyRow),
  )
  const ceilingMb = source.settings.get('envelope.ceiling') * machineMemoryMb()
  const tuneBy = { ...ENVELOPE_OPTIONS, lends: source.settings.get('envelope.lend') }
  const make = () => tuned(rows, { nowMs, ceilingMb, former: readEnvelopes(source.paths), options: tuneBy })
  const keep = () => {
    const made = make()
    writeEnvelopes(source.paths, made)
    return made
  }
  // Nothing recorded says nothing about limits; a job that meets it has not failed.
  const isKept = !options.dryRun && rows.some(({ mb }) => mb !== undefined)
  const file = isKept ? await runAlone(source.paths, keep) : make()
  const before = await askEnforcement(source.paths)
  const isTaken = isKept && before.enabled && before.isDaemon
  const enforcement = isTaken ? await enforceKept(source.paths) : before
  if (options.json) {
    io.write(jsonText(envelopesJson(file, isKept, enforcement)))
    return
  }
  if (rows.length === 0) {
    io.write(NOTHING_YET)
    return
  }
  io.write(envelopesText(file, io.width))
  io.talk(
    isKept
      ? `kept in ${source.paths.envelopes}; ${enforcementLine(enforcement)}`
      : 'nothing was kept; next: mycelium envelope tune\n',
  )
}

/** `mycelium envelope reset NAME`. Throws envelope_none, unknown_server. */
export async function runEnvelopeReset(io: Io, name: string, { json }: EnvelopeOptionsGiven): Promise<void> {
  const paths = pathsFrom(io.env)
  await runAlone(paths, async () => {
    const file = keptEnvelopes(paths)
    refuseUnknown([name], file)
    const { [name]: _, ...servers } = file.servers
    const now = new Date(systemClock.wall()).toISOString()
    writeEnvelopes(paths, { ...file, servers, resets: { ...file.resets, [name]: now } })
  })
  const { enabled, isDaemon } = await askEnforcement(paths)
  if (enabled && isDaemon) await enforceKept(paths)
  if (json) io.write(jsonText({ server: name, reset: true }))
  else io.write(`${name} has no limit any more, and what was recorded of it so far does not count\n`)
}
