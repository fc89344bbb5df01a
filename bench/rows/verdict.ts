import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSandbox, removeSandbox } from '../../src/core/bench/sandbox.ts'
import { summaryOf } from '../../src/core/bench/statistics.ts'
import { systemClock } from '../../src/core/clock.ts'
import { openJudging } from '../../src/core/verdict/open-judge.ts'
import { type PayloadKind, payload, randomFrom } from '../../test/fixtures/verdict-payloads.ts'
import type { Context } from '../context.ts'
import type { Detail, Headline, RowResult } from '../result.ts'

const RUNS = 40
const CHARS = 40_000
const KINDS: readonly PayloadKind[] = ['json', 'log', 'code', 'markdown', 'prose']
const TIERS = ['native', 'wasm', 'static'] as const
const MUST_MS = 100
const MUST_SPEARMAN = 0.8

/** Verdicts on texts of some 10,000 tokens of which 40 % was left out, each another one, model warm; with `--sts FILE` also each tier's fidelity. */
export async function verdict(context: Context): Promise<RowResult> {
  const sandbox = createSandbox(process.env.PATH ?? '')
  const headlines: Headline[] = []
  const details: Detail[] = []
  try {
    for (const tier of TIERS) {
      const judging = openJudging({
        clock: systemClock,
        env: sandbox.env,
        models: join(sandbox.home, '.mycelium/models'),
        only: tier,
        program: join(context.packageRoot, 'dist/verdict.js'),
      })
      try {
        const { tier: opened } = await judging.alike([['warm', 'up']])
        if (opened !== tier) continue
        for (const kind of KINDS) {
          const ms: number[] = []
          for (let run = 0; run < (context.runs ?? RUNS); run++) {
            context.progress(`verdict ${tier} ${kind} ${run + 1}`)
            const { original, compressed } = shortened(kind, run + 1)
            await context.quiet()
            const started = performance.now()
            await judging.judge(original, compressed)
            ms.push(performance.now() - started)
          }
          const summary = summaryOf(ms)
          details.push({
            contender: tier,
            what: `verdict, ${kind}, 10,000 tokens, 40 % left out`,
            unit: 'ms',
            summary,
          })
          if (tier === 'native' && summary.p95 !== undefined)
            headlines.push({
              what: `verdict, ${kind}, p95`,
              contender: tier,
              value: summary.p95,
              unit: 'ms',
              must: MUST_MS,
            })
        }
        const { rssMb } = await judging.alike([['memory', 'now']])
        headlines.push({
          what: 'memory of the process that judges',
          contender: tier,
          value: rssMb,
          unit: 'MB',
        })
        if (context.sts !== undefined)
          headlines.push({
            what: 'STS-B, Spearman',
            contender: tier,
            value: await fidelity(context.sts, judging.alike),
            unit: '',
            ...(tier !== 'static' && { must: MUST_SPEARMAN, atLeast: true }),
          })
      } finally {
        judging.close()
      }
    }
    return { headlines, details }
  } finally {
    removeSandbox(sandbox)
  }
}

function shortened(kind: PayloadKind, seed: number) {
  let size = 100
  let original = payload(kind, size, seed)
  size = Math.round((size * CHARS) / original.length)
  original = payload(kind, size, seed)
  const random = randomFrom(seed)
  const compressed =
    kind === 'json'
      ? JSON.stringify({ items: (JSON.parse(original).items as object[]).filter(() => random() < 0.6) })
      : original
          .split('\n')
          .filter(() => random() < 0.6)
          .join('\n')
  return { original, compressed }
}

type Alike = (
  pairs: readonly (readonly [string, string])[],
) => Promise<{ readonly cosines: readonly number[] }>

/** Rank correlation of cosines with people's scores: tab-separated, score and sentences in columns 5 to 7. */
async function fidelity(file: string, alike: Alike): Promise<number> {
  const rows = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
  const found: number[] = []
  for (let from = 0; from < rows.length; from += 100)
    found.push(
      ...(await alike(rows.slice(from, from + 100).map((row) => [row[5]!, row[6]!] as const))).cosines,
    )
  const [a, b] = [ranks(found), ranks(rows.map((row) => Number(row[4])))]
  const mean = (rows.length - 1) / 2
  const product = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + (value - mean) * (y[i]! - mean), 0)
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b))
}

/** Equal values share the mean of their ranks. */
function ranks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!)
  const out: number[] = Array.from({ length: values.length }, () => 0)
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to + 1 < order.length && values[order[to + 1]!] === values[order[from]!]) to++
    for (let i = from; i <= to; i++) out[order[i]!] = (from + to) / 2
    from = to + 1
  }
  return out
}
