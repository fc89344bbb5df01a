import { dirname, join } from 'node:path'
import { writeFileAtomic } from '../config/write-file.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { fingerprint } from '../hash.ts'
import { readRegular } from '../regular-file.ts'
import { STEPS, type Step } from './step.ts'

/** What one agent may take in a session, by all of its runs. */
export interface Share {
  readonly tokens: number
  readonly degrade: readonly Step[]
  /** The most that results of an MCP server may come to, by its name. */
  readonly servers: Readonly<Record<string, number>>
}

/** Grants that a hook goes by, as JSON; written anew, never edited. */
export interface AgentPlan {
  readonly format: 1
  /** Directory that it counts in and below, with links resolved. */
  readonly root: string
  readonly workflow: string
  readonly total: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly agents: Readonly<Record<string, Share>>
}

/** The name of a directory's plan in the directory of budgets; pairs with config/own-names.ts. */
function agentPlanName(root: string): string {
  return `agents-${fingerprint([root])}.json`
}

/** Writes a plan for the hook. Throws write_failed, config_read_only. */
export function writeAgentPlan(dir: string, plan: Omit<AgentPlan, 'format'>): string {
  const file = join(dir, agentPlanName(plan.root))
  writeFileAtomic(file, `${JSON.stringify({ format: 1, ...plan })}\n`)
  return file
}

/** The plan of the nearest directory at or above one; undefined where there is none, or none that this version reads. `names` are those in `dir`. */
export function agentPlanFor(dir: string, names: ReadonlySet<string>, from: string): AgentPlan | undefined {
  for (let at = from; ; at = dirname(at)) {
    if (names.has(agentPlanName(at))) return readAgentPlan(join(dir, agentPlanName(at)))
    if (dirname(at) === at) return undefined
  }
}

function readAgentPlan(file: string): AgentPlan | undefined {
  try {
    const plan: unknown = JSON.parse(readRegular(file).toString('utf8'))
    return isPlan(plan) ? plan : undefined
  } catch (error) {
    if (
      error instanceof SyntaxError ||
      error instanceof MyceliumError ||
      hasErrno(error, 'ENOENT', 'ENOTDIR')
    )
      return undefined
    throw error
  }
}

function isPlan(value: unknown): value is AgentPlan {
  const { format, workflow, agents } = Object(value)
  return (
    format === 1 &&
    typeof workflow === 'string' &&
    typeof agents === 'object' &&
    agents !== null &&
    Object.values(agents).every(isShare)
  )
}

function isShare(value: unknown): value is Share {
  const { tokens, degrade, servers } = Object(value)
  return (
    Number.isFinite(tokens) &&
    Array.isArray(degrade) &&
    degrade.every((step) => STEPS.includes(step)) &&
    typeof servers === 'object' &&
    servers !== null &&
    Object.values(servers).every(Number.isFinite)
  )
}
