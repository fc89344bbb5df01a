import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { Call } from '../../src/core/pipeline/call.ts'
import type { Member } from '../../src/core/pool/member.ts'
import { listTasks } from '../../src/core/pool/pinned-calls.ts'
import type { Pool } from '../../src/core/pool/pool.ts'
import { verifies } from '../requirements.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('a process that does not say its tasks is not waited for without end', async () => {
  verifies('POOL-2')
  vi.useFakeTimers()
  const mute = { ask: () => new Promise(() => {}) }
  const pool = {
    sharing: 'leased',
    profile: { name: 'x' },
    service: { clock: systemClock },
    pins: { tasksOf: () => new Map([[mute, new Set(['t'])]]) },
  } as unknown as Pool
  const told = expect(listTasks(pool, {} as Call, { id: 's' } as Member)).rejects.toMatchObject({
    code: 'request_timeout',
    message: 'x: a process did not answer tasks/list within 30000 ms',
  })
  await vi.advanceTimersByTimeAsync(30_000)
  await told
})
