// Writes N calls to segments, or to one NDJSON file. argv: segments or ndjson, directory, N, seed.
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/core/clock.ts'
import { SegmentWriter } from '../../src/core/events/segment-writer.ts'
import { identityOf } from '../../src/core/process.ts'
import { callsLike } from './calls.ts'

const [form = '', dir = '', count = '0', seed = '1'] = process.argv.slice(2)
const calls = callsLike(Number(count), Number(seed))
if (form === 'ndjson') {
  mkdirSync(dir, { recursive: true })
  const fd = openSync(join(dir, 'calls.ndjson'), 'w')
  let lines = ''
  for (const call of calls) {
    lines += `${JSON.stringify(call)}\n`
    if (lines.length > 1 << 20) {
      writeSync(fd, lines)
      lines = ''
    }
  }
  writeSync(fd, lines)
  closeSync(fd)
} else {
  const writer = new SegmentWriter({
    dir,
    writer: 'bench',
    owner: identityOf(process.pid)!,
    clock: systemClock,
    fsync: 'never',
    fsyncMs: 100,
    segmentBytes: 64 * 1024 * 1024,
    segmentAgeMs: 3_600_000,
    maxBytes: Number.MAX_SAFE_INTEGER,
  })
  let appended = 0
  for (const call of calls) {
    writer.append('call', call)
    if (++appended % 4096 === 0) await writer.room()
  }
  await writer.close()
  if (writer.lost > 0) throw new Error(`${writer.lost} events lost`)
}
