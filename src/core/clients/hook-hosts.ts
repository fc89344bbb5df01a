import { join } from 'node:path'
import type { Where } from './places.ts'

/** A client whose hooks and status line mycelium knows how to install. */
export interface HookHost {
  /** Of the client. */
  readonly id: string
  readonly file: string
  /** Whether the client seems to be in use here. */
  readonly marks: readonly string[]
  /** Its events, and whether they are chosen by a matcher. */
  readonly events: readonly { readonly event: string; readonly matcher: boolean }[]
  /** Events at which the client waits for leave: installed only where files are hidden, for they cost time at every tool use. */
  readonly guards: readonly { readonly event: string; readonly matcher: boolean }[]
}

/** Seconds; the hook itself waits for one at most. */
export const HOOK_TIMEOUT_S = 5

const tool = (event: string) => ({ event, matcher: true })
const turn = (event: string) => ({ event, matcher: false })

/** The clients with hooks. Only what was seen to work is in here: Codex, Gemini CLI and opencode are not yet. */
export function hookHosts({ env, home }: Where): readonly HookHost[] {
  const claude = env.CLAUDE_CONFIG_DIR || join(home, '.claude')
  return [
    {
      id: 'claude-code',
      file: join(claude, 'settings.json'),
      marks: [claude, join(env.CLAUDE_CONFIG_DIR || home, '.claude.json')],
      events: [
        turn('SessionStart'),
        turn('UserPromptSubmit'),
        tool('PostToolUse'),
        tool('PostToolUseFailure'),
        turn('SubagentStop'),
        turn('Stop'),
        turn('SessionEnd'),
      ],
      guards: [tool('PreToolUse')],
    },
  ]
}
