import type { Clock } from '../clock.ts'
import type { Settings } from '../config/live-settings.ts'
import type { Paths } from '../config/paths.ts'
import { projectSwitches } from '../config/project-switches.ts'
import { fingerprint } from '../hash.ts'
import type { Call, Interceptor, Reply } from '../pipeline/call.ts'
import { shorten } from '../pipeline/interceptors/shorten.ts'
import { paramRange, paramString } from '../protocol/fields.ts'
import { resultTexts, type TextBlock, withTexts } from '../protocol/result-texts.ts'
import type { RecordedSession } from '../recorder/recorder.ts'
import { type Effect, type Shortened, wholeEffect } from '../shorten/order.ts'
import type { Shortener } from './shortener.ts'

/** What shortening needs of the daemon. */
export interface ShorteningServices {
  readonly paths: Paths
  readonly clock: Clock
  readonly settings: Settings
  readonly shortener: Pick<Shortener, 'shorten'>
}

/** Whose results they are. */
export interface Whose {
  readonly client: string
  readonly project: string
  readonly server: string
}

/** Pairs with `token_optimization.target_reduction` in config/token-rows.ts. */
const DEFAULT_REDUCTION = 0.5
/** A result of fewer bytes is not worth a question. */
const MIN_BYTES = 1_000
/** Arguments that are longer say nothing of which file was read. */
const MAX_ARGUMENTS_BYTES = 16 * 1024

/** Shortens the results of one connection of the agent that `agentOf` names, while it and its project want that; and says what became of each. */
export function shorteningFor(
  who: Whose,
  agentOf: () => string,
  recorded: Pick<RecordedSession, 'compressed'>,
  { paths, clock, settings, shortener }: ShorteningServices,
): Interceptor {
  const project = projectSwitches(paths.settings, who.project, () => clock.now())
  const isLeft = (tool: string) =>
    settings
      .get('token_optimization.leave')
      .some((name) => name === who.server || name === `${who.server}/${tool}`)
  return shorten({
    isOn: () => project.isOn('token_optimization.enabled'),
    shortened: async (call, reply) => {
      const { frame } = reply
      const found = frame.bodyEnd - frame.bodyStart < MIN_BYTES ? undefined : resultTexts(frame)
      if (found === undefined || found.blocks.length === 0) return reply
      const tool = paramString(call.frame, 'name') ?? ''
      const startedAtMs = clock.now()
      const session = agentOf()
      const tell = (effect: Effect) =>
        recorded.compressed(call, tool, effect, Math.round((clock.now() - startedAtMs) * 1000))
      if (found.isError || found.hasStructure || isLeft(tool)) {
        tell(
          wholeEffect(
            'whole',
            found.isError ? 'an error' : found.hasStructure ? 'it has a structure' : 'left by setting',
          ),
        )
        return reply
      }
      const held = isHeld(session, settings.get('token_optimization.holdout'))
      const answer = await shortener.shorten({
        client: who.client,
        session,
        project: who.project,
        server: who.server,
        tool,
        arguments: argumentsOf(call),
        texts: found.blocks.map(({ text }) => text),
        targetReduction: project.share('token_optimization.target_reduction', DEFAULT_REDUCTION),
        // A control gets everything as it is: what it holds is never what would have been sent.
        diffs: !held && project.isOn('diff.enabled'),
      })
      if (answer === undefined) {
        tell(wholeEffect('failed', 'nothing shortened it in time'))
        return reply
      }
      if (held && answer.effect.outcome === 'taken') {
        tell({ ...answer.effect, outcome: 'held' })
        return reply
      }
      return taken(call, reply, answer, found.blocks, tell)
    },
  })
}

function taken(
  call: Call,
  reply: Reply,
  { texts, effect }: Shortened,
  blocks: readonly TextBlock[],
  tell: (effect: Effect) => void,
): Reply {
  const replaced = new Map(
    blocks.flatMap((block, i) => (typeof texts[i] === 'string' ? [[block, texts[i]] as const] : [])),
  )
  if (effect.outcome !== 'taken' || replaced.size === 0) {
    tell(effect)
    return reply
  }
  try {
    const frame = withTexts(reply.frame, replaced)
    call.effect = 'compress'
    call.savedBytes = reply.frame.line.length - frame.line.length
    tell(effect)
    return { ...reply, frame }
  } catch (error) {
    tell(wholeEffect('failed', error instanceof Error ? error.message : String(error)))
    return reply
  }
}

function argumentsOf(call: Call): string {
  const range = paramRange(call.frame, 'arguments')
  if (range === undefined) return '{}'
  if (range.end - range.start > MAX_ARGUMENTS_BYTES) return ''
  return call.frame.line.toString('utf8', range.start, range.end)
}

/** Whether a session is one of the controls: the same answer for all of its life, whatever else happens. */
export function isHeld(session: string, share: number): boolean {
  return Number.parseInt(fingerprint(['holdout', session], 8), 16) < share * 0x1_0000_0000
}
