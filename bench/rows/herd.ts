import { join } from 'node:path'
import { AgentSession, callBody } from '../../src/core/bench/agent-session.ts'
import { createSandbox, removeSandbox } from '../../src/core/bench/sandbox.ts'
import { summaryOf } from '../../src/core/bench/statistics.ts'
import { type Contender, onStage } from '../contender.ts'
import { type Context, probe } from '../context.ts'
import { readProbeLog } from '../probe-log.ts'
import type { Detail, Headline, RowResult } from '../result.ts'

const REPEATS = 3
const SESSIONS = 64

/** 64 agents start at the same moment on a machine where nothing runs yet: how many daemons and upstreams come of it. */
export async function herd(context: Context): Promise<RowResult> {
  const headlines: Headline[] = []
  const details: Detail[] = []
  // mcp-proxy is started by hand before any agent, so there is nothing to race for.
  const contenders = [context.mycelium, ...context.peers.filter((peer) => peer.name === 'mcporter')]
  for (const contender of contenders) {
    const found: Stampede[] = []
    for (let repeat = 0; repeat < (context.runs ?? REPEATS); repeat++) {
      context.progress(`herd ${repeat + 1} ${contender.name}`)
      found.push(await stampede(context, contender))
    }
    const bound = contender === context.mycelium ? { must: 1 } : {}
    const worst = (key: 'daemons' | 'upstreams' | 'unanswered') =>
      Math.max(...found.map((sample) => sample[key]))
    const what = `of ${SESSIONS} simultaneous cold starts, worst of ${found.length}`
    const row = (label: string, value: number, must: object) =>
      headlines.push({ what: `${label} ${what}`, contender: contender.name, value, unit: '', ...must })
    row('daemons', worst('daemons'), bound)
    row('upstreams', worst('upstreams'), bound)
    row('sessions without an answer', worst('unanswered'), contender === context.mycelium ? { must: 0 } : {})
    details.push({
      contender: contender.name,
      what: 'cold start to first answered call, all sessions',
      unit: 'ms',
      summary: summaryOf(found.flatMap((sample) => sample.times)),
    })
  }
  return { headlines, details }
}

interface Stampede {
  readonly daemons: number
  readonly upstreams: number
  readonly unanswered: number
  /** Of each session that got an answer: spawn to the first answered call. */
  readonly times: readonly number[]
}

async function stampede(context: Context, contender: Contender): Promise<Stampede> {
  const logs = createSandbox('')
  const log = join(logs.root, 'probe.log')
  try {
    return await onStage(contender, [probe(context.packageRoot, 'herd', [`--log=${log}`])], async (stage) => {
      // What init and share started does not count as cold.
      for (const pid of stage.pids()) process.kill(pid, 'SIGKILL')
      const startsBefore = readProbeLog(log).filter((line) => line.event === 'start').length
      const body = callBody(stage.tool('herd', 'echo'), { text: 'x' })
      const sessions = Array.from({ length: SESSIONS }, () => new AgentSession(stage.command('herd')))
      const answers = await Promise.allSettled(
        sessions.map(async (session) => {
          await session.initialize()
          await session.calls(1, 1, body)
          return performance.now() - session.startedAt
        }),
      )
      const daemons = stage.daemonPids().length
      for (const session of sessions) session.child.kill('SIGKILL')
      const times = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
      return {
        daemons,
        upstreams: readProbeLog(log).filter((line) => line.event === 'start').length - startsBefore,
        unanswered: SESSIONS - times.length,
        times,
      }
    })
  } finally {
    removeSandbox(logs)
  }
}
