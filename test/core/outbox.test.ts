import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { type Frame, scanFrame } from '../../src/core/protocol/frame.ts'
import { HIGH_WATER_BYTES, Outbox } from '../../src/core/protocol/outbox.ts'
import { spliceId } from '../../src/core/protocol/splice.ts'
import { verifies } from '../requirements.ts'

/** A stream that takes a write only when told to. */
function stuckStream(): { stream: Writable; writes: Buffer[]; release(): void } {
  const writes: Buffer[] = []
  let taken: (() => void) | undefined
  const stream = new Writable({
    highWaterMark: 16,
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk)
      taken = done
    },
  })
  return { stream, writes, release: () => taken?.() }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('lines pushed within one turn of the event loop leave in one write, in order', async () => {
  verifies('POOL-4')
  const { stream, writes } = stuckStream()
  const box = new Outbox(stream, 1024, { pressure: () => {}, overflow: () => {} })
  for (let i = 0; i < 100; i++) box.push(Buffer.from(`${i}\n`))
  await turn()
  expect(writes.map(String)).toEqual([Array.from({ length: 100 }, (_, i) => `${i}\n`).join('')])
})

test('lines and messages under another id leave in the order they were pushed', async () => {
  const { stream, writes } = stuckStream()
  const box = new Outbox(stream, 1024 * 1024, { pressure: () => {}, overflow: () => {} })
  const long = 'x'.repeat(300)
  const messages = [
    `{"id":7,"method":"tools/call","params":{"_meta":{"progressToken":"é"},"a":"${long}"}}`,
    `{"method":"a","params":{"a":"${long}","_meta":{"progressToken":1}},"id":"s"}`,
    `{"result":{"text":"${long}"},"id":12}`,
  ]
  const frames = messages.map((text) => scanFrame(Buffer.from(text)) as Frame)
  box.push(Buffer.from('first\n'))
  for (const frame of frames) box.pushFrame(frame, '123456', '"t"')
  box.push(Buffer.from('between\n'))
  for (const frame of frames) box.pushFrame(frame, '1')
  box.push(Buffer.from('last\n'))
  await turn()
  const spliced = (id: string, token?: string) => frames.map((frame) => String(spliceId(frame, id, token)))
  expect(writes.map(String)).toEqual([
    ['first\n', ...spliced('123456', '"t"'), 'between\n', ...spliced('1'), 'last\n'].join(''),
  ])
  expect(box.waitingBytes).toBe(writes[0]!.length)
})

test('pressure is told once when much waits and taken back when it has left or the outbox closes', async () => {
  const { stream, release } = stuckStream()
  const told: boolean[] = []
  const box = new Outbox(stream, HIGH_WATER_BYTES * 8, {
    pressure: (high) => told.push(high),
    overflow: () => {},
  })
  for (let i = 0; i < 3; i++) {
    box.push(Buffer.alloc(HIGH_WATER_BYTES))
    await turn()
  }
  expect(told).toEqual([true])
  for (let i = 0; i < 3; i++) {
    release()
    await turn()
  }
  expect(told).toEqual([true, false])
  box.push(Buffer.alloc(HIGH_WATER_BYTES * 2))
  await turn()
  box.close()
  expect(told).toEqual([true, false, true, false])
})

test('a backlog over the limit is reported, and nothing is written after the outbox closed', async () => {
  const { stream, writes } = stuckStream()
  let overflow = 0
  const box = new Outbox(stream, 1000, { pressure: () => {}, overflow: (waiting) => (overflow = waiting) })
  box.push(Buffer.alloc(600))
  await turn()
  box.push(Buffer.alloc(600))
  await turn()
  expect(overflow).toBe(1200)
  box.close()
  box.push(Buffer.alloc(1))
  await turn()
  expect(writes).toHaveLength(1)
})
