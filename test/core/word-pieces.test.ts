import { expect, it } from 'vitest'
import { wordPieces } from '../../src/core/verdict/model/wordpiece.ts'
import { verifies } from '../requirements.ts'

const VOCABULARY = new Map(
  [
    '[UNK]',
    'un',
    '##aff',
    '##able',
    'hello',
    ',',
    '!',
    'world',
    '日',
    '本',
    "'",
    'don',
    't',
    '3',
    '.',
    '14',
    '##14',
  ].map((piece, id) => [piece, id] as const),
)

it.each([
  ['unaffable', ['un', '##aff', '##able']],
  ['Héllo,  WÖRLD!', ['hello', ',', 'world', '!']],
  ['日本', ['日', '本']],
  ["don't", ['don', "'", 't']],
  ['3.14', ['3', '.', '14']],
  ['314', ['3', '##14']],
  ['unknowable hello', ['[UNK]', 'hello']],
  [`${'a'.repeat(101)} hello`, ['[UNK]', 'hello']],
  ['\u0000he\u200bllo\ufffd\t\n', ['hello']],
])('%j becomes %j, as in BERT uncased', (text, pieces) => {
  verifies('VALID-1')
  const names = [...VOCABULARY.keys()]
  expect(wordPieces(text, VOCABULARY).map((id) => names[id])).toEqual(pieces)
})
