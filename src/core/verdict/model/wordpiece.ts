/** Word pieces of a vocabulary, by their text; continuations begin with `##`. */
export type Vocabulary = ReadonlyMap<string, number>

/** The model's own limit; what is longer is cut into several. */
export const MAX_PIECES = 256
const MAX_WORD = 100

/** What a tokenizer file of Hugging Face says of a WordPiece model. Throws a plain error when it is another kind. */
export function vocabularyOf(tokenizerJson: string): Vocabulary {
  const { model } = JSON.parse(tokenizerJson) as { model: { type?: string; vocab: Record<string, number> } }
  if (model.vocab['[CLS]'] === undefined) throw new Error('no word pieces in the tokenizer file')
  return new Map(Object.entries(model.vocab))
}

/**
 * Ids of a text as BERT's uncased tokenizer gives them, without the marks of beginning and end: lower case without accents, split at
 * white space, punctuation and Chinese characters, then the longest known piece first (Schuster and Nakajima 2012; Devlin et al. 2018).
 */
export function wordPieces(text: string, vocabulary: Vocabulary): number[] {
  const unknown = vocabulary.get('[UNK]')!
  const ids: number[] = []
  for (const [word] of cleaned(text).matchAll(WORD)) pieces(word, vocabulary, unknown, ids)
  return ids
}

const PUNCTUATION = String.raw`[!-/:-@[-\x60{-~]|\p{P}`
const CHINESE = String.raw`[\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b820}-\u{2ceaf}\u{2f800}-\u{2fa1f}]`
const WORD = new RegExp(`${PUNCTUATION}|${CHINESE}|(?:(?!${PUNCTUATION}|${CHINESE})\\S)+`, 'gu')

function cleaned(text: string): string {
  const lower = text.toLowerCase()
  if (/^[\t\n\r -~]*$/.test(lower)) return lower
  return lower
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .replace(/[\t\n\r]/g, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\ufffd]/gu, '')
}

function pieces(word: string, vocabulary: Vocabulary, unknown: number, ids: number[]): void {
  const whole = vocabulary.get(word)
  if (whole !== undefined) {
    ids.push(whole)
    return
  }
  const chars = [...word]
  const start = ids.length
  if (chars.length > MAX_WORD) {
    ids.push(unknown)
    return
  }
  for (let from = 0; from < chars.length; ) {
    let to = chars.length
    let id: number | undefined
    for (; to > from; to--) {
      id = vocabulary.get((from > 0 ? '##' : '') + chars.slice(from, to).join(''))
      if (id !== undefined) break
    }
    if (id === undefined) {
      ids.length = start
      ids.push(unknown)
      return
    }
    ids.push(id)
    from = to
  }
}
