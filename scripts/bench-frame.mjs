// CPU time of split, scan and splice alone, in this process: node scripts/bench-frame.mjs

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const CHUNK_BYTES = 64 * 1024
const ROUNDS = 9

async function load() {
  const dir = await mkdtemp(join(tmpdir(), 'my-bench-'))
  const outfile = join(dir, 'frame.mjs')
  const contents = `export { LineSplitter } from './src/core/lines.ts'
    export { scanFrame } from './src/core/protocol/frame.ts'
    export { spliceId } from './src/core/protocol/splice.ts'`
  await build({
    stdin: { contents, resolveDir: join(import.meta.dirname, '..') },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
  })
  const code = await import(pathToFileURL(outfile).href)
  await rm(dir, { recursive: true })
  return code
}

const request = (bytes) => {
  const params = { name: 'echo', arguments: { message: '' }, _meta: { progressToken: 12 } }
  return padded(
    { method: 'tools/call', params, jsonrpc: '2.0', id: 12345 },
    params.arguments,
    'message',
    bytes,
  )
}
const answer = (bytes, fill) => {
  const block = { type: 'text', text: '' }
  return padded({ result: { content: [block] }, jsonrpc: '2.0', id: 12345 }, block, 'text', bytes, fill)
}
const answerIdFirst = (bytes, fill) => {
  const block = { type: 'text', text: '' }
  return padded({ jsonrpc: '2.0', id: 12345, result: { content: [block] } }, block, 'text', bytes, fill)
}
const answerOfNumbers = (bytes) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 12345,
    result: { rows: Array.from({ length: bytes / 16 }, (_, i) => ({ n: i, s: 'x' })) },
  })

function padded(message, holder, key, bytes, fill = 'a plain sentence of text. ') {
  const missing = bytes - JSON.stringify(message).length
  holder[key] = fill.repeat(Math.ceil(missing / (JSON.stringify(fill).length - 2))).slice(0, missing)
  return JSON.stringify(message)
}

function chunksOf(line, count) {
  const stream = Buffer.from(`${line}\n`.repeat(count))
  const chunks = []
  for (let at = 0; at < stream.length; at += CHUNK_BYTES)
    chunks.push(Buffer.from(stream.subarray(at, at + CHUNK_BYTES)))
  return { chunks, bytes: stream.length }
}

/** CPU seconds, not wall clock: other work on the machine must not count. */
function timed(run) {
  const from = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(from)
  return (user + system) / 1e6
}

const { LineSplitter, scanFrame, spliceId } = await load()
const cases = [
  ['request 200 B', request(200), 100_000, '7', '7'],
  ['answer 200 B, id last', answer(200), 100_000, '7'],
  ['answer 200 B, id first', answerIdFirst(200), 100_000, '7'],
  ['answer 4 KB', answer(4096), 10_000, '7'],
  ['answer 1 MB, id last, plain', answer(1 << 20), 60, '7'],
  ['answer 1 MB, id first, plain', answerIdFirst(1 << 20), 60, '7'],
  ['answer 1 MB, id first, code with \\n', answerIdFirst(1 << 20, 'const a = "b";\n  return [a]\n'), 60, '7'],
  ['answer 1 MB, id first, JSON in text', answerIdFirst(1 << 20, '{"key":"value","n":[1,2]},'), 60, '7'],
  ['answer 1 MB, id first, small members', answerOfNumbers(1 << 20), 60, '7'],
]
for (const [name, line, count, id, token] of cases) {
  const { chunks, bytes } = chunksOf(line, count)
  let written = 0
  const run = () => {
    const splitter = new LineSplitter(
      64 << 20,
      (text) => {
        written += spliceId(scanFrame(text), id, token).length
      },
      () => {},
    )
    for (const chunk of chunks) splitter.push(chunk)
  }
  const scanOnly = () => {
    const text = Buffer.from(line)
    for (let i = 0; i < count; i++) written += scanFrame(text).idStart
  }
  for (let i = 0; i < 3; i++) run()
  const all = Array.from({ length: ROUNDS }, () => timed(run)).sort((a, b) => a - b)
  for (let i = 0; i < 3; i++) scanOnly()
  const scans = Array.from({ length: ROUNDS }, () => timed(scanOnly)).sort((a, b) => a - b)
  const median = all[ROUNDS >> 1]
  const scan = scans[ROUNDS >> 1]
  console.log(
    `${name.padEnd(38)} ${Math.round(count / median)
      .toLocaleString('en')
      .padStart(10)} msg/s ` +
      `${Math.round(bytes / median / 1e6)
        .toString()
        .padStart(6)} MB/s   scan alone ${((scan / count) * 1e6).toFixed(2).padStart(8)} us ` +
      `${Math.round(bytes / scan / 1e6)} MB/s`,
  )
  if (written === 0) throw new Error('nothing was written')
}
