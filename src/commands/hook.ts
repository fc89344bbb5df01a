import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Parse } from '../core/budget/source.ts'
import type { Clock } from '../core/clock.ts'
import { rootFrom } from '../core/config/paths.ts'
import { switchesIn } from '../core/config/switches.ts'
import type { EventOf } from '../core/events/event.ts'
import type { Fired } from '../core/fired.ts'
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
  /** How they are loaded, where that is not into this process. */
  readonly parse?: Parse
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
    if (/^(PreToolUse|BeforeTool)$/.test(fired.event) && fired.outcome === 'ok') {
      let held = false
      await trying(async () => {
        if (!isOn('ignore.enabled', true)) return
        // Loaded where there is something to guard only: every use of a tool waits for it.
        const { answerOf, deedOf, guarded } = await import('../core/hook/guard.ts')
        const verdict = guarded(bytes, root, env, fired.client)
        const deed = deedOf(verdict)
        if (deed === undefined) return
        held = true
        await write(answerOf(verdict, fired.client))
        const { clientSession } = fired
        recordDecision(root, clock, { policy: 'ignore', ...deed, clientSession, savedTokens: 0 })
      })
      // What passes is recorded by the hook behind it.
      if (!held) return
    }
    // Sent before the rest is done, so that nobody waits for it.
    const sent = whole ? tellDaemon(call, root, fired, bytes, isOn('prewarm.enabled', false)) : undefined
    await trying(() => {
      recordOne(paths, 'hook', fired)
      if (!whole) noteFailure(paths, clock.wall(), `${client}: the input did not end, or was too long`)
    })
    if (whole && client === 'claude-code') await trying(() => answer(call, root, { ...fired, input: bytes }))
    await trying(async () => sent)
  } catch {
    // No place to write to: there is nobody to tell.
  }
}

/** That a context was lost, and what was written goes to the daemon, for it to look ahead by; it is kept nowhere. */
async function tellDaemon(
  { env, clock }: HookCall,
  root: string,
  { client, clientSession, project, event, tool }: EventOf<'hook'>,
  input: Buffer,
  looksAhead: boolean,
): Promise<void> {
  const isPrompt = looksAhead && (/^(UserPromptSubmit|BeforeAgent)$/.test(event) || tool === 'ToolSearch')
  // What a session holds is remembered for differences alone.
  const isLost = () =>
    /Compact$|Compress$|^SessionStart$/.test(event) &&
    switchesIn({ userFile: join(root, 'config.json'), cwd: project, env })('diff.enabled', false)
  if (!isPrompt && !isLost()) return
  const { isContextLost, say, sayForgotten, textIn } = await import('../core/hook/say.ts')
  let text: string | undefined
  try {
    if (isContextLost(input, event))
      return await sayForgotten({ client, project, session: clientSession }, root, clock)
    text = textIn(input, event, tool)
  } catch {
    // Input that is no JSON; what it says of it might have the text in it.
    return
  }
  if (text === undefined) return
  await say({ client, clientSession, project: env.CLAUDE_PROJECT_DIR || project, text }, root, clock)
}

async function answer(
  call: HookCall,
  root: string,
  fired: Fired & { readonly client: string },
): Promise<void> {
  const isReplaced = await answerByBudget(call, root, fired)
  const { env, clock, write } = call
  const [dir, userFile] = [join(root, 'diffs'), join(root, 'config.json')]
  // As with budgets: loaded for those who want it, or did.
  if (!existsSync(dir) && !switchesIn({ userFile, cwd: fired.project, env })('diff.enabled', false)) return
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
  { env, clock, parsers, parse, write }: HookCall,
  root: string,
  fired: Fired & { readonly client: string },
): Promise<boolean> {
  const dir = join(root, 'budgets')
  // What answers is loaded for those who have budgets: everybody waits for it.
  if (!existsSync(dir)) return false
  const { answerRead } = await import('../core/budget/read-answer.ts')
  const { answerWithin, deedAtEnd, purseOf } = await import('../core/agents/agent-answer.ts')
  const place = {
    dir,
    userFile: join(root, 'config.json'),
    env,
    parsers,
    parse,
    nowMs: clock.wall(),
  }
  const purse = purseOf(fired, place)
  const atMostTokens = purse?.isKept ? undefined : purse?.allowance.fileTokens
  const given = await answerRead(fired, atMostTokens === undefined ? place : { ...place, atMostTokens })
  const within = purse && answerWithin(purse, fired, given?.output)
  const output = within?.output ?? given?.output
  if (output !== undefined) await write(output)
  const { clientSession } = fired
  if (given !== undefined) {
    const { action, because, savedTokens } = given
    recordDecision(root, clock, { policy: 'budget', action, because, clientSession, savedTokens })
  }
  const end = deedAtEnd(fired, place)
  for (const deed of [...(within?.deeds ?? []), ...(end === undefined ? [] : [end])])
    recordOne({ events: join(root, 'events') }, 'allowance', {
      at: microseconds(clock),
      client: fired.client,
      clientSession,
      project: fired.project,
      agent: fired.agent,
      ...deed,
    })
  return output !== undefined
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
