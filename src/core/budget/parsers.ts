import { languageOf } from '../score/languages.ts'
import { parsers } from '../score/tools.ts'
import type { AnalyzerFor } from './source.ts'

const analyzerOf = parsers()

/** dist/parsers.js: a file of its own, which the hook loads only for a content that it has not seen. */
export const analyzerFor: AnalyzerFor = (path) => analyzerOf(languageOf(path))
