import { AgentSession } from '../../src/core/bench/agent-session.ts'
import { bootstrap, median, medianRatio, summaryOf } from '../../src/core/bench/statistics.ts'
import { onStages, type Stage } from '../contender.ts'
import { type Context, everything } from '../context.ts'
import type { RowResult } from '../result.ts'

const ROUNDS = 40

/** Spawn of the command in an agent's config to the answered `initialize`, on a server that is warm because another session uses it. */
export async function attach(context: Context): Promise<RowResult> {
  const rounds = context.runs ?? ROUNDS
  const contenders = [context.direct, context.mycelium, context.myceliumSession, ...context.peers]
  return onStages(contenders, [everything(context.packageRoot)], async (stages) => {
    const keepers = []
    for (const stage of stages) keepers.push(await openWarm(stage))
    const times = new Map<Stage, number[]>(stages.map((stage) => [stage, []]))
    for (let round = 0; round < rounds; round++) {
      context.progress(`attach ${round + 1}/${rounds}`)
      // A fixed order would let each contender always start in the wake of the same other one.
      for (let i = 0; i < stages.length; i++) {
        const stage = stages[(i + round) % stages.length]!
        await stage.ready()
        await context.quiet()
        times.get(stage)!.push(await attachOnce(stage))
      }
    }
    for (const keeper of keepers) await keeper.close()
    const direct = times.get(stages[0]!)!
    return {
      headlines: stages.slice(1).flatMap((stage) => {
        const contender = stage.contender.name
        const bounds = stage.contender === context.mycelium ? { must: 10, aim: 5 } : {}
        const ms = times.get(stage)!
        const ratio = bootstrap(ms, direct, medianRatio)
        return [
          { what: 'warm attach + initialize, p50', contender, value: median(ms), unit: 'ms', ...bounds },
          { what: 'the same ÷ direct start', contender, value: ratio.value, unit: '×', interval: ratio },
        ] as const
      }),
      details: stages.map((stage) => ({
        contender: stage.contender.name,
        what: 'attach + initialize',
        unit: 'ms',
        summary: summaryOf(times.get(stage)!),
      })),
    }
  })
}

async function openWarm(stage: Stage): Promise<AgentSession> {
  const session = new AgentSession(stage.command('everything'))
  await session.initialize()
  await session.request('tools/list')
  return session
}

async function attachOnce(stage: Stage): Promise<number> {
  const session = new AgentSession(stage.command('everything'))
  await session.initialize()
  const ms = performance.now() - session.startedAt
  await session.close()
  return ms
}
