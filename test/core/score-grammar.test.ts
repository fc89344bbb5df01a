import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ParsedFile } from '../../src/core/score/analysis.ts'
import {
  GRAMMAR_LANGUAGES,
  type GrammarLanguage,
  grammarAnalyzers,
} from '../../src/core/score/grammar/analyzer.ts'
import { verifies } from '../requirements.ts'

const analyzers = grammarAnalyzers()
const parse = async (language: GrammarLanguage, text: string, path = 'a'): Promise<ParsedFile> =>
  (await analyzers(language)).parse(path, text)

/** Each function stands below the numbers that the published rules give it, worked out by hand. */
const HAND: Readonly<Record<GrammarLanguage, readonly [file: string, functions: number]>> = {
  go: ['hand.go', 24],
  rust: ['hand.rs', 26],
  java: ['Hand.java', 26],
  python: ['hand.py', 15],
  kotlin: ['hand.kt', 10],
  c: ['hand.c', 9],
  cpp: ['hand.cpp', 10],
  c_sharp: ['hand.cs', 10],
  ruby: ['hand.rb', 9],
  php: ['hand.php', 10],
  swift: ['hand.swift', 11],
  bash: ['hand.sh', 9],
}

describe.each(GRAMMAR_LANGUAGES)('%s', (language) => {
  it('counts each function as its rules do by hand', async () => {
    verifies('SCORE-1')
    const [file, count] = HAND[language]
    const text = readFileSync(new URL(`../fixtures/grammar/${file}`, import.meta.url), 'utf8')
    const wanted = text.split('\n').flatMap((line, i) => {
      const numbers = /want (\d+) (\d+) (\d+) (\d+) ([^*]+?)\s*(?:\*\/)?$/.exec(line)
      return numbers ? [`${i + 2} ${numbers.slice(1).join(' ')}`] : []
    })
    const { functions, syntaxErrors } = await parse(language, text)
    const found = functions.map((f) =>
      [f.line, f.cyclomatic, f.cognitive, f.nesting, f.parameters, f.name].join(' '),
    )
    expect(syntaxErrors).toBe(0)
    expect(found).toEqual(wanted)
    expect(wanted.length).toBe(count)
  })
})
