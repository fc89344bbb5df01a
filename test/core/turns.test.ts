import { describe, expect, it } from 'vitest'
import { Turns } from '../../src/core/pool/turns.ts'
import { verifies } from '../requirements.ts'

const MOST_MS = 100

/** Lets sessions that always want more hold a process one after the other; what each had of it, ms. */
function share(holdsMs: Readonly<Record<string, number>>, totalMs: number): Record<string, number> {
  const turns = new Turns(() => MOST_MS)
  const waiting = Object.keys(holdsMs)
  const had = Object.fromEntries(waiting.map((session) => [session, 0]))
  for (const session of waiting) turns.join(session)
  for (let nowMs = 0; nowMs < totalMs; ) {
    const next = turns.sorted(waiting, (session) => session)[0]!
    waiting.splice(waiting.indexOf(next), 1)
    const heldMs = holdsMs[next]!
    turns.begin(next)
    turns.end(next, heldMs)
    nowMs += heldMs
    had[next]! += heldMs
    turns.join(next)
    waiting.push(next)
  }
  return had
}

describe('turns at a process', () => {
  it('give each session as much time, however long its turns are', () => {
    verifies('POOL-1')
    const had = share({ long: 100, short: 20, shortest: 5 }, 12_000)
    for (const ms of Object.values(had)) expect(Math.abs(ms - 4_000)).toBeLessThanOrEqual(100)
  })

  it('count one endless call as one turn, so that its session is not made to wait as long again', () => {
    const had = share({ endless: 60_000, short: 20 }, 600_000)
    const turnsOfEndless = had.endless! / 60_000
    expect(had.short! / turnsOfEndless).toBeGreaterThan(MOST_MS / 2)
    expect(had.short! / turnsOfEndless).toBeLessThan(MOST_MS * 2)
  })

  it('give no credit for the time in which a session wanted nothing', () => {
    const turns = new Turns(() => MOST_MS)
    for (let i = 0; i < 50; i++) {
      turns.begin('old')
      turns.end('old', MOST_MS)
    }
    turns.begin('old')
    turns.join('new')
    turns.end('old', MOST_MS)
    turns.begin('new')
    turns.end('new', MOST_MS)
    expect(turns.sorted(['old', 'new'], (session) => session)[0]).toBe('old')
  })

  it('keep nothing of a session that has left, also when its process is released after it', () => {
    const turns = new Turns(() => MOST_MS)
    turns.begin('gone')
    turns.forget('gone')
    turns.end('gone', 50)
    turns.join('next')
    for (const order of [
      ['gone', 'next'],
      ['next', 'gone'],
    ])
      expect(turns.sorted(order, (session) => session)).toEqual(order)
  })
})
