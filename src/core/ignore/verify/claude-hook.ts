import { hookedEvents } from '../../clients/hook-edit.ts'
import { hookHosts } from '../../clients/hook-hosts.ts'
import type { Where } from '../../clients/places.ts'
import type { Clock } from '../../clock.ts'
import { readConfig } from '../../config/config-text.ts'
import type { Paths } from '../../config/paths.ts'
import { MyceliumError } from '../../errors.ts'
import { deniedByRules } from './claude-rules.ts'
import { type Canary, isGivenAway, type Probe, probesFor, type VerifyRow } from './row.ts'
import { runProgram } from './run-program.ts'

const HOOK_LIMIT_MS = 10_000
/** Tools that deny rules hold for by the path that they are given, or that leave out what is denied. */
const RULED = /^(Read|Grep|Edit|Bash cat)$/

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

/** Claude Code without Claude Code: its deny rules evaluated, and the installed hook really run with the inputs that it would get. */
export async function verifyClaude(canary: Canary, place: VerifyPlace): Promise<readonly VerifyRow[]> {
  const isDenied = deniedByRules(place.project, canary.path)
  const isHooked = isHookInstalled(place)
  const rows: VerifyRow[] = []
  for (const probe of probesFor(canary, place.project)) {
    const byHook = isHooked ? await askHook(probe, canary, place) : 'the hook is not installed'
    const byRule = isDenied && RULED.test(probe.name)
    const stopped = [...(byRule ? ['deny rule'] : []), ...(byHook === 'hook' ? ['hook'] : [])]
    rows.push({
      client: 'claude-code',
      tool: probe.name,
      result: stopped.length > 0 ? 'unreadable' : 'READABLE',
      by: stopped.length > 0 ? stopped.join(' and ') : byHook,
    })
  }
  return rows
}

/** Whether Claude Code's own settings call the hook before each tool. */
export function isHookInstalled({ where, quiet }: VerifyPlace): boolean {
  const file = hookHosts(where).find(({ id }) => id === 'claude-code')?.file ?? ''
  try {
    const text = readConfig(file)?.text
    return text !== undefined && hookedEvents(text, quiet, file).includes('PreToolUse')
  } catch (error) {
    if (error instanceof MyceliumError) return false
    throw error
  }
}

/** `hook` when it stops the tool; a rewritten command is really run, and must not find the canary. */
async function askHook(probe: Probe, canary: Canary, place: VerifyPlace): Promise<string> {
  const { project, quiet, clock, signal, where } = place
  const run = { cwd: project, env: where.env, limitMs: HOOK_LIMIT_MS, clock, signal }
  const { tool, input } = probe
  const asked = {
    session_id: 'verify',
    cwd: project,
    hook_event_name: 'PreToolUse',
    tool_name: tool,
    tool_input: input,
    tool_use_id: 'verify',
  }
  const said = await runProgram({
    ...run,
    command: quiet,
    args: ['hook', 'claude-code'],
    input: JSON.stringify(asked),
  })
  if (said === undefined) return 'the hook did not answer'
  if (said.trim() === '') return 'the hook lets it pass'
  const answer = Object(JSON.parse(said)).hookSpecificOutput
  if (answer?.permissionDecision === 'deny') return 'hook'
  const command = answer?.updatedInput?.command
  if (typeof command !== 'string') return 'the hook lets it pass'
  const found = await runProgram({ ...run, command: '/bin/sh', args: ['-c', command] })
  return found !== undefined && isGivenAway(found, probe, canary) ? 'the rewritten command found it' : 'hook'
}
