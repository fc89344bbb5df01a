import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { hasErrno, MyceliumError } from '../core/errors.ts'
import { LineSplitter } from '../core/lines.ts'
import { BUDGET_WINDOW, judge } from '../core/policy/idle/judge.ts'
import { type IdleTrace, minutesOf, rowOf, type UsedMinutes } from '../core/policy/idle/trace.ts'
import { openRegular } from '../core/regular-file.ts'
import { idleJson, idleText } from '../core/report/idle-report.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'

/** `mycelium prewarm evaluate --idle-trace FILE`. */
export interface IdleEvaluateOptions {
  readonly json?: boolean
  /** The learned policy gets the warm time of a fixed window of this many minutes. */
  readonly budgetWindow?: number
}

/** A row of a year of minutes. Longer lines are left out. */
const MAX_LINE_BYTES = 4 * 1024 * 1024
/** What is held of a trace, a bit for each function and minute: a hundred thousand functions over two weeks. */
const MAX_HELD_BYTES = 256 * 1024 * 1024

/** Replays a trace of invocations and prints how often a call would have found its server cold, under the learned policy and under fixed ones. */
export async function runIdleEvaluate(io: Io, file: string, options: IdleEvaluateOptions): Promise<void> {
  const trace = await readTrace(resolve(io.cwd, file))
  const budgetWindow = options.budgetWindow ?? BUDGET_WINDOW
  io.endBySignals()
  const report = { evaluation: judge(trace, budgetWindow), skippedRows: trace.skippedRows, budgetWindow }
  if (options.json) io.write(jsonText(idleJson(report)))
  else io.write(idleText(report, io.width))
}

/** Reads a trace line by line. Throws path_missing, config_unreadable, idle_trace_invalid. */
async function readTrace(path: string): Promise<IdleTrace> {
  let minutes: number | undefined
  let skippedRows = 0
  let heldBytes = 0
  const rows: UsedMinutes[] = []
  const take = (bytes: Buffer) => {
    const line = bytes.toString('utf8')
    if (minutes === undefined) {
      minutes = minutesOf(line)
      return
    }
    const row = rowOf(line, minutes)
    if (row === undefined) {
      skippedRows++
      return
    }
    heldBytes += row.length
    if (heldBytes > MAX_HELD_BYTES)
      throw invalid(`it has more than ${rows.length} functions of ${minutes} minutes`)
    rows.push(row)
  }
  const lines = new LineSplitter(MAX_LINE_BYTES, take, (bytes) => {
    if (minutes === undefined) throw invalid(`its first line has more than ${bytes} bytes`)
    skippedRows++
  })
  try {
    for await (const chunk of createReadStream(path, { fd: openRegular(path) })) lines.push(chunk as Buffer)
    const rest = lines.end()
    if (rest !== undefined) take(rest)
    if (minutes === undefined) throw invalid('it is empty')
    if (rows.length === 0)
      throw invalid(`none of its ${skippedRows} lines after the header is three ids and ${minutes} counts`)
    return { minutes, rows, skippedRows }
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR'))
      throw new MyceliumError('path_missing', `${path} does not exist`)
    if (hasErrno(error, 'EACCES', 'EPERM'))
      throw new MyceliumError('config_unreadable', `${path} may not be read`)
    if (error instanceof MyceliumError && error.code === 'idle_trace_invalid')
      throw invalid(`${path} is no trace: ${error.message}`)
    throw error
  }
}

function invalid(message: string): MyceliumError {
  return new MyceliumError('idle_trace_invalid', message)
}
