import { MyceliumError } from '../errors.ts'

/** What an agent says of when it runs. */
export interface Order {
  readonly name: string
  readonly needs: readonly string[]
  readonly stage?: number
}

/**
 * The stage of each agent: as stated, else the first after all that it needs. Those of one stage run at once. Throws workflow_invalid for agents that need
 * each other in a circle, and for a stage that is not after one that it needs.
 */
export function stagesOf(agents: readonly Order[], file: string): ReadonlyMap<string, number> {
  const byName = new Map(agents.map((agent) => [agent.name, agent]))
  const stages = new Map<string, number>()
  const fail = (what: string): never => {
    throw new MyceliumError('workflow_invalid', `${file}: ${what}`, { data: { file } })
  }
  const visit = (name: string, trail: readonly string[]): number => {
    const known = stages.get(name)
    if (known !== undefined) return known
    if (trail.includes(name))
      fail(
        `agents need each other in a circle: ${[...trail.slice(trail.indexOf(name)), name].join(' needs ')}`,
      )
    const { needs, stage } = byName.get(name)!
    let first = 0
    for (const need of needs) {
      const before = visit(need, [...trail, name])
      if (stage !== undefined && stage <= before)
        fail(`${name} is in stage ${stage}, but needs ${need}, which is in stage ${before}`)
      first = Math.max(first, before + 1)
    }
    stages.set(name, stage ?? first)
    return stage ?? first
  }
  for (const { name } of agents) visit(name, [])
  return stages
}
