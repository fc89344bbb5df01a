import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createSandbox, removeSandbox } from '../../src/core/bench/sandbox.ts'
import { quantile, summaryOf } from '../../src/core/bench/statistics.ts'
import type { Context } from '../context.ts'
import { memoryOf } from '../proc.ts'
import type { RowResult } from '../result.ts'
import { runTimed } from '../run-timed.ts'

const ROUNDS = 5
const UNCHANGED_PER_ROUND = 4
const FILES = 5_000
const PARTS = 50
/** Sources that people wrote: of published packages, and Python's library where the machine has one. */
const SOURCES = /\.(ts|mts|cts|tsx|js|mjs|cjs|jsx|py|c|h|cc|go|rs|java|md|json)$/
const MAX_BYTES = 200_000
const MUST = { coldMs: 10_000, unchangedMs: 500, memoryMb: 500 }
const SAMPLE_MS = 300

/** `mycelium score --json` of a git repository of 5,000 files: never seen, unchanged, and with one file edited. */
export async function score(context: Context): Promise<RowResult> {
  const rounds = context.runs ?? ROUNDS
  const sandbox = createSandbox(process.env.PATH ?? '')
  try {
    const bytes = writeRepository(sandbox.project, context.packageRoot)
    const run = (onPids?: (pids: readonly number[]) => void) =>
      runTimed([process.execPath, join(context.packageRoot, 'bin/mycelium.js'), 'score', '--json'], {
        cwd: sandbox.project,
        env: sandbox.env,
        ...(onPids && { onPids, everyMs: SAMPLE_MS }),
      })
    const times = { cold: [] as number[], unchanged: [] as number[], edited: [] as number[] }
    let peakMb = 0
    for (let round = 0; round < rounds; round++) {
      context.progress(`score ${round + 1}/${rounds}`)
      rmSync(join(sandbox.home, '.mycelium'), { recursive: true, force: true })
      await context.quiet()
      times.cold.push(await run((pids) => (peakMb = Math.max(peakMb, memoryOf(pids).pssMb))))
      for (let i = 0; i < UNCHANGED_PER_ROUND; i++) {
        await context.quiet()
        times.unchanged.push(await run())
      }
      writeFileSync(join(sandbox.project, 'edited.ts'), `export const round = ${round}\n`)
      await context.quiet()
      times.edited.push(await run())
    }
    return {
      headlines: [
        headline(`${FILES} files never seen, p50`, quantile(times.cold, 0.5), 'ms', MUST.coldMs),
        headline('the same unchanged, p50', quantile(times.unchanged, 0.5), 'ms', MUST.unchangedMs),
        headline('memory of all its processes, peak (PSS)', peakMb, 'MB', MUST.memoryMb),
      ],
      details: Object.entries(times).map(([what, ms]) => ({
        contender: 'mycelium',
        what: `score, ${what}, spawn to exit (${(bytes / 1e6).toFixed(0)} MB)`,
        unit: 'ms',
        summary: summaryOf(ms),
      })),
    }
  } finally {
    removeSandbox(sandbox)
  }
}

function headline(what: string, value: number, unit: 'ms' | 'MB', must: number) {
  return { what, contender: 'mycelium', value, unit, must }
}

/** Copies sources into a repository with one commit; gives their bytes. Throws when the machine has too few. */
function writeRepository(directory: string, packageRoot: string): number {
  const files = [
    ...sourcesIn('/usr/lib/python3'),
    ...sourcesIn('/usr/lib/python3.11'),
    ...sourcesIn(join(packageRoot, 'node_modules')),
  ]
  if (files.length < FILES) throw new Error(`only ${files.length} sources on this machine`)
  // Runs of neighbours from all over, so that all kinds are in it and a directory holds as many files as people put into one.
  const inEach = FILES / PARTS
  let bytes = 0
  for (let i = 0; i < FILES; i++) {
    const part = Math.floor(i / inEach)
    const from = files[Math.floor((part * files.length) / PARTS) + (i % inEach)]!
    const to = join(
      directory,
      `part${part}`,
      from.replace(/^.*?(node_modules|python3[\d.]*)\//, '').replaceAll('node_modules', 'modules'),
    )
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(from, to)
    bytes += statSync(to).size
  }
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost', ...args], {
      cwd: directory,
      stdio: 'ignore',
    })
  git('init', '--quiet')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'all')
  return bytes
}

function sourcesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => SOURCES.test(name) && !/\.min\./.test(name))
      .map((name) => join(directory, name))
      .filter((file) => {
        const stat = statSync(file, { throwIfNoEntry: false })
        return stat?.isFile() && stat.size > 0 && stat.size <= MAX_BYTES && !isMinified(file)
      })
      .sort()
  } catch {
    return []
  }
}

function isMinified(file: string): boolean {
  return (
    /\.(js|cjs|mjs)$/.test(file) &&
    readFileSync(file, 'utf8')
      .split('\n', 5)
      .some((line) => line.length > 2_000)
  )
}
