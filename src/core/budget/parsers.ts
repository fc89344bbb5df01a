import { parentPort, workerData } from 'node:worker_threads'
import { languageOf } from '../score/languages.ts'
import { parsers } from '../score/tools.ts'
import type { AnalyzerFor } from './source.ts'

const analyzerOf = parsers()

/** dist/parsers.js: a file of its own, which the hook loads only for a content that it has not seen. */
export const analyzerFor: AnalyzerFor = (path) => analyzerOf(languageOf(path))

// In a thread of its own (parse-apart.ts) it reads the one text that it was started with; what it throws ends the thread.
if (parentPort !== null && typeof workerData?.parse?.text === 'string') {
  const { path, text } = workerData.parse
  parentPort.postMessage((await analyzerFor(path))?.parse(path, text))
}
