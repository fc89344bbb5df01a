import { expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { JumpClock } from '../../src/core/jump-clock.ts'

/** A machine's clock that stands still until it is moved, at its own pace. */
function machine() {
  let nowMs = 0
  const timers: { dueMs: number; run: () => void }[] = []
  const clock: Clock = {
    now: () => nowMs,
    wall: () => 1_000_000 + nowMs,
    after: (delayMs, run) => {
      const timer = { dueMs: nowMs + delayMs, run }
      timers.push(timer)
      return () => void timers.splice(timers.indexOf(timer), timers.includes(timer) ? 1 : 0)
    },
  }
  const move = (byMs: number): void => {
    nowMs += byMs
    for (const timer of [...timers].sort((a, b) => a.dueMs - b.dueMs))
      if (timer.dueMs <= nowMs && timers.includes(timer)) {
        timers.splice(timers.indexOf(timer), 1)
        timer.run()
      }
  }
  return { clock, move }
}

it('goes at the machine’s pace, ahead of it or behind, and on from where it was put', () => {
  const { clock, move } = machine()
  const jumping = new JumpClock(-500, clock)
  move(10)
  expect([jumping.now(), jumping.wall()]).toEqual([10, 999_510])
  jumping.jump(3_000)
  move(5)
  expect([jumping.now(), jumping.wall()]).toEqual([3_015, 1_002_515])
})

it('does what is due when it is put forward, in order, once, and nothing that was called off', () => {
  const { clock, move } = machine()
  const jumping = new JumpClock(0, clock)
  const done: string[] = []
  jumping.after(200, () => done.push('second'))
  const callOff = jumping.after(300, () => done.push('never'))
  jumping.after(100, () => {
    done.push('first')
    callOff()
    jumping.after(50, () => done.push('asked for anew'))
  })
  jumping.jump(1_000)
  expect(done).toEqual(['first', 'second'])
  move(50)
  expect(done).toEqual(['first', 'second', 'asked for anew'])
  move(10_000)
  expect(done).toHaveLength(3)
})

it('what is not due yet comes sooner by as much as the clock was put forward', () => {
  const { clock, move } = machine()
  const jumping = new JumpClock(0, clock)
  let came = 0
  jumping.after(1_000, () => came++)
  jumping.jump(900)
  move(99)
  expect(came).toBe(0)
  move(1)
  expect(came).toBe(1)
})
