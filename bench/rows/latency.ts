import { AgentSession, callBody } from '../../src/core/bench/agent-session.ts'
import { bootstrap, median, medianDifference, quantile, summaryOf } from '../../src/core/bench/statistics.ts'
import { onStages, type Stage } from '../contender.ts'
import { type Context, everything } from '../context.ts'
import type { RowResult } from '../result.ts'

const BLOCKS = 20
const BLOCK_CALLS = 1000
/** Until code is compiled and heaps have their size; both take thousands of calls. */
const WARM_UP_CALLS = 4000
const LINE_BYTES = 200

/**
 * One 200-byte call in flight: what the way through costs on top of the direct one. Contenders take turns in blocks, and before
 * each block the machine rests: the first call then wakes every process on the way, so it is counted apart.
 */
export async function latency(context: Context): Promise<RowResult> {
  const blocks = context.runs ?? BLOCKS
  const contenders = [context.direct, context.mycelium, ...context.peers]
  return onStages(contenders, [everything(context.packageRoot)], async (stages) => {
    const lanes = []
    for (const stage of stages) lanes.push(await openLane(stage))
    for (let block = 0; block < blocks; block++) {
      context.progress(`latency ${block + 1}/${blocks}`)
      for (let i = 0; i < lanes.length; i++) {
        const lane = lanes[(i + block) % lanes.length]!
        await context.quiet()
        const [first, ...others] = await lane.session.calls(BLOCK_CALLS + 1, 1, lane.body)
        lane.firsts.push(first!)
        lane.blocks.push(others)
      }
    }
    for (const lane of lanes) await lane.session.close()
    const direct = lanes[0]!.blocks
    return {
      headlines: lanes.slice(1).flatMap(({ contender, blocks: through }) => {
        const added = (p: number) => {
          const of = (block: number[]) => quantile(block, p)
          return bootstrap(through.map(of), direct.map(of), medianDifference)
        }
        const p50 = added(0.5)
        const p95 = added(0.95)
        const pooled = quantile(through.flat(), 0.99) - quantile(direct.flat(), 0.99)
        const bounds = contender === context.mycelium ? { must: 0.1, aim: 0.05 } : {}
        const name = contender.name
        return [
          {
            what: 'added p50 of a call',
            contender: name,
            value: p50.value,
            unit: 'ms',
            interval: p50,
            ...bounds,
          },
          { what: 'added p95', contender: name, value: p95.value, unit: 'ms', interval: p95 },
          {
            what: 'added p99',
            contender: name,
            value: pooled,
            unit: 'ms',
            ...(contender === context.mycelium ? { must: 1 } : {}),
          },
        ] as const
      }),
      details: lanes.flatMap(({ contender: { name }, blocks: own, firsts }) => [
        { contender: name, what: `${LINE_BYTES}-byte call`, unit: 'ms', summary: summaryOf(own.flat()) },
        { contender: name, what: 'first one after a rest', unit: 'ms', summary: summaryOf(firsts) },
      ]),
      notes: [
        `intervals from the medians of ${blocks} blocks of ${BLOCK_CALLS} calls; median of block medians, direct: ${median(direct.map(median)).toFixed(3)} ms`,
      ],
    }
  })
}

async function openLane(stage: Stage) {
  const session = new AgentSession(stage.command('everything'))
  await session.initialize()
  const tool = stage.tool('everything', 'echo')
  const frame = `{"jsonrpc":"2.0","id":1000,${callBody(tool, { message: '' })}`.length
  const body = callBody(tool, { message: 'x'.repeat(LINE_BYTES - frame) })
  await session.calls(WARM_UP_CALLS, 1, body)
  return { contender: stage.contender, session, body, blocks: [] as number[][], firsts: [] as number[] }
}
