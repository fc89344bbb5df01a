import { AgentSession } from '../../src/core/bench/agent-session.ts'
import { type Contender, onStage } from '../contender.ts'
import { type Context, probe, wait } from '../context.ts'
import type { Headline, RowResult } from '../result.ts'

const REPEATS = 3
const BOUND_MS = 3000
const GIVE_UP_MS = 6000
const POLL_MS = 10

/**
 * SIGKILL to whoever holds a server that ignores every other signal and end of input and has a grandchild in a session of its own: how many
 * processes are left after 3 s, and when the last one was gone.
 */
export async function orphans(context: Context): Promise<RowResult> {
  const headlines: Headline[] = []
  for (const contender of [context.direct, context.mycelium, ...context.peers]) {
    const samples = []
    for (let repeat = 0; repeat < (context.runs ?? REPEATS); repeat++) {
      context.progress(`orphans ${repeat + 1} ${contender.name}`)
      samples.push(await killHolder(context, contender))
    }
    const own = contender === context.mycelium
    const left = Math.max(...samples.map((sample) => sample.left))
    const lastMs = Math.max(...samples.map((sample) => sample.lastMs))
    const who = contender.daemon ? 'the daemon' : 'the agent'
    headlines.push({
      what: `left ${BOUND_MS / 1000} s after SIGKILL of ${who}, worst of ${samples.length}`,
      contender: contender.name,
      value: left,
      unit: '',
      ...(own ? { must: 0 } : {}),
    })
    if (left === 0) {
      headlines.push({
        what: 'time until the last one was gone, worst',
        contender: contender.name,
        value: lastMs,
        unit: 'ms',
        ...(own ? { must: BOUND_MS } : {}),
      })
    }
  }
  return { headlines, details: [] }
}

function killHolder(context: Context, contender: Contender): Promise<{ left: number; lastMs: number }> {
  const server = probe(context.packageRoot, 'stubborn', ['--stubborn', '--grandchild=detached'])
  return onStage(contender, [server], async (stage) => {
    const session = new AgentSession(stage.command('stubborn'))
    await session.initialize()
    await session.request('tools/list')
    const holders = stage.daemonPids()
    if (contender.daemon && holders.length === 0)
      throw new Error(`${contender.name}: no daemon found to kill`)
    for (const pid of holders) process.kill(pid, 'SIGKILL')
    // Without a daemon the agent is the holder, and its death is seen by the server as closed pipes.
    session.child.stdin!.destroy()
    session.child.stdout!.destroy()
    const since = performance.now()
    let lastMs = 0
    let left = stage.pids().length
    let leftAtBound = left
    while (left > 0 && lastMs < GIVE_UP_MS) {
      await wait(POLL_MS)
      lastMs = performance.now() - since
      left = stage.pids().length
      if (lastMs <= BOUND_MS) leftAtBound = left
    }
    return { left: leftAtBound, lastMs }
  })
}
