import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemClock } from '../core/clock.ts'
import type { Verdict } from '../core/compress/verdict-type.ts'
import { pathsFrom } from '../core/config/paths.ts'
import { MyceliumError } from '../core/errors.ts'
import { openStdin, readInput } from '../core/input.ts'
import { bytesIfRegular } from '../core/regular-file.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { printable } from '../core/report/printable.ts'
import { table } from '../core/report/table.ts'
import type { FullVerdict } from '../core/verdict/judge.ts'
import { openJudging } from '../core/verdict/open-judge.ts'
import { THRESHOLDS } from '../core/verdict/thresholds.ts'

/** Options of `mycelium optimization judge`. */
export interface JudgeCommandOptions {
  readonly tier?: Verdict['tier']
  readonly json?: boolean
}

/** Texts are compared statement by statement; larger ones are for a compressor that works in parts. */
const MAX_BYTES = 8 << 20
const STDIN_MS = 60_000
/** Losses that the table shows; --json has all. */
const MAX_SHOWN = 40

/** `mycelium optimization judge`; gives the exit code, 1 below the gate. Throws path_missing, usage. */
export async function runJudge(
  io: Io,
  original: string,
  compressed: string,
  options: JudgeCommandOptions,
): Promise<number> {
  if (original === '-' && compressed === '-')
    throw new MyceliumError('usage', 'only one of the two texts can be standard input')
  const [before, after] = [await textOf(io, original), await textOf(io, compressed)]
  const judging = openJudging({
    clock: systemClock,
    env: io.env,
    models: pathsFrom(io.env).models,
    ...(options.tier && { only: options.tier }),
  })
  try {
    const started = systemClock.now()
    const verdict = await judging.judge(before, after, { maxPieces: Number.MAX_SAFE_INTEGER })
    const ms = systemClock.now() - started
    io.write(
      options.json
        ? jsonText({ ...verdict, thresholds: THRESHOLDS, ms: Math.round(ms) })
        : verdictText(verdict, ms, io.width),
    )
    return verdict.pass ? 0 : 1
  } finally {
    judging.close()
  }
}

async function textOf(io: Io, name: string): Promise<string> {
  if (name === '-') {
    const { bytes, whole } = await readInput(openStdin(), {
      maxBytes: MAX_BYTES,
      limitMs: STDIN_MS,
      clock: systemClock,
    })
    if (!whole)
      throw new MyceliumError('usage', `standard input is larger than ${MAX_BYTES >> 20} MB, or did not end`)
    return bytes.toString('utf8')
  }
  const path = resolve(io.cwd, name)
  const size = statSync(path, { throwIfNoEntry: false })?.size
  if (size === undefined) throw new MyceliumError('path_missing', `${path} does not exist`)
  if (size > MAX_BYTES) throw new MyceliumError('usage', `${path} is larger than ${MAX_BYTES >> 20} MB`)
  const bytes = bytesIfRegular(path)
  if (bytes === undefined) throw new MyceliumError('path_missing', `${path} is no file that can be read`)
  return bytes.toString('utf8')
}

function verdictText(verdict: FullVerdict, ms: number, width: number): string {
  const { pass, tier, fidelity, similarity, coverage, facts, reachable, lost, reversible } = verdict
  const three = (value: number) => value.toFixed(3)
  const judged =
    tier === 'none'
      ? 'no model: npm install -g mycelium, on a platform that it has a build for'
      : `${tier}, Spearman ${fidelity.toFixed(2)} on STS-B`
  const rows = [
    ['verdict', pass ? 'pass' : 'fail', ''],
    ['similarity', three(similarity), `above ${THRESHOLDS.similarity}`],
    [
      'coverage',
      `mean ${three(coverage.mean)}, 5th percentile ${three(coverage.p5)}, least ${three(coverage.min)}`,
      `${THRESHOLDS.p5} and ${THRESHOLDS.min}`,
    ],
    [
      'facts',
      `${facts.kept} kept, ${facts.lost} lost${reversible ? `, ${reachable} behind a handle` : ''}`,
      '0 lost',
    ],
    ['judged by', judged, ''],
    ['time', `${Math.round(ms)} ms`, ''],
  ]
  const head = table([{ title: 'WHAT' }, { title: 'FOUND', shrinks: true }, { title: 'NEEDED' }], rows, width)
  if (lost.length === 0) return head
  const losses = table(
    [{ title: 'LINE', align: 'right' }, { title: 'KIND' }, { title: 'LOST', shrinks: true }],
    lost.slice(0, MAX_SHOWN).map(({ line, kind, text }) => [String(line), kind, printable(text)]),
    width,
  )
  const more = lost.length > MAX_SHOWN ? `and ${lost.length - MAX_SHOWN} more: --json has all\n` : ''
  return `${head}\n${losses}${more}`
}
