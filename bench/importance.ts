import { systemClock } from '../src/core/clock.ts'
import { BASELINES } from '../src/core/score/importance/baselines.ts'
import { evaluate, type Ranking } from '../src/core/score/importance/evaluate.ts'
import { roughAnalysis } from './rough-analysis.ts'

const SHOWN: readonly Ranking[] = ['importance', 'defaults', 'withTask', ...BASELINES]

/** Evaluates the ranking on repositories: paths, and --commits N before them for how many commits are read of each. Prints a table for each. */
export async function main(args: readonly string[]): Promise<number> {
  const given = args[0] === '--commits'
  const commits = given ? Number(args[1]) : 2000
  for (const path of args.slice(given ? 2 : 0)) {
    const place = { cwd: path, env: process.env, clock: systemClock }
    const found = await evaluate(place, { analyse: roughAnalysis, commits })
    console.log(
      `\n${path}: ${found.commits} commits judged, ${found.files} files, weights ${found.weights.source} (${found.weights.because})`,
    )
    if (found.gap !== undefined) console.log(found.gap.message)
    if (found.commits === 0) continue
    for (const ranking of SHOWN) {
      const recall = found.recall[ranking].map((value) => value.toFixed(3)).join('  ')
      const gain = ranking === 'importance' ? [] : found.gain[ranking]
      const said = gain.map(({ value, low, high }) => `${signed(value)} [${signed(low)}, ${signed(high)}]`)
      console.log(`${ranking.padEnd(11)} ${recall}   ${said.join('  ')}`)
    }
    const task = found.gainOfTask.map(
      ({ value, low, high }) => `${signed(value)} [${signed(low)}, ${signed(high)}]`,
    )
    console.log(`withTask − message              ${task.join('  ')}`)
  }
  return 0
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(3)}`
}
