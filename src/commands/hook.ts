import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Fired } from '../core/budget/read-answer.ts'
import type { Clock } from '../core/clock.ts'
import { rootFrom } from '../core/config/paths.ts'
import { switchesIn } from '../core/config/switches.ts'
import type { EventOf } from '../core/events/event.ts'
import { hookEvent } from '../core/hook/payload.ts'
import { noteFailure, recordOne } from '../core/hook/record.ts'
import { readInput } from '../core/input.ts'

/** What one call of a hook has. */
export interface HookCall {
  readonly client: string | undefined
  /** For clients whose input does not name it. */
  readonly event: string | undefined
  readonly input: Readable
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  /** Where parsers of files are, for an answer that needs one (dist/parsers.js). */
  readonly parsers: string
  /** Takes what the client is to do or see instead; it waits for that. */
  write(answer: string): void | Promise<void>
}

/** The largest tool results that clients hand to hooks are a few MB. */
const MAX_INPUT_BYTES = 64 * 1024 * 1024
const INPUT_LIMIT_MS = 1_000

/**
 * `mycelium hook CLIENT [EVENT]`: records that a hook fired, says no before a tool would read what is hidden (docs/ignore.md), and answers reads over
 * their budget in part (docs/budgets.md), and those of a file that changed by the difference (docs/diffs.md), where the user wants that. Prints nothing else and never throws: an agent waits for it, and must not fail
 * by it.
 */
export async function runHook(call: HookCall): Promise<void> {
  const { client, event, input, env, clock, write } = call
  try {
    const root = rootFrom(env)
    const isOn = switchesIn({ userFile: join(root, 'config.json'), env })
    if (!isOn('hooks.enabled', true)) return
    const paths = { events: join(root, 'events'), log: join(root, 'log') }
    const trying = async (work: () => void | Promise<void>): Promise<void> => {
      try {
        await work()
      } catch (error) {
        noteFailure(paths, clock.wall(), `${client}: ${String(error)}`)
      }
    }
    const { bytes, whole } = await readInput(input, {
      maxBytes: MAX_INPUT_BYTES,
      limitMs: INPUT_LIMIT_MS,
      clock,
    })
    const fired = hookEvent(bytes, { client: client ?? 'unknown', event, at: microseconds(clock) })
    if (fired.event === 'PreToolUse' && fired.outcome === 'ok') {
      let held = false
      await trying(async () => {
        if (!isOn('ignore.enabled', true)) return
        // Loaded where there is something to guard only: every use of a tool waits for it.
        const { answerOf, deedOf, guarded } = await import('../core/hook/guard.ts')
        const verdict = guarded(bytes, root, env)
        const deed = deedOf(verdict)
        if (deed === undefined) return
        held = true
        await write(answerOf(verdict))
        const { clientSession } = fired
        recordDecision(root, clock, { policy: 'ignore', ...deed, clientSession, savedTokens: 0 })
      })
      // What passes is recorded by the hook behind it.
      if (!held) return
    }
    await trying(() => {
      recordOne(paths, 'hook', fired)
      if (!whole) noteFailure(paths, clock.wall(), `${client}: the input did not end, or was too long`)
    })
    if (whole && client === 'claude-code') await trying(() => answer(call, root, { ...fired, input: bytes }))
  } catch {
    // No place to write to: there is nobody to tell.
  }
}

async function answer(call: HookCall, root: string, fired: Fired): Promise<void> {
  const isReplaced = await answerByBudget(call, root, fired)
  const { env, clock, write } = call
  const [dir, userFile] = [join(root, 'diffs'), join(root, 'config.json')]
  // As with budgets: loaded for those who want it, or did.
  if (!existsSync(dir) && !switchesIn({ userFile, cwd: fired.project, env })('diffs.enabled', false)) return
  const { answerReread } = await import('../core/reread/reread.ts')
  const given = answerReread(fired, { dir, userFile, env, nowMs: clock.wall(), isReplaced })
  if (given === undefined) return
  await write(given.output)
  const { action, because, savedTokens } = given
  recordDecision(root, clock, {
    policy: 'diffs',
    action,
    because,
    clientSession: fired.clientSession,
    savedTokens,
  })
}

/** Whether the answer of the tool was replaced. */
async function answerByBudget(
  { env, clock, parsers, write }: HookCall,
  root: string,
  fired: Fired,
): Promise<boolean> {
  const dir = join(root, 'budgets')
  // What answers is loaded for those who have budgets: everybody waits for it.
  if (!existsSync(dir)) return false
  const { answerRead } = await import('../core/budget/read-answer.ts')
  const place = {
    dir,
    userFile: join(root, 'config.json'),
    env,
    parsers,
    nowMs: clock.wall(),
  }
  const given = await answerRead(fired, place)
  if (given === undefined) return false
  if (given.output !== undefined) await write(given.output)
  const { action, because, savedTokens } = given
  const { clientSession } = fired
  recordDecision(root, clock, { policy: 'budget', action, because, clientSession, savedTokens })
  return given.output !== undefined
}

/** What a hook did, beside what policies of the daemon do. */
function recordDecision(
  root: string,
  clock: Clock,
  deed: Omit<EventOf<'decision'>, 'at' | 'server' | 'accepted'>,
): void {
  const event = { at: microseconds(clock), server: '', accepted: true, ...deed }
  recordOne({ events: join(root, 'events') }, 'decision', event)
}

function microseconds(clock: Clock): number {
  return Math.round(clock.wall() * 1000)
}
