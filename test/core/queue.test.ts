import { expect, test } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import type { Profile } from '../../src/core/pool/key.ts'
import type { Limits } from '../../src/core/pool/limits.ts'
import type { Member } from '../../src/core/pool/member.ts'
import { Queue } from '../../src/core/pool/queue.ts'
import { Lists } from '../../src/core/pool/states.ts'
import type { Supply } from '../../src/core/pool/supply.ts'
import { Turns } from '../../src/core/pool/turns.ts'
import type { Upstream } from '../../src/core/pool/upstream.ts'
import { verifies } from '../requirements.ts'

/** Time that only `advance` moves, and how many timers are set. */
function handClock(): Clock & { advance(ms: number): void; readonly timers: number } {
  let nowMs = 0
  const timers = new Set<{ readonly atMs: number; run(): void }>()
  return {
    now: () => nowMs,
    wall: () => nowMs,
    after: (delayMs, run) => {
      const timer = { atMs: nowMs + delayMs, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance: (ms) => {
      nowMs += ms
      for (const timer of [...timers].filter(({ atMs }) => atMs <= nowMs))
        if (timers.delete(timer)) timer.run()
    },
    get timers() {
      return timers.size
    },
  }
}

function memberOf(id: string, rootsKey = ''): Member {
  return { id, rootsKey } as Member
}

const LIMITS = { processesPerPool: 2, growAfterMs: 50, waitMs: 500, greetingMs: 60_000, stuckMs: 30_000 }

/** A queue of a pool that lends each process to one session at a time; `busy` of them are lent to others. */
function queueOf({ busy }: { readonly busy: number }) {
  const clock = handClock()
  const lists = new Lists<Upstream>()
  const processes = Array.from({ length: busy }, (_, i) => {
    const upstream = { state: 'busy', roots: '', owner: `owner-${i}`, openTasks: 0, oldestCallMs: () => 0 }
    return upstream as unknown as Upstream
  })
  for (const upstream of processes) lists.add(upstream)
  const counts = { chosen: 0, requested: [] as number[] }
  const queue = new Queue({
    clock,
    lists,
    limits: LIMITS as unknown as Limits,
    profile: { name: 'x', server: 'x' } as Profile,
    sharing: 'leased',
    turns: new Turns(() => 100),
    choose: (member) => {
      counts.chosen += 1
      const free = processes.find(({ owner }) => owner === undefined || owner === member.id)
      if (free !== undefined) free.owner = member.id
      return free
    },
    isOverdue: (member) => member.id === 'owner-0',
  })
  queue.feedFrom({ request: (wanted: number) => counts.requested.push(wanted) } as unknown as Supply)
  return { clock, queue, processes, counts }
}

test('one timer looks whether the pool should grow, however many wait and are served', () => {
  verifies('POOL-1', 'POOL-4')
  const { clock, queue, counts } = queueOf({ busy: 1 })
  for (let i = 0; i < 100; i++) {
    queue.need(memberOf(`s${i}`), false).upstream.catch(() => {})
    queue.serve()
  }
  expect(clock.timers).toBe(100 + 1)
  clock.advance(LIMITS.growAfterMs + 1)
  expect(counts.requested.at(-1)).toBe(1)
  expect(clock.timers).toBe(100)
})

test('who waits for a process in service waits for wait_ms, who waits for the first start as long as a greeting takes', async () => {
  verifies('POOL-1')
  const { clock, queue } = queueOf({ busy: 1 })
  const served = queue.need(memberOf('served'), false).upstream
  const told = expect(served).rejects.toMatchObject({
    code: 'pool_busy',
    message: 'x: waited 500 ms for a free process (1 of 2 busy)',
  })
  queue.need(memberOf('first', 'other roots'), false).upstream.catch(() => {})
  clock.advance(LIMITS.waitMs)
  await told
  expect(queue.length).toBe(1)
  clock.advance(LIMITS.greetingMs)
  expect(queue.length).toBe(1)
  clock.advance(1_000)
  expect(queue.length).toBe(0)
})

test('a process that is free again is offered to as many as there are processes, however many wait', async () => {
  verifies('POOL-4')
  const { queue, processes, counts } = queueOf({ busy: 1 })
  const waits = Array.from({ length: 200 }, (_, i) => queue.need(memberOf(`s${i}`), false).upstream)
  for (const wait of waits) wait.catch(() => {})
  expect(counts.chosen).toBe(0)
  processes[0]!.owner = undefined
  queue.serve()
  expect(await waits[0]).toBe(processes[0])
  expect([counts.chosen, queue.length]).toEqual([1, 199])
  // The session that has the process may go on in it at once.
  expect(await queue.need(memberOf('s0'), false).upstream.catch(() => 'none')).toBe(processes[0])
})

test('a session lets others go first only where they can have its process', async () => {
  verifies('POOL-1')
  const { queue, processes } = queueOf({ busy: 2 })
  queue.need(memberOf('other'), false, processes[1]).upstream.catch(() => {})
  expect(await queue.need(memberOf('owner-0'), false).upstream).toBe(processes[0])
  queue.need(memberOf('third'), false, processes[0]).upstream.catch(() => {})
  queue.need(memberOf('owner-0'), false).upstream.catch(() => {})
  expect(queue.length).toBe(3)
})
