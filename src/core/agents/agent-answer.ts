import { mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { switchesIn } from '../config/switches.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { hasErrno } from '../errors.ts'
import type { Fired } from '../fired.ts'
import { fingerprint } from '../hash.ts'
import { removeOld } from '../line-log.ts'
import { textIfRegular } from '../regular-file.ts'
import { type AgentPlan, agentPlanFor, type Share } from './agent-plan.ts'
import { type Allowance, allowance, type Spent } from './allowance.ts'
import { type SpendingLog, spendingLog } from './spending-log.ts'
import { MAIN, type Step } from './step.ts'
import { type ToolResult, toolResult } from './tool-result.ts'

/** Where a hook looks. */
export interface AgentPlace {
  /** Directory of budgets below the root. */
  readonly dir: string
  readonly userFile: string
  readonly env: NodeJS.ProcessEnv
  readonly nowMs: number
}

/** The budget of the agent that did something, as far as it has one. */
export interface Purse {
  readonly agent: string
  readonly plan: AgentPlan
  readonly share: Share
  readonly log: SpendingLog
  readonly spent: Spent & { readonly told: ReadonlySet<string>; readonly isNew: boolean }
  readonly server: string
  readonly result: ToolResult
  readonly allowance: Allowance
  /** Where texts that were cut are kept whole. */
  readonly cutDir: string
  /** The agent reads what was cut before: it gets what it asks for. */
  readonly isKept: boolean
}

/** Something to record of an agent's budget. */
export interface Deed {
  readonly agentType: string
  readonly workflow: string
  readonly action: 'granted' | Step | 'ended'
  readonly grantedTokens: number
  readonly spentTokens: number
  readonly savedTokens: number
}

/** Of texts that agents read: between prose and JSON. Tokens are estimated by it, as a hook has no time for a tokenizer. */
export const BYTES_PER_TOKEN = 3.6

/** The budget of the agent that used a tool: undefined unless such budgets are on here, a plan counts here, and it names the agent. Throws the system's errors. */
export function purseOf(fired: Fired, place: AgentPlace): Purse | undefined {
  const found = planOf(fired, place)
  if (found === undefined || fired.event !== 'PostToolUse') return undefined
  const { plan, input, agent, share } = found
  const log = spendingLog(join(place.dir, 'spending'), fired.clientSession)
  const spent = log.of(agent)
  const server = /^mcp__(.+?)__/.exec(fired.tool)?.[1] ?? ''
  const result = toolResult(fired.tool, input)
  const cutDir = join(place.dir, 'cut')
  const { file_path: file } = Object(Object(input).tool_input)
  return {
    ...{ agent, plan, share, log, spent, server, result, cutDir },
    allowance: allowance(share, server === '' ? undefined : server, spent, tokensIn(result.text)),
    isKept: typeof file === 'string' && dirname(file) === cutDir,
  }
}

/** What is to be recorded where an agent or a session ends, and old files removed where one begins. */
export function deedAtEnd(fired: Fired, place: AgentPlace): Deed | undefined {
  if (fired.event === 'SessionStart') {
    for (const name of ['spending', 'cut']) removeOld(join(place.dir, name), place.nowMs)
    return undefined
  }
  if (fired.event !== 'SubagentStop' && fired.event !== 'SessionEnd') return undefined
  const found = planOf(fired, place)
  if (found === undefined) return undefined
  const spent = spendingLog(join(place.dir, 'spending'), fired.clientSession).of(found.agent)
  return spent.isNew ? undefined : deed(found, 'ended', spent.tokens, 0)
}

/** What the hook prints in place of `earlier`, which another policy would have; and what to record. */
export interface AgentAnswer {
  readonly output: string | undefined
  readonly deeds: readonly Deed[]
}

/**
 * Counts a result against the budget of its agent, and does what was announced for when that runs low: a longer result is cut, and the agent told why and what it
 * can do. `earlier` is an answer that the budgets of files gave already.
 */
export function answerWithin(purse: Purse, fired: Fired, earlier: string | undefined): AgentAnswer {
  const { agent, share, spent, server, log } = purse
  const replaced = earlier === undefined ? undefined : Object(JSON.parse(earlier)).hookSpecificOutput
  const result = replaced === undefined ? purse.result : againOf(fired, replaced)
  const before = tokensIn(result.text)
  const allowanceAfter = (next: number) => allowance(share, server === '' ? undefined : server, spent, next)
  const cut = purse.isKept ? undefined : cutOf(purse, allowanceAfter(before), result, before)
  const after = cut === undefined ? before : tokensIn(cut.text)
  const tokens = after + Math.round(inputBytes(fired.input) / BYTES_PER_TOKEN)
  // What was done to this answer, and what holds after it.
  const reached: readonly Step[] = allowanceAfter(tokens).steps
  const isDone = (step: Step) =>
    reached.includes(step) ||
    (step === 'outline' && replaced !== undefined && purse.allowance.steps.includes(step)) ||
    (step === 'cut' && cut !== undefined)
  const told = share.degrade.filter((step) => isDone(step) && !spent.told.has(step))
  if (!log.add({ agent, tokens, server, told })) return { output: earlier, deeds: [] }
  const notes = [...told.map((step) => noteOf(step, purse)), ...(cut?.note === undefined ? [] : [cut.note])]
  const sum = spent.tokens + tokens
  const deeds: Deed[] = [
    ...(spent.isNew ? [deed(purse, 'granted', 0, 0)] : []),
    ...told.map((step) => deed(purse, step, sum, step === 'cut' ? before - after : 0)),
    ...(cut !== undefined && !told.includes('cut') ? [deed(purse, 'cut', sum, before - after)] : []),
  ]
  if (cut === undefined && notes.length === 0) return { output: earlier, deeds }
  const output = {
    hookEventName: 'PostToolUse',
    ...(cut?.output ?? withoutName(replaced)),
    ...(notes.length > 0 && { additionalContext: notes.join('\n') }),
  }
  return { output: JSON.stringify({ hookSpecificOutput: output }), deeds }
}

function planOf(fired: Fired, place: AgentPlace) {
  const names = agentPlanNames(place.dir)
  if (names.size === 0) return undefined
  const plan = agentPlanFor(place.dir, names, fired.project)
  if (plan === undefined) return undefined
  const isOn = switchesIn({ userFile: place.userFile, cwd: fired.project, env: place.env })
  if (!isOn('agent_budgets.enabled', false)) return undefined
  const input: unknown = JSON.parse(fired.input.toString('utf8'))
  const agent = fired.agent === '' ? MAIN : typeOf(fired, input)
  const share = agent !== undefined && Object.hasOwn(plan.agents, agent) ? plan.agents[agent] : undefined
  return agent === undefined || share === undefined ? undefined : { plan, input, agent, share }
}

/** Plans of any directory: where there is none, nothing else needs to be looked at. */
function agentPlanNames(dir: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(dir).filter((name) => name.startsWith('agents-')))
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return new Set()
    throw error
  }
}

/** What kind of agent it is: the client says so, or what it keeps beside the sub-agent's transcript does. */
function typeOf({ agent }: Fired, input: unknown): string | undefined {
  const { agent_type: type, transcript_path: transcript } = Object(input)
  if (typeof type === 'string' && type !== '') return type
  if (typeof transcript !== 'string' || !/^[\w-]+$/.test(agent)) return undefined
  const meta = textIfRegular(
    join(transcript.replace(/\.jsonl$/, ''), 'subagents', `agent-${agent}.meta.json`),
  )
  try {
    const { agentType } = Object(JSON.parse(meta ?? '{}'))
    return typeof agentType === 'string' ? agentType : undefined
  } catch {
    return undefined
  }
}

/** The result that another policy put in the tool's place, read like the tool's own. */
function againOf(
  { tool }: Fired,
  { updatedToolOutput, updatedMCPToolOutput }: Record<string, unknown>,
): ToolResult {
  const response = updatedToolOutput ?? updatedMCPToolOutput
  const cells = Object(Object(response).file).cells
  // An outline has a size of its own, and is what is left to give.
  if (Array.isArray(cells)) return { text: String(Object(cells[0]).source ?? ''), cut: () => undefined }
  const result = toolResult(tool, {
    tool_input: { file_path: Object(Object(response).file).filePath },
    tool_response: response,
  })
  return updatedMCPToolOutput === undefined ? result : { ...result, cut: () => undefined }
}

function withoutName(replaced: Record<string, unknown> | undefined): object {
  const { hookEventName: _, ...rest } = replaced ?? {}
  return rest
}

function cutOf(purse: Purse, { left, resultTokens }: Allowance, result: ToolResult, tokens: number) {
  if (resultTokens === undefined || tokens <= resultTokens) return undefined
  const why = `budget of ${purse.agent}: about ${Math.round(left)} tokens were left`
  let kept: string | undefined
  const cut = result.cut(Math.floor(resultTokens * BYTES_PER_TOKEN), (lines) => {
    kept ??= keep(purse.cutDir, result.text)
    return `[${lines} line${lines === 1 ? '' : 's'} left out (${why}). The whole text is in ${kept}: read it with offset and limit.]`
  })
  if (cut === undefined) return undefined
  const note =
    cut.next === undefined
      ? undefined
      : `Only the first lines of that file are shown (${why}). For more read it from offset ${cut.next}, with a limit.`
  return { ...cut, note }
}

/** Keeps a text whole, under its hash: the same text has one place. Throws the system's error, and then nothing is cut. */
function keep(dir: string, text: string): string {
  try {
    mkdirSync(dir, { mode: 0o700 })
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error
  }
  const file = join(dir, `${fingerprint([text])}.txt`)
  if (textIfRegular(file) !== text) writeFileAtomic(file, text)
  return file
}

function noteOf(
  step: Step,
  { agent, share, spent, server, allowance: { left, server: bound, fileTokens } }: Purse,
): string {
  const limit = bound === undefined ? share.tokens : share.servers[bound]!
  const who = agent === MAIN ? 'this session' : `this agent (${agent})`
  const what =
    bound === undefined ? `budget of ${limit} tokens` : `budget of ${limit} tokens for results of ${server}`
  const used = bound === undefined ? spent.tokens : (spent.byServer[bound] ?? 0)
  if (limit === 0 && bound === undefined)
    return `Token budget: ${who} was put off in this workflow and has no tokens. Finish now, and say that it was.`
  const head = `Token budget: before this answer ${who} had used about ${used} of its ${what}; about ${left} were left.`
  if (step === 'outline')
    return `${head} Files over ${fileTokens} tokens are now shown as outlines first. Read them with offset and limit for what you need, or again for all of it.`
  if (step === 'cut')
    return `${head} Longer results are now cut; each says where the rest is. Ask for less at once: ranges of files, filtered output, narrower queries.`
  return `${head} It is spent: finish now with what you have, and say what you left out.`
}

function deed(
  { agent, plan, share }: Pick<Purse, 'agent' | 'plan' | 'share'>,
  action: Deed['action'],
  spentTokens: number,
  savedTokens: number,
): Deed {
  return {
    agentType: agent,
    workflow: plan.workflow,
    action,
    grantedTokens: share.tokens,
    spentTokens,
    savedTokens,
  }
}

function tokensIn(text: string): number {
  return Math.round(Buffer.byteLength(text) / BYTES_PER_TOKEN)
}

/** What the agent wrote to call the tool. */
function inputBytes(input: Buffer): number {
  return JSON.stringify(Object(JSON.parse(input.toString('utf8'))).tool_input ?? '').length
}
