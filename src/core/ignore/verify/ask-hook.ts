import { hookedEvents } from '../../clients/hook-edit.ts'
import { hookHost } from '../../clients/hook-hosts.ts'
import { hookHindrance } from '../../clients/hook-standing.ts'
import type { Where } from '../../clients/places.ts'
import type { Clock } from '../../clock.ts'
import { readConfig } from '../../config/config-text.ts'
import type { Paths } from '../../config/paths.ts'
import { MyceliumError } from '../../errors.ts'
import { type Canary, isGivenAway, type Probe } from './row.ts'
import { runProgram } from './run-program.ts'

const HOOK_LIMIT_MS = 10_000

/** What the checks stand in. */
export interface VerifyPlace {
  readonly project: string
  readonly where: Where
  readonly paths: Paths
  /** The program that the hook in the client's settings calls. */
  readonly quiet: string
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Why a client does not ask the guard before it uses a tool; undefined where it does. */
export function whyUnasked(client: string, { where, quiet }: VerifyPlace): string | undefined {
  const host = hookHost(client, where)!
  const missing = 'the hook is not installed'
  try {
    const text = readConfig(host.file)?.text
    const [guard] = host.guards
    if (text === undefined || !hookedEvents(text, quiet, host.file).includes(guard!.event)) return missing
    const hindrance = hookHindrance(host, text, quiet)
    if (hindrance === undefined || hindrance.events?.includes(guard!.event) === false) return undefined
    return `${hindrance.kind === 'off' ? 'hooks are switched off' : 'the hook is not trusted'}: ${hindrance.fix}`
  } catch (error) {
    if (error instanceof MyceliumError) return missing
    throw error
  }
}

/** The installed hook, really run with the input that the client gives it: `hook` when it stops the tool. A rewritten command is really run, and must not find the canary. */
export async function askHook(
  client: string,
  probe: Probe,
  canary: Canary,
  { project, quiet, clock, signal, where }: VerifyPlace,
): Promise<string> {
  const run = { cwd: project, env: where.env, limitMs: HOOK_LIMIT_MS, clock, signal }
  const { tool, input, more } = probe
  const asked = {
    session_id: 'verify',
    cwd: project,
    hook_event_name: hookHost(client, where)!.guards[0]!.event,
    tool_name: tool,
    tool_input: input,
    tool_use_id: 'verify',
    ...more,
  }
  const said = await runProgram({
    ...run,
    command: quiet,
    args: ['hook', client],
    input: JSON.stringify(asked),
  })
  if (said === undefined) return 'the hook did not answer'
  if (said.trim() === '') return 'the hook lets it pass'
  const answer = Object(JSON.parse(said))
  const specific = Object(answer.hookSpecificOutput)
  if (answer.decision === 'deny' || specific.permissionDecision === 'deny') return 'hook'
  const command = (specific.updatedInput ?? specific.tool_input)?.command
  if (typeof command !== 'string') return 'the hook lets it pass'
  const found = await runProgram({ ...run, command: '/bin/sh', args: ['-c', command] })
  return found !== undefined && isGivenAway(found, probe, canary) ? 'the rewritten command found it' : 'hook'
}
