import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootstrap, median, medianRatio, summaryOf } from '../../src/core/bench/statistics.ts'
import { systemClock } from '../../src/core/clock.ts'
import { LineSplitter } from '../../src/core/lines.ts'
import { importTranscripts } from '../../src/core/usage/import.ts'
import { CLAUDE } from '../../src/core/usage/transcripts/claude.ts'
import { CODEX } from '../../src/core/usage/transcripts/codex.ts'
import type { Context } from '../context.ts'
import type { RowResult } from '../result.ts'
import { type Corpus, writeCorpus } from '../transcript-corpus.ts'

const ROUNDS = 10
const BYTES = 320e6
const FILES = 10
const CHUNK_BYTES = 1 << 20
const READERS = [CLAUDE, CODEX]

interface Lane {
  readonly name: string
  readonly run: (home: string) => Promise<Pick<Corpus, 'lines' | 'outputTokens'>>
  readonly rates: number[]
}

/** MB of transcripts per second, from files to events, against JSON.parse of each line and nothing else. They take turns. */
export async function transcripts(context: Context): Promise<RowResult> {
  const home = mkdtempSync(join(tmpdir(), 'my-'))
  try {
    context.progress('transcripts: writing them')
    const corpus = writeCorpus(home, BYTES, FILES)
    const lanes: readonly Lane[] = [
      { name: 'mycelium', run: (at) => imported(at), rates: [] },
      { name: 'mycelium, one thread', run: (at) => imported(at, 1), rates: [] },
      { name: 'JSON.parse', run: parsed, rates: [] },
    ]
    const rounds = context.runs ?? ROUNDS
    // The first round only warms the page cache and the compiler.
    for (let round = -1; round < rounds; round++) {
      context.progress(`transcripts ${round + 1}/${rounds}`)
      for (let i = 0; i < lanes.length; i++) {
        const { name, run, rates } = lanes[(i + round + 1) % lanes.length]!
        await context.quiet()
        const since = performance.now()
        const found = await run(home)
        const seconds = (performance.now() - since) / 1000
        if (found.lines !== corpus.lines || found.outputTokens !== corpus.outputTokens)
          throw new Error(`${name} found ${JSON.stringify(found)} in ${JSON.stringify(corpus)}`)
        if (round >= 0) rates.push(corpus.bytes / 1e6 / seconds)
      }
    }
    const [threads, single, baseline] = lanes.map(({ rates }) => rates) as [number[], number[], number[]]
    const rate = bootstrap(threads, threads, (values) => median(values))
    const ratio = bootstrap(threads, baseline, medianRatio)
    const singleRatio = bootstrap(single, baseline, medianRatio)
    return {
      headlines: [
        {
          what: 'transcripts, MB/s',
          contender: 'mycelium',
          value: rate.value,
          unit: '',
          interval: rate,
          must: 150,
          atLeast: true,
        },
        {
          what: 'transcripts ÷ JSON.parse of each line',
          contender: 'mycelium',
          value: ratio.value,
          unit: '×',
          interval: ratio,
        },
        {
          what: 'transcripts ÷ JSON.parse of each line',
          contender: 'mycelium, one thread',
          value: singleRatio.value,
          unit: '×',
          interval: singleRatio,
        },
      ],
      details: lanes.map(({ name, rates }) => ({
        contender: name,
        what: 'transcripts',
        unit: 'MB/s',
        summary: summaryOf(rates),
      })),
      notes: [
        `${FILES} files of ${Math.round(corpus.bytes / 1e6)} MB in all, ${corpus.lines} lines, ${corpus.responses} responses, read from the page cache`,
      ],
    }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

async function imported(home: string, threads?: number): Promise<{ lines: number; outputTokens: number }> {
  let outputTokens = 0
  const { lines } = await importTranscripts({
    readers: READERS,
    where: { home, env: {} },
    known: new Map(),
    sink: (kind, event) => {
      if (kind === 'response') outputTokens += (event as { outputTokens: number }).outputTokens
    },
    clock: systemClock,
    signal: new AbortController().signal,
    ...(threads === undefined ? {} : { threads }),
  })
  return { lines, outputTokens }
}

/** The least that any reader of whole objects does. */
async function parsed(home: string): Promise<{ lines: number; outputTokens: number }> {
  let lines = 0
  const outputs = new Map<string, number>()
  for (const { path } of READERS.flatMap((reader) => reader.find({ home, env: {} }))) {
    const splitter = new LineSplitter(
      64 << 20,
      (line) => {
        lines++
        const record = JSON.parse(line.toString()) as {
          type?: string
          message?: { id: string; usage?: { output_tokens: number } }
          payload?: { response_id?: string; usage: { output_tokens: number } }
        }
        const { message, payload } = record
        if (message?.usage) outputs.set(message.id, message.usage.output_tokens)
        else if (payload?.response_id) outputs.set(payload.response_id, payload.usage.output_tokens)
      },
      () => {},
    )
    const file = openSync(path, 'r')
    for (;;) {
      const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
      const bytes = readSync(file, buffer)
      if (bytes === 0) break
      splitter.push(buffer.subarray(0, bytes))
    }
    closeSync(file)
  }
  return { lines, outputTokens: [...outputs.values()].reduce((sum, n) => sum + n, 0) }
}
