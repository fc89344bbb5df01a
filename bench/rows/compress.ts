import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSandbox, removeSandbox } from '../../src/core/bench/sandbox.ts'
import { quantile, summaryOf } from '../../src/core/bench/statistics.ts'
import { compress as shorten } from '../../src/core/compress/compress.ts'
import { type CountTokens, loadCounter } from '../../src/core/tokens/count.ts'
import { judgeBy } from '../../src/core/verdict/judge-by.ts'
import { openTier } from '../../src/core/verdict/model/tier.ts'
import type { Context } from '../context.ts'
import type { RowResult } from '../result.ts'

const RUNS = 100
const WARM_UP = 30
const TOKENS = 10_000
/** The verdict included. */
const MUST_MS = 100

/** Ten thousand tokens of each class, shortened by half and judged, in a process that has done so before; nothing is remembered of it. */
export async function compress(context: Context): Promise<RowResult> {
  const count = await loadCounter()
  const sandbox = createSandbox(process.env.PATH ?? '')
  const tier = await openTier({ models: join(sandbox.home, '.mycelium/models') })
  removeSandbox(sandbox)
  const options = { count, keep: () => 'my:0123456789', judge: judgeBy(tier) }
  const result: {
    headlines: RowResult['headlines'][number][]
    details: RowResult['details'][number][]
    notes: string[]
  } = {
    headlines: [],
    details: [],
    notes: [],
  }
  for (const [name, source] of Object.entries(payloads(context.packageRoot))) {
    const text = cut(source, count)
    const wall: number[] = []
    const cpu: number[] = []
    const runs = context.runs ?? RUNS
    let done = await shorten(text, options)
    for (let i = 0; i < WARM_UP; i++) done = await shorten(text, options)
    for (let i = 0; i < runs; i++) {
      context.progress(`compress ${name} ${i + 1}/${runs}`)
      if (i % 10 === 0) await context.quiet()
      const [since, used] = [performance.now(), process.cpuUsage()]
      await shorten(text, options)
      wall.push(performance.now() - since)
      const { user, system } = process.cpuUsage(used)
      cpu.push((user + system) / 1_000)
    }
    result.headlines.push({
      what: `${name}, p95`,
      contender: 'mycelium',
      value: quantile(wall, 0.95),
      unit: 'ms',
      must: MUST_MS,
    })
    result.details.push(
      { contender: 'mycelium', what: `${name}, wall time`, unit: 'ms', summary: summaryOf(wall) },
      { contender: 'mycelium', what: `${name}, processor time`, unit: 'ms', summary: summaryOf(cpu) },
    )
    const saved = Math.round(100 * (1 - done.tokensAfter / done.tokensBefore))
    result.notes.push(
      `${name} (${done.kind}): ${done.tokensBefore} -> ${done.tokensAfter} tokens (-${saved} %), ${done.lossless ? 'lossless' : `passed by ${done.verdict?.tier}`}, by ${done.strategies.join(', ') || 'nothing'}`,
    )
  }
  return result
}

/** From the repository itself and from what its tools say. */
function payloads(root: string): Record<string, string> {
  const sources = readdirSync(join(root, 'src/core/pool')).map((name) =>
    readFileSync(join(root, 'src/core/pool', name), 'utf8'),
  )
  const docs = ['architecture.md', 'scores.md', 'ignore.md'].map((name) =>
    readFileSync(join(root, 'docs', name), 'utf8'),
  )
  const log = logOf(900)
  const json = readFileSync(join(root, 'package-lock.json'), 'utf8')
  const status = execFileSync('ls', ['-lR', 'src'], { cwd: root, encoding: 'utf8' })
  const rows = rowsOf(220)
  return {
    'JSON, nested': valuesOf(json),
    'JSON, rows': rows,
    log,
    listing: status,
    code: sources.join('\n'),
    markdown: docs.join('\n'),
    mixed: [
      docs[1]!.slice(0, 9_000),
      rows.slice(0, 9_000),
      log.slice(0, 9_000),
      sources[0],
      status.slice(0, 6_000),
    ].join('\n'),
  }
}

/** The first packages of a lock file, as a value of its own. */
function valuesOf(lock: string): string {
  const { packages } = JSON.parse(lock) as { packages: Record<string, unknown> }
  return JSON.stringify(Object.fromEntries(Object.entries(packages).slice(1, 75)), null, 2)
}

function rowsOf(length: number): string {
  const rows = Array.from({ length }, (_, id) => ({
    id,
    name: `user ${id}`,
    email: `user${id}@example.com`,
    score: (id * 37) % 101,
    active: id % 3 > 0,
    address: { city: ['Oslo', 'Lima', 'Pune'][id % 3], zip: 10_000 + id },
  }))
  return JSON.stringify({ total: length, rows }, null, 2)
}

function logOf(length: number): string {
  const line = (i: number) =>
    `2026-03-01T10:${String(Math.floor(i / 60) % 60).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}Z ${i % 41 === 0 ? 'ERROR' : 'INFO'} [worker-${i % 4}] request GET /api/users/${(i * 13) % 500} took ${(i * 17) % 900} ms`
  return Array.from({ length }, (_, i) => line(i)).join('\n')
}

/** The first lines, as many as have so many tokens. JSON is taken whole. */
function cut(text: string, count: CountTokens): string {
  if (/^[{[]/.test(text)) return text
  const lines = text.split('\n')
  let [tokens, end] = [0, 0]
  while (end < lines.length && tokens < TOKENS) tokens += count(`${lines[end++]}\n`)
  return lines.slice(0, end).join('\n')
}
