import { systemClock } from '../core/clock.ts'
import { MyceliumError } from '../core/errors.ts'
import { backtest } from '../core/policy/markov/backtest.ts'
import { newestSessions } from '../core/policy/markov/model.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { backtestJson, backtestText } from '../core/report/prewarm-report.ts'
import { recordedSessions, sessionsIn, toolsIn } from '../core/report/prewarm-source.ts'
import { progressBar } from '../core/report/progress.ts'

/** Options of `mycelium prewarm evaluate`. */
export interface PrewarmEvaluateOptions {
  readonly sequences?: string
  readonly tools?: string
  readonly json?: boolean
  readonly config?: readonly string[]
}

const HALF_LIFE_MS = 30 * 86_400_000
/** Recorded calls that are replayed at most, the newest. */
const REPLAYED_CALLS = 50_000

/** `mycelium prewarm evaluate`. Throws sequences_invalid, traffic_none, and what reading throws. */
export async function runPrewarmEvaluate(io: Io, options: PrewarmEvaluateOptions): Promise<void> {
  const texts = toolsIn(io, options.tools)
  const sessions =
    options.sequences === undefined
      ? newestSessions(await recordedSessions(io, { flags: options.config }), REPLAYED_CALLS)
      : sessionsIn(io, options.sequences).sessions
  if (sessions.length === 0)
    throw new MyceliumError('traffic_none', 'no call was recorded yet', {
      hint: 'mycelium prewarm evaluate --sequences FILE',
    })
  const bar = progressBar(io, 'replaying sessions', () => systemClock.now())
  io.endBySignals()
  const test = backtest(sessions, {
    texts,
    halfLifeMs: HALF_LIFE_MS,
    now: systemClock.now,
    onPart: (done, of) => bar.show(done, of, `${done} of ${of} parts`),
  })
  bar.done()
  if (options.json) io.write(jsonText(backtestJson(test)))
  else io.write(backtestText(test, io.width))
}
