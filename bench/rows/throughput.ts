import { AgentSession, callBody } from '../../src/core/bench/agent-session.ts'
import { bootstrap, medianRatio, summaryOf } from '../../src/core/bench/statistics.ts'
import { onStages, type Stage } from '../contender.ts'
import { type Context, everything } from '../context.ts'
import type { RowResult } from '../result.ts'

const ROUNDS = 12
const CLIENTS = 8
const IN_FLIGHT = 8
const ROUND_MS = 700

/** Calls per second of 8 sessions with 8 calls in flight each. Contenders take turns. */
export async function throughput(context: Context): Promise<RowResult> {
  const rounds = context.runs ?? ROUNDS
  const contenders = [context.direct, context.mycelium, ...context.peers]
  return onStages(contenders, [everything(context.packageRoot)], async (stages) => {
    const lanes = []
    for (const stage of stages) lanes.push(await openLane(stage))
    for (let round = 0; round < rounds; round++) {
      context.progress(`throughput ${round + 1}/${rounds}`)
      for (let i = 0; i < lanes.length; i++) {
        const lane = lanes[(i + round) % lanes.length]!
        await context.quiet()
        lane.rates.push(await rate(lane.sessions, lane.body, lane.callsPerSession))
      }
    }
    for (const lane of lanes) await Promise.all(lane.sessions.map((session) => session.close()))
    const direct = lanes[0]!.rates
    return {
      headlines: lanes.slice(1).map(({ contender, rates }) => {
        const ratio = bootstrap(rates, direct, medianRatio)
        const bounds = contender === context.mycelium ? { must: 1, aim: 1.2, atLeast: true } : {}
        return {
          what: `calls/s, ${CLIENTS} × ${IN_FLIGHT} in flight ÷ direct`,
          contender: contender.name,
          value: ratio.value,
          unit: '×',
          interval: ratio,
          ...bounds,
        }
      }),
      details: lanes.map(({ contender, rates }) => ({
        contender: contender.name,
        what: 'calls per second',
        unit: '1/s',
        summary: summaryOf(rates),
      })),
    }
  })
}

async function openLane(stage: Stage) {
  const body = callBody(stage.tool('everything', 'echo'), { message: 'x'.repeat(100) })
  const sessions: AgentSession[] = []
  for (let i = 0; i < CLIENTS; i++) {
    const session = new AgentSession(stage.command('everything'))
    await session.initialize()
    sessions.push(session)
  }
  await rate(sessions, body, 50)
  const perMs = (await rate(sessions, body, 100)) / 1000
  const callsPerSession = Math.max(IN_FLIGHT, Math.round((perMs * ROUND_MS) / CLIENTS))
  return { contender: stage.contender, sessions, body, callsPerSession, rates: [] as number[] }
}

async function rate(sessions: readonly AgentSession[], body: string, calls: number): Promise<number> {
  const since = performance.now()
  await Promise.all(sessions.map((session) => session.calls(calls, IN_FLIGHT, body)))
  return (sessions.length * calls * 1000) / (performance.now() - since)
}
