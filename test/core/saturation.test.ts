import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { Saturation } from '../../src/core/policy/saturation.ts'
import type { Upstream } from '../../src/core/pool/upstream.ts'
import { cpuMsOf } from '../../src/core/process.ts'
import { verifies } from '../requirements.ts'

/** A process that computes without end, or sleeps; what Saturation looks at of an upstream. */
async function upstreamOf(program: string, awaited: number, oldestMs = 0): Promise<Upstream> {
  const child = spawn(process.execPath, ['-e', `console.log('up');${program}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const process_ = { pid: child.pid! }
  return { process: process_, awaited, oldestCallMs: () => oldestMs } as unknown as Upstream
}

const SPIN = 'for (;;);'
const SLEEP = 'setInterval(() => {}, 1e6)'

/** Three rounds, each as long as the process has computed for 100 ms more of a time that has passed 110 ms. */
async function rounds(upstream: Upstream, idleShare: number): Promise<boolean[]> {
  let nowMs = 0
  let allMs = 0
  const clock = { ...systemClock, now: () => nowMs }
  const saturation = new Saturation(clock, () => ({ idle: allMs * idleShare, all: allMs }))
  const answers: boolean[] = []
  for (let round = 0; round < 4; round++) {
    const from = cpuMsOf(upstream.process.pid)!
    const deadline = performance.now() + 2_000
    while (cpuMsOf(upstream.process.pid)! - from < 100 && performance.now() < deadline && answers.length > 0)
      await new Promise((resolve) => setImmediate(resolve))
    nowMs += Math.max(1, cpuMsOf(upstream.process.pid)! - from) * 1.1 + 1
    allMs += 200
    saturation.look()
    answers.push(saturation.saturated(upstream))
  }
  return answers
}

test.runIf(process.platform === 'linux')(
  'a process is saturated when it computes for several rounds while a crowd of calls waits and the machine has a core to spare',
  async () => {
    verifies('POOL-1')
    expect(await rounds(await upstreamOf(SPIN, 8), 0.5)).toEqual([false, false, true, true])
    expect(await rounds(await upstreamOf(SPIN, 7), 0.5)).toEqual([false, false, false, false])
    expect(await rounds(await upstreamOf(SPIN, 64), 0.2)).toEqual([false, false, false, false])
    const waiting = await upstreamOf(SLEEP, 8, 2_001)
    const saturation = new Saturation(systemClock)
    saturation.look()
    expect(saturation.saturated(waiting)).toBe(true)
  },
)
