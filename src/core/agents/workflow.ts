import { MyceliumError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import type { Group } from './claim.ts'
import { STEPS, type Step } from './step.ts'

/** What a workflow says of one agent; what it leaves out is estimated. Sizes in tokens. */
export interface Stated {
  readonly name: string
  readonly task?: string
  readonly min?: number
  readonly want?: number
  readonly max?: number
  readonly weight: number
  readonly needs: readonly string[]
  readonly stage?: number
  readonly degrade: readonly Step[]
  /** The most that results of one MCP server may come to for this agent, by the server's name. */
  readonly servers: Readonly<Record<string, number>>
}

/** A workflow as its file says it. */
export interface Workflow {
  readonly name: string
  readonly total?: number
  readonly agents: readonly Stated[]
  readonly groups: readonly Group[]
}

const MAX_AGENTS = 1_000
const MAX_TOKENS = 1_000_000_000
const MAX_TASK_CHARS = 100_000
const TOP = ['name', 'total', 'agents', 'atMostTogether', 'degrade']
const OF_AGENT = ['name', 'task', 'min', 'want', 'max', 'weight', 'needs', 'stage', 'degrade', 'servers']
const OF_GROUP = ['name', 'agents', 'limit']

/** Reads a workflow (docs/agents.md). Throws workflow_invalid with the place and what is wrong there. */
export function parseWorkflow(text: string, file: string): Workflow {
  const fail = (what: string): never => {
    throw new MyceliumError('workflow_invalid', `${file}: ${what}`, { data: { file } })
  }
  const root = objectAt(parsed(text, fail), 'it', TOP, fail)
  const degrade = stepsAt(root.degrade, 'degrade', [...STEPS], fail)
  if (!Array.isArray(root.agents) || root.agents.length === 0)
    fail('agents must be a list of one agent at least')
  const rows = root.agents as readonly unknown[]
  if (rows.length > MAX_AGENTS) fail(`${rows.length} agents; at most ${MAX_AGENTS} are taken`)
  const agents = rows.map((row, i) => agentAt(row, `agents[${i}]`, degrade, fail))
  const names = agents.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined)
    fail(`${twice} is there twice; an agent has one grant for a session, however often it runs`)
  for (const { name, needs } of agents)
    for (const need of needs)
      if (!names.includes(need))
        fail(`${name} needs ${need}, which is not among its agents${meant(need, names)}`)
  const groups = listAt(root.atMostTogether, 'atMostTogether', fail).map((row, i) =>
    groupAt(row, i, names, fail),
  )
  const crossing = crossingOf(groups)
  if (crossing)
    fail(
      `the groups ${crossing[0]} and ${crossing[1]} share some agents but neither holds the other; put one inside the other, or apart`,
    )
  return {
    name: root.name === undefined ? '' : textAt(root.name, 'name', fail),
    ...(root.total !== undefined && { total: tokensAt(root.total, 'total', 1, fail) }),
    agents,
    groups,
  }
}

type Fail = (what: string) => never

function parsed(text: string, fail: Fail): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    return fail(`no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function agentAt(value: unknown, place: string, degrade: readonly Step[], fail: Fail): Stated {
  const row = objectAt(value, place, OF_AGENT, fail)
  const name = textAt(row.name, `${place}.name`, fail)
  const at = (key: string) => `${name}: ${key}`
  const size = (key: 'min' | 'want' | 'max', least: number) =>
    row[key] === undefined ? {} : { [key]: tokensAt(row[key], at(key), least, fail) }
  const sizes: Partial<Record<'min' | 'want' | 'max', number>> = {
    ...size('min', 0),
    ...size('want', 1),
    ...size('max', 1),
  }
  const stated = (['min', 'want', 'max'] as const).filter((key) => sizes[key] !== undefined)
  for (const [i, high] of stated.entries()) {
    const low = stated[i - 1]
    if (low !== undefined && sizes[low]! > sizes[high]!)
      fail(`${name}: ${low} ${sizes[low]} is more than ${high} ${sizes[high]}`)
  }
  const { weight = 1, stage } = row
  if (typeof weight !== 'number' || !(weight > 0) || weight > 1_000_000)
    fail(`${at('weight')} must be a number above 0 and up to 1000000, not ${shown(weight)}`)
  if (stage !== undefined && !(Number.isSafeInteger(stage) && (stage as number) >= 0))
    fail(`${at('stage')} must be a whole number from 0, not ${shown(stage)}`)
  const servers = row.servers === undefined ? {} : objectAt(row.servers, at('servers'), undefined, fail)
  return {
    name,
    ...(row.task !== undefined && { task: textAt(row.task, at('task'), fail, MAX_TASK_CHARS) }),
    ...sizes,
    weight: weight as number,
    needs: listAt(row.needs, at('needs'), fail).map((need) => textAt(need, at('needs'), fail)),
    ...(stage !== undefined && { stage: stage as number }),
    degrade: stepsAt(row.degrade, at('degrade'), degrade, fail),
    servers: Object.fromEntries(
      Object.entries(servers).map(([server, most]) => [
        server,
        tokensAt(most, at(`servers.${server}`), 0, fail),
      ]),
    ),
  }
}

function groupAt(value: unknown, i: number, names: readonly string[], fail: Fail): Group {
  const place = `atMostTogether[${i}]`
  const row = objectAt(value, place, OF_GROUP, fail)
  const agents = listAt(row.agents, `${place}.agents`, fail).map((name) =>
    textAt(name, `${place}.agents`, fail),
  )
  const unknown = agents.find((name) => !names.includes(name))
  if (unknown !== undefined)
    fail(`${place} names ${unknown}, which is not among its agents${meant(unknown, names)}`)
  if (agents.length === 0) fail(`${place}.agents must name an agent`)
  return {
    name: row.name === undefined ? `group ${i + 1}` : textAt(row.name, `${place}.name`, fail),
    agents: [...new Set(agents)],
    limit: tokensAt(row.limit, `${place}.limit`, 0, fail),
  }
}

function crossingOf(groups: readonly Group[]): readonly [string, string] | undefined {
  for (const [i, a] of groups.entries())
    for (const b of groups.slice(0, i)) {
      const shared = a.agents.filter((name) => b.agents.includes(name)).length
      if (shared > 0 && shared < a.agents.length && shared < b.agents.length) return [b.name, a.name]
    }
  return undefined
}

function objectAt(
  value: unknown,
  place: string,
  keys: readonly string[] | undefined,
  fail: Fail,
): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fail(`${place} must be an object, not ${shown(value)}`)
  const unknown = keys && Object.keys(value).find((key) => !keys.includes(key))
  if (unknown !== undefined) fail(`${place} has ${unknown}, which means nothing here${meant(unknown, keys!)}`)
  return value as Record<string, unknown>
}

function listAt(value: unknown, place: string, fail: Fail): readonly unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : fail(`${place} must be a list, not ${shown(value)}`)
}

function textAt(value: unknown, place: string, fail: Fail, most = 200): string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > most)
    return fail(`${place} must be a text of 1 to ${most} characters, not ${shown(value)}`)
  return value
}

function tokensAt(value: unknown, place: string, least: number, fail: Fail): number {
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > MAX_TOKENS)
    return fail(
      `${place} must be a whole number of tokens from ${least} to ${MAX_TOKENS}, not ${shown(value)}`,
    )
  return value as number
}

function stepsAt(value: unknown, place: string, byDefault: readonly Step[], fail: Fail): readonly Step[] {
  if (value === undefined) return byDefault
  const steps = listAt(value, place, fail)
  for (const step of steps)
    if (!STEPS.some((known) => known === step))
      fail(`${place}: ${shown(step)} is no step; there are ${STEPS.join(', ')}`)
  if (new Set(steps).size < steps.length) fail(`${place} has a step twice`)
  return steps as readonly Step[]
}

function meant(word: string, known: readonly string[]): string {
  const found = nearest(word, known)
  return found === undefined ? '' : `; did you mean ${found}?`
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 60)
}
