import { mkdirSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { writeAgentPlan } from '../core/agents/agent-plan.ts'
import { compare } from '../core/agents/claim.ts'
import type { Conflict } from '../core/agents/conflict.ts'
import type { AgentDefinition } from '../core/agents/definition.ts'
import { proposalsFor } from '../core/agents/proposals.ts'
import { type Definitions, readDefinitions } from '../core/agents/read-definitions.ts'
import { solve, waitingFor } from '../core/agents/solve.ts'
import { parseWorkflow, type Workflow } from '../core/agents/workflow.ts'
import { claimsOf, type Planned, workflowOf } from '../core/agents/workflow-claims.ts'
import { whereFrom } from '../core/clients/places.ts'
import { systemClock } from '../core/clock.ts'
import { resolveSettings } from '../core/config/layers.ts'
import { type Paths, pathsFrom } from '../core/config/paths.ts'
import { writeFailure } from '../core/config/write-file.ts'
import { exitCodeOf, hasErrno, MyceliumError } from '../core/errors.ts'
import { askStore, isRecorded } from '../core/events/store.ts'
import { readRegular } from '../core/regular-file.ts'
import {
  type AgentBudgets,
  brokenText,
  conflictsJson,
  conflictsText,
  grantsJson,
  grantsText,
  recordsText,
} from '../core/report/agent-budget-report.ts'
import { failureJson } from '../core/report/failure.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { loadCounter } from '../core/tokens/count.ts'
import { readAgentHistory, readBudgetRecords } from '../core/usage/agent-history.ts'

/** Options of `mycelium budget agents`. */
export interface BudgetAgentsOptions {
  readonly workflow?: string
  readonly total?: number
  readonly client?: string
  readonly defer?: readonly string[]
  readonly actual?: boolean
  readonly write?: boolean
  readonly json?: boolean
  readonly config?: readonly string[]
}

const MAX_WORKFLOW_BYTES = 4 * 1024 * 1024

/** `mycelium budget agents`. Throws workflow_invalid, unknown_agent, agents_none, agents_conflict, and what the store throws with `--actual`. */
export async function runBudgetAgents(io: Io, options: BudgetAgentsOptions): Promise<number> {
  const paths = pathsFrom(io.env)
  if (options.actual) return showActual(io, paths, options)
  const settings = resolveSettings({ flags: options.config ?? [], env: io.env, cwd: io.cwd, paths })
  const count = await loadCounter()
  const found = readDefinitions(whereFrom(io.env, io.cwd), count)
  const file = options.workflow === undefined ? undefined : resolve(io.cwd, options.workflow)
  const { workflow, definitions } =
    file === undefined
      ? allOf(found, options.client)
      : { workflow: readWorkflow(file), definitions: ordered(found.agents, options.client) }
  const planned = claimsOf(workflow, {
    definitions,
    history: await history(io, paths),
    count,
    file: file ?? 'the definitions',
  })
  const total = options.total ?? workflow.total ?? settings.get('agent_budgets.total_tokens')
  const deferred = options.defer ?? []
  refuseUnknown(deferred, planned)
  const claims = planned.map(({ claim }) => claim)
  const solution = solve(claims, workflow.groups, total, deferred)
  if (!options.json) io.talk(brokenText(found.broken))
  if (!solution.feasible) {
    const off = waitingFor(claims, deferred)
    const live = claims.filter(({ name }) => !off.has(name))
    const proposals = proposalsFor(live, workflow.groups, total)
    const { conflicts } = solution
    const error = conflictError(conflicts, [...deferred, ...(proposals.defer?.agents ?? [])], options.write)
    if (options.json) {
      const what = conflictsJson(total, conflicts, proposals)
      io.write(jsonText({ ...failureJson(error), ...what, broken: found.broken }))
      return exitCodeOf(error)
    }
    io.write(conflictsText(conflicts, proposals))
    throw error
  }
  const budgets: AgentBudgets = { solution, planned }
  const written = options.write ? write(io, paths, workflow, budgets) : undefined
  if (options.json)
    io.write(
      jsonText({
        workflow: file ?? null,
        ...grantsJson(budgets),
        written: written ?? null,
        broken: found.broken,
      }),
    )
  else io.write(grantsText(budgets, io.width))
  if (!options.json) talk(io, settings.get('agent_budgets.enabled'), written)
  return 0
}

function conflictError(
  conflicts: readonly Conflict[],
  defer: readonly string[],
  write: boolean | undefined,
): MyceliumError {
  const [{ bound, needed, limit }] = conflicts as readonly [Conflict]
  return new MyceliumError(
    'agents_conflict',
    `${bound}: the agents need ${needed} tokens at least, and there are ${limit}${write ? '; nothing was written' : ''}`,
    defer.length === 0
      ? {}
      : { hint: `raise it, lower a min, or add ${defer.map((name) => `--defer ${name}`).join(' ')}` },
  )
}

/** The agents of one client: that which was named, else Claude Code, where budgets are held to, else the first that has any. */
function allOf(
  { agents }: Definitions,
  named: string | undefined,
): { workflow: Workflow; definitions: readonly AgentDefinition[] } {
  const ids = [...new Set(agents.map(({ client }) => client))]
  const client = named ?? (ids.includes('claude-code') ? 'claude-code' : ids[0])
  const definitions = agents.filter((one) => one.client === client)
  if (definitions.length === 0)
    throw new MyceliumError(
      'agents_none',
      named === undefined
        ? 'no client defines an agent here'
        : `${named} defines no agent here${ids.length > 0 ? `; ${ids.join(', ')} do` : ''}`,
    )
  return { workflow: workflowOf(definitions), definitions }
}

/** Of one name in several clients that of the client named, else of Claude Code counts. */
function ordered(agents: readonly AgentDefinition[], client = 'claude-code'): readonly AgentDefinition[] {
  return [...agents].sort(
    (a, b) => Number(b.client === client) - Number(a.client === client) || compare(a.client, b.client),
  )
}

function readWorkflow(file: string): Workflow {
  let text: string
  try {
    text = readRegular(file, MAX_WORKFLOW_BYTES).toString('utf8')
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT', 'ENOTDIR'))
      throw new MyceliumError('path_missing', `${file} does not exist`, {
        cause,
        hint: 'name a workflow that exists; docs/agents.md says what it may hold',
      })
    if (hasErrno(cause, 'EACCES', 'EPERM', 'EISDIR', 'ELOOP'))
      throw new MyceliumError('config_unreadable', `${file} cannot be read: ${cause.code}`, { cause })
    throw cause
  }
  return parseWorkflow(text, file)
}

/** What agents took before; nothing where nothing is recorded, or it cannot be asked, which is said. */
async function history(io: Io, paths: Paths): Promise<ReadonlyMap<string, readonly number[]>> {
  if (!isRecorded(paths)) return new Map()
  try {
    return await askStore(paths, ({ database }) => readAgentHistory(database.connection))
  } catch (error) {
    if (!(error instanceof MyceliumError)) throw error
    io.talk(`estimated without what is on record: ${error.message}\n`)
    return new Map()
  }
}

function refuseUnknown(deferred: readonly string[], planned: readonly Planned[]): void {
  const names = planned.map(({ claim }) => claim.name)
  const unknown = deferred.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new MyceliumError(
      'unknown_agent',
      `--defer names ${unknown}, which is not among ${names.join(', ')}`,
    )
}

function write(io: Io, paths: Paths, workflow: Workflow, { solution, planned }: AgentBudgets): string {
  try {
    mkdirSync(paths.budgets, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw writeFailure(paths.budgets, cause)
  }
  const agents = solution.grants.map(({ claim, tokens }, i) => {
    const { degrade, servers } = planned[i]!
    return [claim.name, { tokens, degrade, servers }] as const
  })
  return writeAgentPlan(paths.budgets, {
    root: realpathSync(io.cwd),
    workflow: workflow.name,
    total: solution.total,
    at: systemClock.wall(),
    agents: Object.fromEntries(agents),
  })
}

function talk(io: Io, isOn: boolean, written: string | undefined): void {
  if (written !== undefined) io.talk(`kept for the hook in ${written}\n`)
  if (written !== undefined && !isOn)
    io.talk(
      'nothing acts by it: agent_budgets.enabled is off\n  next: mycelium config set agent_budgets.enabled=true, and mycelium init --hooks where the hook is not installed\n',
    )
  if (written === undefined && isOn)
    io.talk('shown only: the hook goes by what was kept last\n  next: mycelium budget agents --write\n')
}

async function showActual(io: Io, paths: Paths, { json }: BudgetAgentsOptions): Promise<number> {
  if (!isRecorded(paths)) throw new MyceliumError('database_none', 'no agent was held to a budget yet')
  const records = await askStore(paths, ({ database }) => readBudgetRecords(database.connection))
  if (json) io.write(jsonText({ agents: records }))
  else if (records.length > 0) io.write(recordsText(records, io.width))
  else io.write('No agent was held to a budget yet.\n')
  return 0
}
