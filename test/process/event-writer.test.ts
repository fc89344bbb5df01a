import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { type Paths, pathsOf } from '../../src/core/config/paths.ts'
import { Batch, Scratch } from '../../src/core/events/batch.ts'
import type { SegmentWriter, WriterOptions } from '../../src/core/events/segment-writer.ts'
import { takeInEvents } from '../../src/core/events/store.ts'
import { callOf } from '../fixtures/event-values.ts'
import { segmentWriter } from '../fixtures/events.ts'
import { verifies } from '../requirements.ts'
import { rows } from './event-books.ts'
import { compileProgram, shortDirectory, startTalker } from './programs.ts'

const program = compileProgram('event-writer')

/** A clock that stands until it is moved; its timers run in order. */
function standing(): Clock & { pass(ms: number): void } {
  let nowMs = 1_000_000
  let timers: { at: number; run: () => void }[] = []
  return {
    now: () => nowMs,
    wall: () => Date.now(),
    after: (delayMs, run) => {
      const timer = { at: nowMs + delayMs, run }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    pass: (ms) => {
      nowMs += ms
      const due = timers.filter(({ at }) => at <= nowMs)
      timers = timers.filter(({ at }) => at > nowMs)
      for (const { run } of due) run()
    },
  }
}

function writerOf(paths: Paths, options: Partial<WriterOptions> = {}): SegmentWriter {
  return segmentWriter(paths.events, { fsyncMs: 1000, ...options })
}

const countOf = async (paths: Paths) => (await rows(paths, 'SELECT count(*)::INTEGER FROM calls'))[0]![0]

/** A segment of a program whose files may not grow over so many blocks of 512 or 1024 bytes: what a full disk looks like. */
function limited(paths: Paths, blocks: number) {
  const options = { dir: paths.events, name: 'w', fsync: 'batch', fsyncMs: 1000, segmentBytes: 1 << 30 }
  const command = `trap '' XFSZ; ulimit -f ${blocks}; exec "$0" "$@"`
  return startTalker('-c', [command, process.execPath, program, JSON.stringify(options)], '/bin/sh')
}

describe('a segment writer', () => {
  it('forgets nothing that is appended while it begins a new segment', async () => {
    verifies('STORE-1')
    const paths = pathsOf(shortDirectory())
    const writer = writerOf(paths, { segmentBytes: 1000 })
    for (let i = 0; i < 200_000; i++) {
      writer.append('call', callOf('w', i))
      if (i % 512 === 0) await turn()
    }
    expect(await writer.close()).toBe(true)
    expect(writer.lost).toBe(0)
    expect(readdirSync(paths.events).length).toBeGreaterThan(3)
    expect(await countOf(paths)).toBe(200_000)
  })

  it('counts what comes after its end as lost, and begins no segment for it', async () => {
    const paths = pathsOf(shortDirectory())
    const clock = standing()
    const writer = writerOf(paths, { clock })
    writer.append('call', callOf('w', 0))
    const closing = writer.close()
    writer.append('call', callOf('w', 1))
    const again = writer.close()
    await again
    expect((await takeInEvents(paths)).removed).toBe(1)
    await closing
    writer.append('call', callOf('w', 2))
    expect(writer.lost).toBe(2)
    clock.pass(10_000)
    await writer.flush()
    expect(readdirSync(paths.events)).toEqual([])
    expect(await countOf(paths)).toBe(1)
  })

  it('loses nothing to a full disk in the middle of a write, and says that it waits', async () => {
    verifies('STORE-1')
    const paths = pathsOf(shortDirectory())
    const talker = limited(paths, 512)
    await talker.heard('ready')
    talker.send('append 30000')
    talker.send('flush')
    expect(await talker.next()).toMatchObject({ ready: talker.pid })
    expect(await talker.next()).toMatchObject({ trouble: expect.stringContaining('EFBIG') })
    expect(await talker.next()).toEqual({ failed: 30000, lost: 0 })
    // The next try fails as well and leaves that file alone; so it goes on, a file after the other.
    for (let i = 0; i < 20; i++) talker.send('flush')
    talker.send('close')
    expect(await talker.heard('lost')).toBe(0)
    const closed = await talker.heard('closed')
    talker.child.kill('SIGKILL')
    await talker.ended
    expect(closed).toBe(true)
    expect(
      await rows(paths, 'SELECT count(*)::INTEGER, count(DISTINCT tool_use)::INTEGER FROM calls'),
    ).toEqual([[30000, 30000]])
  })

  it('leaves no files behind that it could make but not write to', async () => {
    const paths = pathsOf(shortDirectory())
    const talker = limited(paths, 0)
    await talker.heard('ready')
    talker.send('append 10')
    for (let i = 0; i < 5; i++) talker.send('flush')
    talker.send('close')
    expect(await talker.heard('closed')).toBe(false)
    expect(talker.messages.at(-1)).toMatchObject({ appended: 10, lost: 11 })
    expect(readdirSync(paths.events)).toEqual([])
  })

  it('tries again by itself when it could not write', async () => {
    const paths = pathsOf(shortDirectory())
    const clock = standing()
    const told: string[] = []
    const writer = writerOf(paths, { clock, trouble: (what) => told.push(what) })
    mkdirSync(paths.root, { recursive: true })
    writeFileSync(paths.events, 'no directory')
    writer.append('call', callOf('w', 0))
    expect(await writer.flush()).toBe(false)
    rmSync(paths.events)
    clock.pass(1000)
    await turn()
    expect(existsSync(paths.events)).toBe(false)
    clock.pass(5000)
    await expect
      .poll(() => told)
      .toEqual([expect.stringContaining('events are not written: '), 'events are written again, 0 were lost'])
    expect(await countOf(paths)).toBe(1)
    await writer.close()
  })

  it('begins a new segment when somebody has removed the one it writes to', async () => {
    const paths = pathsOf(shortDirectory())
    const writer = writerOf(paths)
    writer.append('call', callOf('w', 0))
    await writer.flush()
    for (const name of readdirSync(paths.events)) rmSync(join(paths.events, name))
    writer.append('call', callOf('w', 1))
    await writer.close()
    expect(await rows(paths, 'SELECT tool_use FROM calls')).toEqual([['w-1']])
  })

  it('begins a new segment when the present one is too old', async () => {
    const paths = pathsOf(shortDirectory())
    const clock = standing()
    const writer = writerOf(paths, { clock })
    for (let i = 0; i < 3; i++) {
      writer.append('call', callOf('w', i))
      await writer.flush()
      clock.pass(3_600_001)
    }
    await writer.close()
    expect(readdirSync(paths.events)).toHaveLength(3)
    expect(await countOf(paths)).toBe(3)
  })

  it('keeps no more memory behind a frame than the frame has', () => {
    const batch = new Batch('call', new Scratch())
    for (let i = 0; i < 2000; i++) batch.add(callOf('w', i))
    const frame = batch.take()
    expect(frame.buffer.byteLength).toBe(frame.length)
  })

  it('gives up the oldest finished segments when nobody takes them in, and records that', async () => {
    const paths = pathsOf(shortDirectory())
    const told: string[] = []
    const options = { segmentBytes: 10_000, maxBytes: 100_000, trouble: (what: string) => told.push(what) }
    const writer = writerOf(paths, options)
    for (let i = 0; i < 40_000; i++) {
      writer.append('call', callOf('w', i))
      if (i % 1000 === 0) await writer.flush()
    }
    await writer.close()
    expect(told[0]).toMatch(/^given up for room: \d+ segments? with up to \d+ events/)
    const [[count, last, first]] = (await rows(
      paths,
      "SELECT count(*)::INTEGER, max(split_part(tool_use, '-', 2)::INTEGER), min(split_part(tool_use, '-', 2)::INTEGER) FROM calls",
    )) as [[number, number, number]]
    expect([last, last - first + 1]).toEqual([39_999, count])
    expect(first).toBeGreaterThan(1000)
    const events = told.map((what) => Number(/up to (\d+) events/.exec(what)![1]))
    const sum = events.reduce((all, n) => all + n, 0)
    // The records of it are events too, in segments that may be given up themselves.
    expect(sum).toBeGreaterThanOrEqual(first)
    expect(sum).toBeLessThanOrEqual(first + told.length)
    const [recorded] = await rows(
      paths,
      "SELECT because FROM decisions WHERE policy = 'events' ORDER BY ts DESC",
    )
    expect(told.at(-1)).toContain(recorded![0])
  })
})
