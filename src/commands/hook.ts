import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Clock } from '../core/clock.ts'
import { rootFrom } from '../core/config/paths.ts'
import { hooksEnabled } from '../core/hook/enabled.ts'
import { answerOf, guarded } from '../core/hook/guard.ts'
import { hookEvent } from '../core/hook/payload.ts'
import { noteFailure, recordHook } from '../core/hook/record.ts'
import { readInput } from '../core/input.ts'

/** What one call of a hook has. */
export interface HookCall {
  readonly client: string | undefined
  /** For clients whose input does not name it. */
  readonly event: string | undefined
  readonly input: Readable
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  /** To the client, at once: it waits for the answer to a PreToolUse hook. */
  write(text: string): void
}

/** The largest tool results that clients hand to hooks are a few MB. */
const MAX_INPUT_BYTES = 64 * 1024 * 1024
const INPUT_LIMIT_MS = 1_000

/**
 * `mycelium hook CLIENT [EVENT]`: records that a hook fired, and before a tool is used says no where it would read what is hidden. Prints nothing
 * else and never throws: an agent waits for it, and must not fail by it.
 */
export async function runHook({ client, event, input, env, clock, write }: HookCall): Promise<void> {
  try {
    const root = rootFrom(env)
    if (!hooksEnabled(join(root, 'config.json'))) return
    const paths = { events: join(root, 'events'), log: join(root, 'log') }
    try {
      const { bytes, whole } = await readInput(input, {
        maxBytes: MAX_INPUT_BYTES,
        limitMs: INPUT_LIMIT_MS,
        clock,
      })
      const at = Math.round(clock.wall() * 1000)
      const fired = hookEvent(bytes, { client: client ?? 'unknown', event, at })
      if (fired.event === 'PreToolUse' && fired.outcome === 'ok') {
        const text = answerOf(guarded(bytes, root, env))
        // What passes is recorded by the hook behind it.
        if (text === '') return
        write(text)
      }
      recordHook(paths, fired)
      if (!whole) noteFailure(paths, clock.wall(), `${client}: the input did not end, or was too long`)
    } catch (error) {
      noteFailure(paths, clock.wall(), `${client}: ${String(error)}`)
    }
  } catch {
    // No place to write to: there is nobody to tell.
  }
}
