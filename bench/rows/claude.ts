import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSandbox, removeSandbox, type Sandbox } from '../../src/core/bench/sandbox.ts'
import { bootstrap, median, medianRatio, summaryOf } from '../../src/core/bench/statistics.ts'
import type { BenchServer } from '../contender.ts'
import { runMycelium } from '../contenders/mycelium.ts'
import { type Context, probe } from '../context.ts'
import { installed } from '../install.ts'
import { startModel } from '../model-endpoint.ts'
import type { Headline, RowResult } from '../result.ts'

const RUNS = 10
const SERVERS = 8
/** Each server offers these, so that 24 tools can be missing. */
const TOOLS = ['echo', 'pid', 'cwd']
const START_MS = 1500
const GIVE_UP_MS = 60_000

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

interface Turn {
  readonly ms: number
  readonly tools: number
}

/** Real Claude Code, one turn against a scripted model on loopback: spawn of `claude -p` to its first request that offers tools, and how many MCP tools are in it. */
export async function claude(context: Context): Promise<RowResult> {
  const binary = join(installed(context.packageRoot, 'clients'), 'node_modules/.bin/claude')
  const sandboxes = VARIANTS.map(() => createSandbox(process.env.PATH ?? ''))
  const turns = VARIANTS.map((): Turn[] => [])
  try {
    for (const [i, variant] of VARIANTS.entries()) await layOut(context, sandboxes[i]!, variant)
    const runs = context.runs ?? RUNS
    for (let run = 0; run < runs; run++) {
      for (let k = 0; k < VARIANTS.length; k++) {
        const i = (k + run) % VARIANTS.length
        context.progress(`claude ${run + 1}/${runs} ${VARIANTS[i]!.name}`)
        turns[i]!.push(await firstRequest(binary, sandboxes[i]!))
      }
    }
  } finally {
    for (const sandbox of sandboxes) removeSandbox(sandbox)
  }
  return resultOf(turns)
}

function resultOf(turns: readonly (readonly Turn[])[]): RowResult {
  const ms = turns.map((own) => own.map((turn) => turn.ms))
  const headlines = VARIANTS.slice(1).flatMap((variant, i): Headline[] => {
    const ratio = bootstrap(ms[i + 1]!, ms[0]!, medianRatio)
    const tools = Math.min(...turns[i + 1]!.map((turn) => turn.tools))
    const whole = SERVERS * TOOLS.length
    return [
      {
        what: 'Claude Code: first model request ÷ the same with servers that start at once',
        contender: variant.name,
        value: ratio.value,
        unit: '×',
        interval: ratio,
        ...(variant.through ? { must: 1.3, aim: 1.1 } : {}),
      },
      {
        what: `MCP tools in it, of ${whole}, worst`,
        contender: variant.name,
        value: tools,
        unit: '',
        ...(variant.through ? { must: whole, atLeast: true } : {}),
      },
    ]
  })
  const details = VARIANTS.map((variant, i) => ({
    contender: variant.name,
    what: 'claude -p to its first model request',
    unit: 'ms',
    summary: summaryOf(ms[i]!),
  }))
  const best = `median with servers that start at once: ${median(ms[0]!).toFixed(0)} ms`
  return { headlines, details, notes: [best] }
}

async function layOut(context: Context, sandbox: Sandbox, variant: Variant): Promise<void> {
  const options = [`--tools=${TOOLS.join(',')}`, `--start-ms=${variant.startMs}`]
  const names = Array.from({ length: SERVERS }, (_, i) => `slow-${i}`)
  writeClaudeConfig(
    sandbox,
    names.map((name) => probe(context.packageRoot, name, options)),
  )
  if (!variant.through) return
  runMycelium(context.packageRoot, sandbox, ['init', '--yes', '--client', 'claude-code'])
  runMycelium(context.packageRoot, sandbox, ['server', 'warm', ...names])
}

/** Writes ~/.claude.json with these servers. */
export function writeClaudeConfig(sandbox: Sandbox, servers: readonly BenchServer[]): void {
  const entries = servers.map(({ name, command, args }) => [name, { command, args }])
  const config = { hasCompletedOnboarding: true, mcpServers: Object.fromEntries(entries) }
  writeFileSync(join(sandbox.home, '.claude.json'), JSON.stringify(config, null, 2))
}

export async function firstRequest(binary: string, sandbox: Sandbox): Promise<Turn> {
  const model = await startModel()
  try {
    const since = performance.now()
    const child = spawn(binary, ['-p', 'hi'], {
      cwd: sandbox.project,
      env: {
        ...sandbox.env,
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'not-a-key',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
    const timer = setTimeout(() => child.kill('SIGKILL'), GIVE_UP_MS)
    const code = await new Promise((resolve) => child.once('exit', resolve))
    clearTimeout(timer)
    const first = model.requests.find((request) => request.hasTools)
    if (first === undefined)
      throw new Error(`claude ended with ${code} and asked the model nothing: ${said.slice(-2000)}`)
    return { ms: first.at - since, tools: first.mcpTools.length }
  } finally {
    model.close()
  }
}
