import { AgentSession, callBody } from '../../src/core/bench/agent-session.ts'
import { bootstrap, median, medianRatio, summaryOf } from '../../src/core/bench/statistics.ts'
import { type Contender, onStage } from '../contender.ts'
import { type Context, everything, wait } from '../context.ts'
import { memoryOf } from '../proc.ts'
import type { Detail, Headline, RowResult } from '../result.ts'

const REPEATS = 5
const SESSIONS = 8
/** Calls each session makes first, so that nothing measured is still fresh from the loader. */
const CALLS = 50
const SETTLE_MS = 1000

interface Sample {
  readonly perSessionRssMb: number
  readonly perSessionPssMb: number
  readonly totalPssMb: number
  readonly totalRssMb: number
  readonly processes: number
}

/** Memory of 8 sessions of one server, and what each session after the first adds: the whole tree, whatever it consists of. */
export async function memory(context: Context): Promise<RowResult> {
  const contenders = [context.direct, context.mycelium, context.myceliumSession, ...context.peers]
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]))
  const repeats = context.runs ?? REPEATS
  for (let repeat = 0; repeat < repeats; repeat++) {
    // One contender at a time: others alive would share pages with it and lower its PSS.
    for (const contender of contenders) {
      context.progress(`memory ${repeat + 1}/${repeats} ${contender.name}`)
      samples.get(contender)!.push(await measure(context, contender))
    }
  }
  const of = (contender: Contender, key: keyof Sample) => samples.get(contender)!.map((sample) => sample[key])
  const headlines: Headline[] = contenders.slice(1).flatMap((contender) => {
    const shared = contender === context.mycelium
    const total = bootstrap(of(contender, 'totalPssMb'), of(context.direct, 'totalPssMb'), medianRatio)
    return [
      {
        what: `PSS of ${SESSIONS} sessions ÷ direct`,
        contender: contender.name,
        value: total.value,
        unit: '×',
        interval: total,
        ...(shared ? { must: 0.3, aim: 0.2 } : {}),
      },
      {
        what: 'RSS of a further session',
        contender: contender.name,
        value: median(of(contender, 'perSessionRssMb')),
        unit: 'MB',
        ...(shared ? { must: 6 } : {}),
      },
      {
        what: 'PSS of a further session',
        contender: contender.name,
        value: median(of(contender, 'perSessionPssMb')),
        unit: 'MB',
        ...(shared ? { must: 6, aim: 1.5 } : {}),
      },
    ]
  })
  const measures: readonly (readonly [keyof Sample, string, string])[] = [
    ['totalPssMb', `PSS, ${SESSIONS} sessions`, 'MB'],
    ['totalRssMb', `RSS, ${SESSIONS} sessions`, 'MB'],
    ['perSessionPssMb', 'PSS per further session', 'MB'],
    ['perSessionRssMb', 'RSS per further session', 'MB'],
    ['processes', `processes, ${SESSIONS} sessions`, ''],
  ]
  const details: Detail[] = contenders.flatMap((contender) =>
    measures.map(([key, what, unit]) => ({
      contender: contender.name,
      what,
      unit,
      summary: summaryOf(of(contender, key)),
    })),
  )
  return { headlines, details }
}

function measure(context: Context, contender: Contender): Promise<Sample> {
  return onStage(contender, [everything(context.packageRoot)], async (stage) => {
    const body = callBody(stage.tool('everything', 'echo'), { message: 'x'.repeat(100) })
    const open = async () => {
      const session = new AgentSession(stage.command('everything'))
      await session.initialize()
      await session.request('tools/list')
      await session.calls(CALLS, 1, body)
      return session
    }
    const sessions = [await open()]
    await wait(SETTLE_MS)
    const one = memoryOf(stage.pids())
    while (sessions.length < SESSIONS) sessions.push(await open())
    await wait(SETTLE_MS)
    const pids = stage.pids()
    const all = memoryOf(pids)
    for (const session of sessions) await session.close()
    return {
      perSessionRssMb: (all.rssMb - one.rssMb) / (SESSIONS - 1),
      perSessionPssMb: (all.pssMb - one.pssMb) / (SESSIONS - 1),
      totalPssMb: all.pssMb,
      totalRssMb: all.rssMb,
      processes: pids.length,
    }
  })
}
