import { MyceliumError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import type { CountTokens } from '../tokens/count.ts'
import type { Claim } from './claim.ts'
import type { AgentDefinition } from './definition.ts'
import { enough, needOf } from './need.ts'
import { stagesOf } from './stages.ts'
import { MAIN, STEPS, type Step } from './step.ts'
import type { Stated, Workflow } from './workflow.ts'

/** Agents that clients bring themselves. */
const BUILT_IN: readonly string[] = [
  MAIN,
  'general-purpose',
  'Explore',
  'Plan',
  'explore',
  'general',
  'default',
  'worker',
  'explorer',
]

/** What a claim was made of. */
export interface Planned {
  readonly claim: Claim
  readonly degrade: readonly Step[]
  readonly servers: Readonly<Record<string, number>>
  readonly definition: AgentDefinition | undefined
  /** `stated` by the workflow; `record` where sessions of before say something; else `estimate`. */
  readonly basis: 'stated' | 'record' | 'estimate'
  /** Sessions on record. */
  readonly sessions: number
  /** How often a grant of so many tokens would be enough, 0 to 1. */
  enough(tokens: number): number
}

/** What claims are made with. */
export interface ClaimSources {
  readonly definitions: readonly AgentDefinition[]
  /** What agents took in sessions before, tokens each, by name. */
  readonly history: ReadonlyMap<string, readonly number[]>
  readonly count: CountTokens
  /** The workflow's file, for messages. */
  readonly file: string
}

/**
 * The claims of a workflow: what it states stands, what it leaves out is estimated (need.ts) and fits around that. Throws unknown_agent for one that no client
 * defines or has run, and what stagesOf throws.
 */
export function claimsOf(workflow: Workflow, sources: ClaimSources): readonly Planned[] {
  const { definitions, history, count, file } = sources
  const stages = stagesOf(workflow.agents, file)
  return workflow.agents.map((stated): Planned => {
    const definition = definitions.find(({ name, shadowed }) => name === stated.name && !shadowed)
    const used = history.get(stated.name) ?? []
    if (definition === undefined && used.length === 0 && !BUILT_IN.includes(stated.name))
      throw unknown(
        stated.name,
        [...definitions.map(({ name }) => name), ...history.keys(), ...BUILT_IN],
        file,
      )
    const { task } = stated
    const need = needOf({ definition, task, taskTokens: task === undefined ? 0 : count(task), used })
    const { min, want, max } = sizesOf(stated, need)
    const { name, weight, needs } = stated
    return {
      claim: { name, min, want, max, weight, needs, stage: stages.get(name)! },
      degrade: stated.degrade,
      servers: stated.servers,
      definition,
      basis: stated.want !== undefined ? 'stated' : used.length > 0 ? 'record' : 'estimate',
      sessions: used.length,
      enough: stated.want === undefined ? need.enough : (tokens) => enough(tokens, want, used),
    }
  })
}

/** A workflow of all agents that one client defines, side by side. */
export function workflowOf(definitions: readonly AgentDefinition[]): Workflow {
  const names = [...new Set(definitions.filter(({ shadowed }) => !shadowed).map(({ name }) => name))]
  return {
    name: '',
    agents: names.map((name) => ({
      name,
      weight: 1,
      needs: [],
      degrade: STEPS,
      servers: {},
    })),
    groups: [],
  }
}

/** What is stated, and the estimate around it; parseWorkflow saw to it that what is stated is in order. */
function sizesOf(
  stated: Stated,
  need: { readonly min: number; readonly want: number; readonly max: number },
) {
  const want = stated.want ?? Math.max(stated.min ?? 1, Math.min(need.want, stated.max ?? need.want), 1)
  const min = stated.min ?? Math.min(need.min, stated.want === undefined ? want : Math.floor(want / 4))
  const max = stated.max ?? Math.max(stated.want === undefined ? need.max : 3 * want, want)
  return { min, want, max }
}

function unknown(name: string, known: readonly string[], file: string): MyceliumError {
  const meant = nearest(name, known)
  return new MyceliumError(
    'unknown_agent',
    `${file}: no client defines an agent ${name}, and none is on record${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    { data: { agent: name } },
  )
}
