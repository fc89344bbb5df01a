import { join } from 'node:path'
import type { Where } from './places.ts'

/** One event that a client fires. */
export interface HookEvent {
  readonly event: string
  /** Whether it is chosen by a matcher. */
  readonly matcher: boolean
  /** How long the client is to wait, where this event has a limit of its own; in the client's unit. */
  readonly timeout?: number
}

/** A client whose hooks, and perhaps status line, mycelium knows how to install. Membership in the table is the whole feature. */
export interface HookHost {
  /** Of the client. */
  readonly id: string
  readonly title: string
  /** JSON with `hooks`, by event. */
  readonly file: string
  /** Whether the client seems to be in use here. */
  readonly marks: readonly string[]
  readonly events: readonly HookEvent[]
  /** Events at which the client waits for leave: installed only where files are hidden, for they cost time at every tool use. */
  readonly guards: readonly HookEvent[]
  /** As the client counts: seconds, or milliseconds. The hook itself waits for a second at most. */
  readonly timeout: number
  /** What the client's own list of hooks calls ours; undefined where hooks have no name. */
  readonly name?: string
  /** Whether the file holds a status line too. */
  readonly hasStatusline: boolean
  /** Where it writes down its sessions: names of directories and at last the end of a file's name; null is any directory. */
  readonly transcripts: readonly (string | null)[]
  /** Its other config file, where it says whether hooks run at all. */
  readonly config?: string
  /** What the user has to do before anything runs; undefined where that is nothing. */
  readonly needs?: string
}

const tool = (event: string): HookEvent => ({ event, matcher: true })
const turn = (event: string, timeout?: number): HookEvent => ({
  event,
  matcher: false,
  ...(timeout && { timeout }),
})

/** The clients with hooks. Only what was seen to work is in here: opencode has plugins instead, which are programs within it. */
export function hookHosts({ env, home }: Where): readonly HookHost[] {
  const claude = env.CLAUDE_CONFIG_DIR || join(home, '.claude')
  const codex = env.CODEX_HOME || join(home, '.codex')
  const gemini = join(env.GEMINI_CLI_HOME || home, '.gemini')
  return [
    {
      id: 'claude-code',
      title: 'Claude Code',
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
      timeout: 5,
      hasStatusline: true,
      transcripts: [claude, 'projects', null, '.jsonl'],
    },
    {
      id: 'codex',
      title: 'Codex',
      file: join(codex, 'hooks.json'),
      marks: [codex],
      events: [
        turn('SessionStart'),
        turn('UserPromptSubmit'),
        tool('PostToolUse'),
        turn('PostCompact'),
        turn('SubagentStop'),
        turn('Stop'),
        // Codex allows no more, and says so at every start.
        turn('SessionEnd', 3),
      ],
      guards: [tool('PreToolUse')],
      timeout: 5,
      hasStatusline: false,
      transcripts: [codex, 'sessions', null, null, null, '.jsonl'],
      config: join(codex, 'config.toml'),
      needs:
        'Codex runs no hook that you have not reviewed: start codex, enter /hooks and trust those of mycelium',
    },
    {
      id: 'gemini-cli',
      title: 'Gemini CLI',
      file: join(gemini, 'settings.json'),
      marks: [join(gemini, 'settings.json'), join(gemini, 'tmp')],
      // PreCompress is not in here: it fires before every request to the model, whether or not anything is compressed.
      events: [
        turn('SessionStart'),
        turn('BeforeAgent'),
        tool('AfterTool'),
        turn('AfterAgent'),
        turn('SessionEnd'),
      ],
      guards: [tool('BeforeTool')],
      timeout: 5_000,
      name: 'mycelium',
      hasStatusline: false,
      transcripts: [gemini, 'tmp', null, 'chats', '.jsonl'],
    },
  ]
}

/** One of them. */
export function hookHost(id: string, where: Where): HookHost | undefined {
  return hookHosts(where).find((host) => host.id === id)
}
