import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Pending, PendingTable } from '../../src/core/pool/pending.ts'
import { verifies } from '../requirements.ts'

function pendingOf(id: number): Pending {
  return {
    id,
    sentAtMs: 0,
    tokenText: undefined,
    call: undefined,
    reply: () => {},
    gone: () => {},
    cancelled: false,
    counted: true,
  }
}

test('a table of requests in flight answers as a map of all of them would, and no id comes twice', () => {
  verifies('PROTO-1')
  // Each step: a number of new requests, then which of those in flight are answered.
  const step = fc.tuple(fc.nat(40), fc.array(fc.nat(), { maxLength: 60 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const table = new PendingTable()
      const model = new Map<number, Pending>()
      const given = new Set<number>()
      for (const [more, answered] of steps) {
        for (let i = 0; i < more; i++) {
          const pending = pendingOf(table.nextId())
          expect(given.has(pending.id)).toBe(false)
          given.add(pending.id)
          table.add(pending)
          model.set(pending.id, pending)
        }
        for (const pick of answered) {
          const pending = [...model.values()][pick % Math.max(1, model.size)]
          if (pending === undefined) continue
          expect(table.get(pending.id)).toBe(pending)
          expect(table.delete(pending)).toBe(true)
          expect(table.delete(pending)).toBe(false)
          model.delete(pending.id)
          expect(table.get(pending.id)).toBeUndefined()
        }
        expect(table.size).toBe(model.size)
        expect(table.all()).toEqual([...model.values()])
      }
    }),
  )
})

test('a call that stays for long keeps its place while thousands pass', () => {
  const table = new PendingTable()
  const long = pendingOf(table.nextId())
  table.add(long)
  for (let i = 0; i < 5000; i++) {
    const pending = pendingOf(table.nextId())
    table.add(pending)
    table.delete(pending)
  }
  expect(table.get(long.id)).toBe(long)
  expect(table.all()).toEqual([long])
})
