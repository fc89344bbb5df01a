import { join } from 'node:path'
import { whereFrom } from '../core/clients/places.ts'
import { systemClock } from '../core/clock.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { MyceliumError } from '../core/errors.ts'
import { guardedClients } from '../core/ignore/carry-out.ts'
import { guardPath, readGuard } from '../core/ignore/guard-file.ts'
import { projectFor, targetWishes } from '../core/ignore/make-plan.ts'
import { nothingHidden, planInForce } from '../core/ignore/plan-file.ts'
import type { VerifyPlace } from '../core/ignore/verify/ask-hook.ts'
import { withCanary } from '../core/ignore/verify/canary.ts'
import { verifyClaude } from '../core/ignore/verify/claude-hook.ts'
import { verifyClaudeLive } from '../core/ignore/verify/claude-live.ts'
import { OTHER_GUARDED, verifyOther } from '../core/ignore/verify/other-hooks.ts'
import type { VerifyRow } from '../core/ignore/verify/row.ts'
import { quietPath } from '../core/launch/quiet.ts'
import { which } from '../core/launch/which.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { table } from '../core/report/table.ts'

/** `mycelium ignore verify`. */
export interface VerifyOptions {
  readonly live?: boolean
  readonly json?: boolean
}

const NOTE =
  'Claude Code does not read .claudeignore: what is unreadable there is so by deny rules and by the hook.'

/** `mycelium ignore verify [PATH]`: says for each client and tool whether a hidden file can be read. Exit 1 when one can. Throws ignore_none, interrupted. */
export async function runIgnoreVerify(
  io: Io,
  path: string | undefined,
  options: VerifyOptions,
): Promise<number> {
  const project = projectFor(io.cwd, path)
  const paths = pathsFrom(io.env)
  const stored = planInForce(paths, project)
  const guard = readGuard(guardPath(paths.ignore, project))
  if (guard === undefined) throw nothingHidden(project)
  const where = whereFrom(io.env, project)
  const place: VerifyPlace = {
    project,
    where,
    paths,
    quiet: quietPath(paths),
    clock: systemClock,
    signal: io.signal,
  }
  const hidden = new Set(stored.hide.map((file) => file.path))
  const visible = Object.keys(stored.importance).find((one) => !hidden.has(one))
  const targets = targetWishes({ patterns: guard, hide: stored.hide }, stored.request.targets, project, where)
  const guarded = guardedClients(targets, stored.request.targets, where)
  const isClaude = guarded.includes('claude-code')
  const rows = await withCanary(guard, async (canary) => {
    const found: VerifyRow[] = isClaude ? [...(await verifyClaude(canary, place))] : []
    const program = which('claude', where)
    if (isClaude && options.live && program !== undefined && visible !== undefined)
      found.push(...(await verifyClaudeLive(program, canary, join(project, visible), place)))
    for (const client of OTHER_GUARDED)
      if (guarded.includes(client)) found.push(...(await verifyOther(client, canary, place)))
    return found
  })
  if (io.signal.aborted) throw new MyceliumError('interrupted', 'stopped; the canary is removed')
  for (const { dialect } of targets) {
    if (guarded.includes(dialect.target) || dialect.file === '.claudeignore') continue
    rows.push({
      client: dialect.target,
      tool: dialect.file,
      result: 'not tested',
      by: 'it is written; the client was not driven',
    })
  }
  const readable = rows.filter(({ result }) => result === 'READABLE')
  if (options.json) io.write(jsonText({ project, ok: readable.length === 0, rows, note: NOTE }))
  else {
    const columns = [
      { title: 'CLIENT' },
      { title: 'TOOL' },
      { title: 'RESULT' },
      { title: 'BY', shrinks: true },
    ]
    const { paint } = io
    const colour = {
      unreadable: paint.stdout.good,
      READABLE: paint.stdout.bad,
      'not tested': paint.stdout.faint,
    }
    io.write(
      table(
        columns,
        rows.map(({ client, tool, result, by }) => [client, tool, colour[result](result), by]),
        io.width,
      ),
    )
    io.write(`\n${NOTE}\n`)
    if (readable.length > 0)
      io.write(`${readable.length} of ${rows.length} ways in are open; next: mycelium ignore write\n`)
  }
  return readable.length === 0 ? 0 : 1
}
