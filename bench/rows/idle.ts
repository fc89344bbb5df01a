import { AgentSession } from '../../src/core/bench/agent-session.ts'
import { median, summaryOf } from '../../src/core/bench/statistics.ts'
import { onStage } from '../contender.ts'
import { type Context, probe, wait } from '../context.ts'
import { memoryOf } from '../proc.ts'
import type { RowResult } from '../result.ts'

const REPEATS = 3
const SERVERS = 20
const SETTLE_MS = 3000

/** Memory of the daemon alone when 20 servers are known, each was used once and nobody is connected. */
export async function idle(context: Context): Promise<RowResult> {
  const names = Array.from({ length: SERVERS }, (_, i) => `known-${i}`)
  const servers = names.map((name) => probe(context.packageRoot, name, []))
  const rss: number[] = []
  const pss: number[] = []
  for (let repeat = 0; repeat < (context.runs ?? REPEATS); repeat++) {
    context.progress(`idle ${repeat + 1}`)
    await onStage(context.mycelium, servers, async (stage) => {
      for (const name of names) {
        const session = new AgentSession(stage.command(name))
        await session.initialize()
        await session.request('tools/list')
        await session.close()
      }
      await wait(SETTLE_MS)
      const memory = memoryOf(stage.daemonPids())
      rss.push(memory.rssMb)
      pss.push(memory.pssMb)
    })
  }
  const contender = context.mycelium.name
  return {
    headlines: [
      {
        what: `RSS of the idle daemon, ${SERVERS} servers known`,
        contender,
        value: median(rss),
        unit: 'MB',
        must: 60,
        aim: 50,
      },
    ],
    details: [
      { contender, what: 'daemon RSS', unit: 'MB', summary: summaryOf(rss) },
      { contender, what: 'daemon PSS', unit: 'MB', summary: summaryOf(pss) },
    ],
  }
}
