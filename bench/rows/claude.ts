import { join } from 'node:path'
import { createSandbox, removeSandbox, type Sandbox } from '../../src/core/bench/sandbox.ts'
import { bootstrap, medianRatio, summaryOf } from '../../src/core/bench/statistics.ts'
import {
  claudeEnvironment,
  firstRequest,
  type Listing,
  listServers,
  type Turn,
  writeClaudeConfig,
} from '../claude-code.ts'
import { myceliumIsWarm, runMycelium } from '../contenders/mycelium.ts'
import { type Context, probe, wait } from '../context.ts'
import { installed } from '../install.ts'
import { type ModelEndpoint, startModel } from '../model-endpoint.ts'
import type { Detail, Headline, RowResult } from '../result.ts'

const RUNS = 10
const SERVERS = 8
/** Each server offers these, so that 24 tools can be missing. */
const TOOLS = ['echo', 'pid', 'cwd']
const START_MS = 1500
/** A server is prepared anew after each run, as it is between two sessions of a person. */
const WARM_MS = 30_000

interface Variant {
  readonly name: string
  readonly startMs: number
  readonly through: boolean
}

/** Direct with servers that start at once is the best that can be had; with slow ones it is what people have. */
const VARIANTS: readonly Variant[] = [
  { name: 'direct, servers start at once', startMs: 0, through: false },
  { name: `direct, ${START_MS} ms each`, startMs: START_MS, through: false },
  { name: `mycelium, ${START_MS} ms each`, startMs: START_MS, through: true },
]

interface Sample {
  readonly turn: Turn
  readonly listing: Listing
}

/** Real Claude Code with 8 servers: time to its first model request, the MCP tools in it, and `claude mcp list`. */
export async function claude(context: Context): Promise<RowResult> {
  const binary = join(installed(context.packageRoot, 'clients'), 'node_modules/.bin/claude')
  const sandboxes = VARIANTS.map(() => createSandbox(process.env.PATH ?? ''))
  const samples = VARIANTS.map((): Sample[] => [])
  const model = await startModel()
  try {
    for (const [i, variant] of VARIANTS.entries()) await layOut(context, sandboxes[i]!, variant, model)
    const runs = context.runs ?? RUNS
    for (let run = 0; run <= runs; run++) {
      for (let k = 0; k < VARIANTS.length; k++) {
        const i = (k + run) % VARIANTS.length
        context.progress(`claude ${run}/${runs} ${VARIANTS[i]!.name}`)
        const sample = await runBoth(context, binary, sandboxes[i]!, VARIANTS[i]!, model)
        // The first run of a new home writes it, and shows mycelium what a session of Claude Code looks like.
        if (run > 0) samples[i]!.push(sample)
      }
    }
  } finally {
    model.close()
    for (const sandbox of sandboxes) removeSandbox(sandbox)
  }
  return resultOf(samples)
}

async function layOut(
  context: Context,
  sandbox: Sandbox,
  variant: Variant,
  model: ModelEndpoint,
): Promise<void> {
  const options = [`--tools=${TOOLS.join(',')}`, `--start-ms=${variant.startMs}`]
  const names = Array.from({ length: SERVERS }, (_, i) => `slow-${i}`)
  const servers = names.map((name) => probe(context.packageRoot, name, options))
  writeClaudeConfig(sandbox, servers)
  if (!variant.through) return
  runMycelium(context.packageRoot, sandbox, ['init', '--yes', '--client', 'claude-code'])
  const shell = { ...sandbox, env: claudeEnvironment(sandbox, model) }
  runMycelium(context.packageRoot, shell, ['server', 'warm', ...names])
}

async function runBoth(
  context: Context,
  binary: string,
  sandbox: Sandbox,
  variant: Variant,
  model: ModelEndpoint,
): Promise<Sample> {
  if (variant.through) await untilWarm(sandbox)
  await context.quiet()
  const turn = await firstRequest(binary, sandbox, model)
  if (variant.through) await untilWarm(sandbox)
  await context.quiet()
  return { turn, listing: await listServers(binary, sandbox, model) }
}

async function untilWarm(sandbox: Sandbox): Promise<void> {
  const deadline = performance.now() + WARM_MS
  while (!(await myceliumIsWarm(sandbox)) && performance.now() < deadline) await wait(100)
}

function resultOf(samples: readonly (readonly Sample[])[]): RowResult {
  const turnMs = samples.map((own) => own.map(({ turn }) => turn.ms))
  const listMs = samples.map((own) => own.map(({ listing }) => listing.ms))
  const whole = SERVERS * TOOLS.length
  const headlines = VARIANTS.flatMap((variant, i): Headline[] => {
    const contender = variant.name
    const must = (bounds: object) => (variant.through ? bounds : {})
    const ratio = (what: string, ms: readonly number[][], bounds: object): Headline[] => {
      if (i === 0) return []
      const interval = bootstrap(ms[i]!, ms[0]!, medianRatio)
      return [{ what, contender, value: interval.value, unit: '×', interval, ...must(bounds) }]
    }
    const worst = (what: string, values: readonly number[], all: number): Headline => {
      return { what, contender, value: Math.min(...values), unit: '', ...must({ must: all, atLeast: true }) }
    }
    return [
      ...ratio('Claude Code: first model request ÷ servers that start at once', turnMs, {
        must: 1.3,
        aim: 1.1,
      }),
      worst(
        `MCP tools in it, of ${whole}, worst`,
        samples[i]!.map(({ turn }) => turn.tools),
        whole,
      ),
      ...ratio('claude mcp list ÷ servers that start at once', listMs, {}),
      worst(
        `servers it calls connected, of ${SERVERS}, worst`,
        samples[i]!.map(({ listing }) => listing.connected),
        SERVERS,
      ),
    ]
  })
  const details = VARIANTS.flatMap(({ name }, i): Detail[] => [
    {
      contender: name,
      what: 'claude -p to its first model request',
      unit: 'ms',
      summary: summaryOf(turnMs[i]!),
    },
    { contender: name, what: 'claude mcp list', unit: 'ms', summary: summaryOf(listMs[i]!) },
  ])
  return { headlines, details }
}
