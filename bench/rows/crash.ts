import { join } from 'node:path'
import { AgentSession } from '../../src/core/bench/agent-session.ts'
import { createSandbox, removeSandbox } from '../../src/core/bench/sandbox.ts'
import { median, summaryOf } from '../../src/core/bench/statistics.ts'
import { type Contender, onStage, type Stage } from '../contender.ts'
import { type Context, probe, wait } from '../context.ts'
import { readProbeLog } from '../probe-log.ts'
import type { Detail, Headline, RowResult } from '../result.ts'

const REPEATS = 5
/** How long the next call may be tried before the server counts as lost. */
const GIVE_UP_MS = 15_000
const RETRY_MS = 20

/** The server dies in the middle of a call: time to the error, time until a call works again, and how often the fatal call was executed. */
export async function crash(context: Context): Promise<RowResult> {
  const headlines: Headline[] = []
  const details: Detail[] = []
  for (const contender of [context.direct, context.mycelium, ...context.peers]) {
    const samples = []
    for (let repeat = 0; repeat < (context.runs ?? REPEATS); repeat++) {
      context.progress(`crash ${repeat + 1} ${contender.name}`)
      samples.push(await crashOnce(context, contender))
    }
    const own = contender === context.mycelium
    const name = contender.name
    const errors = samples.map((sample) => sample.errorMs)
    const next = samples.map((sample) => sample.nextMs)
    const executed = Math.max(...samples.map((sample) => sample.executions))
    const line = (what: string, value: number, unit: Headline['unit'], must: number) =>
      headlines.push({ what, contender: name, value, unit, ...(own ? { must } : {}) })
    line(`crash mid-call: time to the error, worst of ${errors.length}`, Math.max(...errors), 'ms', 100)
    line('time until the next call works, worst', Math.max(...next), 'ms', 1500)
    line('executions of the fatal call, worst', executed, '', 1)
    details.push({ contender: name, what: 'time to the error', unit: 'ms', summary: summaryOf(errors) })
    details.push({ contender: name, what: 'next call', unit: 'ms', summary: summaryOf(next) })
    if (median(next) >= GIVE_UP_MS) context.progress(`${name}: no call worked within ${GIVE_UP_MS} ms`)
  }
  return {
    headlines,
    details,
    notes: [
      'direct: the connection ends with the server, so the next call includes a new start, as Claude Code does it',
      `a next call of ${GIVE_UP_MS} ms means that none worked until the bench gave up`,
    ],
  }
}

async function crashOnce(context: Context, contender: Contender) {
  const logs = createSandbox('')
  const log = join(logs.root, 'probe.log')
  try {
    return await onStage(
      contender,
      [probe(context.packageRoot, 'fragile', [`--log=${log}`])],
      async (stage) => {
        let session = await openSession(stage)
        await session.request('tools/call', { name: stage.tool('fragile', 'echo'), arguments: { text: 'x' } })
        await context.quiet()
        const since = performance.now()
        const fatal = session.request('tools/call', { name: stage.tool('fragile', 'crash'), arguments: {} })
        await Promise.race([fatal.catch(() => undefined), wait(GIVE_UP_MS)])
        const errorMs = performance.now() - since
        const again = performance.now()
        let works = false
        while (!works && performance.now() - again < GIVE_UP_MS) {
          if (session.child.exitCode !== null) session = await openSession(stage)
          works = await echoes(session, stage)
          if (!works) await wait(RETRY_MS)
        }
        const nextMs = works ? performance.now() - again : GIVE_UP_MS
        session.child.kill('SIGKILL')
        const executions = readProbeLog(log).filter(
          (line) => line.event === 'execute' && line.tool === 'crash',
        ).length
        return { errorMs, nextMs, executions }
      },
    )
  } finally {
    removeSandbox(logs)
  }
}

async function openSession(stage: Stage): Promise<AgentSession> {
  const session = new AgentSession(stage.command('fragile'))
  await session.initialize()
  return session
}

async function echoes(session: AgentSession, stage: Stage): Promise<boolean> {
  const call = session.request('tools/call', {
    name: stage.tool('fragile', 'echo'),
    arguments: { text: 'again' },
  })
  const answer = await Promise.race([call.catch(() => undefined), wait(GIVE_UP_MS)])
  return answer !== undefined && !answer.error && answer.result?.isError !== true
}
