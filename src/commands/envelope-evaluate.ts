import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { hasErrno, MyceliumError } from '../core/errors.ts'
import { LineSplitter } from '../core/lines.ts'
import { evaluate } from '../core/policy/envelope/evaluate.ts'
import { ENVELOPE_OPTIONS } from '../core/policy/envelope/options.ts'
import { isHeader, lineOf, serversOf, type TimeUnit, type TraceLine } from '../core/policy/envelope/trace.ts'
import { openRegular } from '../core/regular-file.ts'
import { evaluationJson, evaluationText } from '../core/report/envelope-evaluation.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'

/** Options of `mycelium envelope evaluate`. */
export interface EnvelopeEvaluateOptions {
  readonly trace: string
  readonly unit?: TimeUnit
  /** What all may have together, MB, above 0. */
  readonly ceiling?: number
  readonly json?: boolean
}

/** No name of a server is near it. */
const MAX_LINE_BYTES = 64 * 1024
/** About 1 GB as they are held. */
const MAX_SAMPLES = 10_000_000

/** Replays a recording of memory and prints what the limits of envelopes and fixed limits would have done. */
export async function runEnvelopeEvaluate(io: Io, options: EnvelopeEvaluateOptions): Promise<void> {
  const { lines, skippedLines } = await readTrace(resolve(io.cwd, options.trace))
  const { servers, unit } = serversOf(lines, options.unit)
  io.endBySignals()
  const report = {
    evaluation: evaluate(servers, ENVELOPE_OPTIONS, options.ceiling),
    skippedLines,
    unit: lines.every(({ dated }) => dated) ? ('date' as const) : unit,
  }
  if (options.json) io.write(jsonText(evaluationJson(report)))
  else io.write(evaluationText(report, io.width))
}

/** Reads a trace line by line. Throws path_missing, config_unreadable, memory_trace_invalid. */
async function readTrace(
  path: string,
): Promise<{ readonly lines: readonly TraceLine[]; readonly skippedLines: number }> {
  const lines: TraceLine[] = []
  let [skippedLines, read] = [0, 0]
  const take = (bytes: Buffer) => {
    const text = bytes.toString('utf8').replace(/^\uFEFF/, '')
    const isFirst = read++ === 0
    if (text.trim() === '') return
    const line = lineOf(text)
    if (line !== undefined) lines.push(line)
    else if (!isFirst || !isHeader(text)) skippedLines++
    if (lines.length > MAX_SAMPLES) throw invalid(`${path} has more than ${MAX_SAMPLES} samples`)
  }
  const splitter = new LineSplitter(MAX_LINE_BYTES, take, () => {
    read++
    skippedLines++
  })
  try {
    for await (const chunk of createReadStream(path, { fd: openRegular(path) }))
      splitter.push(chunk as Buffer)
    const rest = splitter.end()
    if (rest !== undefined) take(rest)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR'))
      throw new MyceliumError('path_missing', `${path} does not exist`, { hint: 'name a file that exists' })
    if (hasErrno(error, 'EACCES', 'EPERM'))
      throw new MyceliumError('config_unreadable', `${path} may not be read`)
    throw error
  }
  if (lines.length === 0)
    throw invalid(
      skippedLines === 0
        ? `${path} has no samples`
        : `none of the ${skippedLines} lines of ${path} is server,time,MB`,
    )
  return { lines, skippedLines }
}

function invalid(message: string): MyceliumError {
  return new MyceliumError('memory_trace_invalid', message)
}
