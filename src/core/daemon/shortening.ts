import type { Clock } from '../clock.ts'
import type { Settings } from '../config/live-settings.ts'
import type { Paths } from '../config/paths.ts'
import { projectSwitches } from '../config/project-switches.ts'
import { fingerprint } from '../hash.ts'
import type { Call, Interceptor, Reply } from '../pipeline/call.ts'
import { shorten } from '../pipeline/interceptors/shorten.ts'
import { bodyText, paramRange, paramString } from '../protocol/fields.ts'
import { resultTexts } from '../protocol/result-texts.ts'
import { type SaidText, saidTexts, withSaid } from '../protocol/said-texts.ts'
import type { RecordedSession } from '../recorder/recorder.ts'
import { type Effect, type Shortened, wholeEffect } from '../shorten/order.ts'
import { type OutputForm, outputForms } from '../shorten/output-forms.ts'
import type { Shortener } from './shortener.ts'

/** What shortening needs of the daemon. */
export interface ShorteningServices {
  readonly paths: Paths
  readonly clock: Clock
  readonly settings: Settings
  readonly shortener: Pick<Shortener, 'shorten' | 'forget'>
}

/** The connection whose results are shortened. */
export interface ShortenedConnection {
  readonly client: string
  readonly project: string
  readonly server: string
}

/** Pairs with `token_optimization.target_reduction` in config/token-rows.ts. */
const DEFAULT_REDUCTION = 0.5
/** A result of fewer bytes is not worth a question. */
const MIN_BYTES = 1_000
/** A result, and the texts in it, of more bytes are not even read: that alone would hold up every other agent (by some 25 ms for each MB). */
const MAX_BYTES = { result: 1024 * 1024, texts: 512 * 1024 } as const
/** Calls of one connection that what they give next may build upon. */
const MAX_REMEMBERED = 512
/** Their models are shown the texts of a result and nothing of its structure, which stays as it is: see test/full/shown.test.ts. */
const READ_TEXTS_ALONE: ReadonlySet<string> = new Set(['gemini-cli', 'opencode'])
const ANY_FORM: OutputForm = () => true
/** Arguments that are longer say nothing of which file was read. */
const MAX_ARGUMENTS_BYTES = 16 * 1024

/** Shortens the results of one connection of the agent that `agentOf` names, while it and its project want that; and says what became of each. */
export function shorteningFor(
  who: ShortenedConnection,
  agentOf: () => string,
  recorded: Pick<RecordedSession, 'compressed'>,
  { paths, clock, settings, shortener }: ShorteningServices,
): Interceptor {
  const project = projectSwitches(paths.settings, who.project, () => clock.now())
  const isLeft = (tool: string) =>
    settings
      .get('token_optimization.leave')
      .some((name) => name === who.server || name === `${who.server}/${tool}`)
  /** By tool and arguments: calls that the shortener may remember. */
  const remembered = new Set<string>()
  const keyOf = (tool: string, asked: string) => fingerprint([tool, asked], 32)
  const remember = (key: string): void => {
    remembered.delete(key)
    remembered.add(key)
    if (remembered.size > MAX_REMEMBERED) remembered.delete(remembered.values().next().value!)
  }
  /** The agent gets something of a call that the shortener does not see, or nothing at all: what it was sent before is not the last any more. */
  const sentOtherwise = (call: Call): void => {
    if (remembered.size === 0) return
    const tool = paramString(call.frame, 'name') ?? ''
    const asked = argumentsOf(call)
    if (remembered.delete(keyOf(tool, asked)))
      shortener.forget(agentOf(), { server: who.server, tool, arguments: asked })
  }
  /** What the tools that the agent was told of declare of what they give. */
  let forms: ReadonlyMap<string, OutputForm> = new Map()
  return shorten({
    listed: (call, reply) => {
      const isFirst = paramRange(call.frame, 'cursor') === undefined
      forms = new Map([...(isFirst ? [] : forms), ...formsIn(reply)])
    },
    isOn: () => {
      const isOn = project.isOn('token_optimization.enabled')
      if (!isOn && remembered.size > 0) {
        remembered.clear()
        shortener.forget(agentOf())
      }
      return isOn
    },
    shortened: async (call, reply) => {
      const { frame } = reply
      const bytes = frame.bodyEnd - frame.bodyStart
      const found =
        bytes < MIN_BYTES || bytes > MAX_BYTES.result ? undefined : resultTexts(frame, MAX_BYTES.texts)
      if (found === undefined || found.blocks.length === 0) {
        sentOtherwise(call)
        return reply
      }
      const tool = paramString(call.frame, 'name') ?? ''
      const startedAtMs = clock.now()
      const session = agentOf()
      const tell = (effect: Effect) =>
        recorded.compressed(call, tool, effect, Math.round((clock.now() - startedAtMs) * 1000))
      const structure = READ_TEXTS_ALONE.has(who.client) ? undefined : found.structure
      const form = structure === undefined ? ANY_FORM : forms.get(tool)
      const { blocks } = found
      const said = saidTexts(frame.line, { blocks, structure }, MIN_BYTES).filter((one) =>
        mayDiffer(one, form),
      )
      const why = found.isError
        ? 'an error'
        : isLeft(tool)
          ? 'left by setting'
          : said.length === 0 && 'it has a structure'
      if (why) {
        sentOtherwise(call)
        tell(wholeEffect('whole', why))
        return reply
      }
      const held = isHeld(session, settings.get('token_optimization.holdout'))
      const asked = argumentsOf(call)
      // A control gets everything as it is: what it holds is never what would have been sent.
      const diffs = !held && project.isOn('diff.enabled')
      if (diffs) remember(keyOf(tool, asked))
      const answer = await shortener.shorten({
        client: who.client,
        session,
        project: who.project,
        server: who.server,
        tool,
        arguments: asked,
        texts: said.map(({ text }) => text),
        targetReduction: project.share('token_optimization.target_reduction', DEFAULT_REDUCTION),
        diffs,
      })
      if (answer === undefined || call.cancelled) sentOtherwise(call)
      if (answer === undefined) {
        tell(wholeEffect('failed', 'nothing shortened it in time'))
        return reply
      }
      if (held && answer.effect.outcome === 'taken') {
        tell({ ...answer.effect, outcome: 'held' })
        return reply
      }
      return taken(call, reply, answer, said, tell)
    },
  })
}

function taken(
  call: Call,
  reply: Reply,
  { texts, effect }: Shortened,
  said: readonly SaidText[],
  tell: (effect: Effect) => void,
): Reply {
  const replaced = new Map(
    said.flatMap((one, i) => (typeof texts[i] === 'string' ? [[one, texts[i]] as const] : [])),
  )
  if (effect.outcome !== 'taken' || replaced.size === 0) {
    tell(effect)
    return reply
  }
  try {
    const frame = withSaid(reply.frame, replaced)
    call.effect = 'compress'
    call.savedBytes = reply.frame.line.length - frame.line.length
    tell(effect)
    return { ...reply, frame }
  } catch (error) {
    tell(wholeEffect('failed', error instanceof Error ? error.message : String(error)))
    return reply
  }
}

/**
 * Whether a text may be another one wherever the structure has it. Of a tool that the agent was not told of nothing is known: its client may hold the result to
 * a schema all the same.
 */
function mayDiffer({ members }: SaidText, form: OutputForm | undefined): boolean {
  return form !== undefined && members.every(({ name, isInList }) => form(name, isInList))
}

function formsIn({ frame }: Reply): ReadonlyMap<string, OutputForm> {
  try {
    return outputForms(Object(JSON.parse(bodyText(frame) ?? '')).tools)
  } catch {
    return new Map()
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
