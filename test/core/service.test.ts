import { expect, test } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { CROWD } from '../../src/core/pool/choose.ts'
import type { Greetings } from '../../src/core/pool/key.ts'
import type { Limits } from '../../src/core/pool/limits.ts'
import type { Member } from '../../src/core/pool/member.ts'
import { Service } from '../../src/core/pool/service.ts'
import { Lists, type UpstreamState } from '../../src/core/pool/states.ts'
import type { Upstream } from '../../src/core/pool/upstream.ts'
import { verifies } from '../requirements.ts'

const member = {
  id: 's1',
  rootsKey: 'r',
  rootsText: '{"roots":[]}',
  initialized: undefined,
} as unknown as Member

function upstreamIn(lists: Lists<Upstream>, state: UpstreamState, inFlight: number): Upstream {
  const upstream = {
    state,
    inFlight,
    startedAtMs: 0,
    roots: 'r',
    tell: () => {},
    ask: () => new Promise(() => {}),
  } as unknown as Upstream
  lists.add(upstream)
  return upstream
}

function serviceOver(lists: Lists<Upstream>, rootsOffered: boolean): Service {
  return new Service({
    clock: systemClock,
    lists,
    sharing: 'multiplexed',
    greetings: { rootsOffered } as Greetings,
    limits: { leaseMs: 100, stuckMs: 30_000 } as Limits,
    keepsForTasks: true,
    inService: () => {},
  })
}

test('a spare beside a crowded process is put in service, and takes calls once it has its roots', () => {
  verifies('POOL-1')
  const lists = new Lists<Upstream>()
  const crowded = upstreamIn(lists, 'busy', CROWD)
  const spare = upstreamIn(lists, 'spare', 0)
  const service = serviceOver(lists, true)
  expect(service.choose(member)).toBe(crowded)
  expect(spare.state).toBe('idle')
  expect(service.choose(member)).toBe(crowded)
  service.settling.end(spare)
  expect(service.choose(member)).toBe(spare)
})

test('a spare that has nothing to ask takes the call at once; where nobody is crowded it stays a spare', () => {
  verifies('POOL-1')
  const lists = new Lists<Upstream>()
  const busy = upstreamIn(lists, 'busy', CROWD - 1)
  const spare = upstreamIn(lists, 'spare', 0)
  const service = serviceOver(lists, false)
  expect([service.choose(member), spare.state]).toEqual([busy, 'spare'])
  Object.assign(busy, { inFlight: CROWD })
  expect(service.choose(member)).toBe(spare)
})

test('the first session waits for a process that still settles, as there is no other', () => {
  verifies('POOL-1')
  const lists = new Lists<Upstream>()
  const spare = upstreamIn(lists, 'spare', 0)
  const service = serviceOver(lists, true)
  expect(service.choose(member)).toBe(spare)
  expect(service.choose(member)).toBe(spare)
  service.settling.end(spare)
})
