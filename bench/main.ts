import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { direct } from './contenders/direct.ts'
import { mycelium } from './contenders/mycelium.ts'
import { mcporter, mcpProxy } from './contenders/peers.ts'
import type { Context } from './context.ts'
import { installed } from './install.ts'
import { type QuietGate, quietGate } from './quiet.ts'
import { markdownOf, textOf } from './report.ts'
import { type RowResult, verdict } from './result.ts'
import { agents } from './rows/agents.ts'
import { attach } from './rows/attach.ts'
import { claude } from './rows/claude.ts'
import { compress } from './rows/compress.ts'
import { conformance } from './rows/conformance.ts'
import { crash } from './rows/crash.ts'
import { diffs } from './rows/diffs.ts'
import { eventsAppend } from './rows/events-append.ts'
import { eventsIngest } from './rows/events-ingest.ts'
import { eventsQuery } from './rows/events-query.ts'
import { eventsStart } from './rows/events-start.ts'
import { herd } from './rows/herd.ts'
import { hook } from './rows/hook.ts'
import { idle } from './rows/idle.ts'
import { latency } from './rows/latency.ts'
import { memory } from './rows/memory.ts'
import { orphans } from './rows/orphans.ts'
import { prewarm } from './rows/prewarm.ts'
import { score } from './rows/score.ts'
import { status } from './rows/status.ts'
import { throughput } from './rows/throughput.ts'
import { transcripts } from './rows/transcripts.ts'
import { verdict as verdictRow } from './rows/verdict.ts'
import { week } from './rows/week.ts'
import { weekReplay } from './rows/week-replay.ts'

/** Every row, in the order of the report. */
const ROWS: Readonly<Record<string, (context: Context) => Promise<RowResult>>> = {
  memory,
  attach,
  latency,
  throughput,
  idle,
  herd,
  orphans,
  crash,
  hook,
  status,
  claude,
  conformance,
  transcripts,
  score,
  compress,
  prewarm,
  verdict: verdictRow,
  diffs,
  agents,
  week,
  'week-replay': weekReplay,
  'events-append': eventsAppend,
  'events-ingest': eventsIngest,
  'events-query': eventsQuery,
  'events-start': eventsStart,
}

const USAGE = `npm run bench [-- options]
  --only NAME    only this row; may be given more than once (${Object.keys(ROWS).join(', ')})
  --runs N       samples per row instead of each row's own number
  --sts FILE     also the fidelity of the models of the row verdict, by your copy of STS-B's test set
  --no-peers     without mcp-proxy + mcp-remote and mcporter
  --transcripts DIR  sessions of agents for the row diffs; they are only read
  --week-data FILE  sessions for the rows week and week-replay, as prewarm evaluate --sequences takes them, instead of generated ones
  --json FILE    write everything measured to FILE
  --markdown FILE  write the tables of docs/benchmarks.md to FILE
`

/** What was measured, where and on what. */
export interface Report {
  readonly machine: string
  readonly node: string
  readonly commit: string
  readonly at: string
  readonly command: string
  readonly rows: Readonly<Record<string, RowResult>>
  /** Samples before which the bench waited for a quiet machine, and those it took on a busy one. */
  readonly busy: { readonly asked: number; readonly refused: number }
}

/** Runs the rows asked for; the exit code says whether every figure that must hold held. */
export async function main(argv: readonly string[], packageRoot: string): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string', multiple: true },
      runs: { type: 'string' },
      sts: { type: 'string' },
      transcripts: { type: 'string' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      'week-data': { type: 'string' },
      'no-peers': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  })
  const names = values.only ?? Object.keys(ROWS)
  if (values.help || names.some((name) => ROWS[name] === undefined)) {
    process.stderr.write(USAGE)
    return values.help ? 0 : 2
  }
  // Node 20 parses this bundle at every start, 45 ms that no contender is to blame for.
  delete process.env.NODE_EXTRA_CA_CERTS
  const gate = quietGate()
  const context = {
    ...contextOf(packageRoot, values['no-peers'] === true, values.runs, gate, values.transcripts),
    sts: values.sts,
    weekData: values['week-data'],
  }
  const rows: Record<string, RowResult> = {}
  for (const name of names) rows[name] = await ROWS[name]!(context)
  const report: Report = {
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}`,
    node: process.version,
    commit: commitOf(packageRoot),
    at: new Date().toISOString(),
    command: ['npm run bench', ...(argv.length > 0 ? ['--', ...argv] : [])].join(' '),
    rows,
    busy: { asked: gate.asked, refused: gate.refused },
  }
  context.progress('')
  process.stdout.write(textOf(report))
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
  if (values.markdown) writeFileSync(values.markdown, markdownOf(report))
  const missed = Object.values(rows).flatMap((row) =>
    row.headlines.filter((line) => verdict(line) === 'missed'),
  )
  return missed.length === 0 ? 0 : 1
}

function contextOf(
  packageRoot: string,
  withoutPeers: boolean,
  runs: string | undefined,
  gate: QuietGate,
  transcripts: string | undefined,
): Context {
  const peersRoot = withoutPeers ? '' : installed(packageRoot, 'peers')
  return {
    packageRoot,
    direct,
    mycelium: mycelium(packageRoot, 'shared'),
    myceliumSession: mycelium(packageRoot, 'session'),
    peers: withoutPeers ? [] : [mcpProxy(peersRoot), mcporter(peersRoot)],
    runs: runs === undefined ? undefined : Number(runs),
    ...(transcripts !== undefined && { transcripts }),
    quiet: gate.next,
    progress: (text) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
      else if (text !== '') process.stderr.write(`${text}\n`)
    },
  }
}

function commitOf(packageRoot: string): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: packageRoot, encoding: 'utf8' }).trim()
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'bin', 'templates') !== ''
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' with uncommitted changes' : ''}`
  } catch {
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
      version: string
    }
    return `version ${version}`
  }
}
