import { loadCounter } from '../tokens/count.ts'
import type { Analyzer } from './analysis.ts'
import type { Tools } from './analyze.ts'
import { ecmaAnalyzer } from './ecma/analyzer.ts'
import { GRAMMAR_LANGUAGES, type GrammarLanguage, grammarAnalyzers } from './grammar/analyzer.ts'
import type { Language } from './languages.ts'

/** Parsers, each loaded when its first file comes, and a tokenizer. */
export async function tools(): Promise<Tools> {
  return { analyzerOf: parsers(), countTokens: await loadCounter() }
}

/** Gives the parser of a language, loaded once; undefined where there is none. It rejects where the parser cannot be loaded. */
export function parsers(): Tools['analyzerOf'] {
  const grammars = grammarAnalyzers()
  const loaded = new Map<string, Promise<Analyzer>>()
  const load = (parser: string): Promise<Analyzer> | undefined => {
    if (parser === 'ecma') return ecmaAnalyzer()
    return isGrammar(parser) ? grammars(parser) : undefined
  }
  return async ({ parser }: Language) => {
    const known = loaded.get(parser) ?? load(parser)
    if (known !== undefined) loaded.set(parser, known)
    return known
  }
}

function isGrammar(parser: string): parser is GrammarLanguage {
  return (GRAMMAR_LANGUAGES as readonly string[]).includes(parser)
}
