import { createInterface } from 'node:readline'
import { pathsOf } from '../../config/paths.ts'
import { MyceliumError } from '../../errors.ts'
import { stampOf } from '../../file-stamp.ts'
import { type Foresight, foresightBy, type Question } from './foresight.ts'
import { readKnownTools, textsOf } from './known-tools.ts'
import { readModel } from './model-file.ts'

// dist/foresee.js, a process of its own that the daemon starts while there is something to foresee: a model of 5 MB takes 0.4 s to load, and
// 100 MB of which a daemon would never give back 35. It ends with its input.
const root = process.argv[2]
if (root !== undefined) {
  const { prewarmModel, knownTools } = pathsOf(root)
  let stamp: string | undefined
  let answer: (question: Question) => Foresight
  const load = (): typeof answer => {
    try {
      return foresightBy(readModel(prewarmModel), textsOf(readKnownTools(knownTools)))
    } catch (error) {
      if (!(error instanceof MyceliumError)) throw error
      const verdict = { use: false, because: error.message }
      return ({ id }) => ({ id, verdict, servers: [] })
    }
  }
  createInterface({ input: process.stdin }).on('line', (line) => {
    const now = `${stampOf(prewarmModel)} ${stampOf(knownTools)}`
    if (now !== stamp) answer = load()
    stamp = now
    process.stdout.write(`${JSON.stringify(answer(JSON.parse(line) as Question))}\n`)
  })
}
