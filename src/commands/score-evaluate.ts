import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { MyceliumError } from '../core/errors.ts'
import { evaluationJson, evaluationText } from '../core/report/evaluation-report.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'
import { progressBar } from '../core/report/progress.ts'
import { Analyst } from '../core/score/analyst.ts'
import { treeFactsOf } from '../core/score/facts.ts'
import { evaluate } from '../core/score/importance/evaluate.ts'

/** `mycelium score evaluate`. */
export interface EvaluateOptions {
  readonly json?: boolean
}

/** Replays the newest commits of a repository against what the ranking would have kept before each. */
export async function runScoreEvaluate(
  io: Io,
  path: string | undefined,
  { json }: EvaluateOptions,
): Promise<void> {
  const cwd = resolve(io.cwd, path ?? '.')
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new MyceliumError('path_missing', `${cwd} is no directory`)
  const bar = progressBar(io, 'replaying commits', () => systemClock.now())
  const { env, signal } = io
  const analyst = new Analyst({ clock: systemClock, env, signal })
  const evaluation = await evaluate(
    { cwd, env, clock: systemClock, signal },
    {
      analyse: async (name, content) => {
        const facts = await analyst.factsOf(name, content)
        return facts && treeFactsOf(facts)
      },
      onCommit: (done, of) => bar.show(done, of, `${done} of ${of} commits`),
    },
  ).finally(bar.done)
  if (signal.aborted) throw new MyceliumError('interrupted', 'stopped')
  if (evaluation.commits === 0)
    throw new MyceliumError(
      'history_short',
      evaluation.gap?.message ?? `${cwd} has too few commits that edited files to replay any`,
    )
  if (evaluation.gap !== undefined) io.talk(`${evaluation.gap.message}\n`)
  if (json) io.write(jsonText(evaluationJson(evaluation)))
  else io.write(evaluationText(evaluation, { width: io.width, paint: io.paint.stdout }))
}
