import { bagOf } from '../../bm25.ts'

/** Words that say nothing of what is to be done, though tool descriptions may hold few of them. */
const EMPTY: ReadonlySet<string> = new Set(
  (
    'a about above after again all also am an and any are as at be because been before being below between both but by can could did do does ' +
    'doing down during each few first for from further had has have having he her here him his how i if in into is it its itself just kindly ' +
    'last let like ll looking make may me more most must my need needs next no nor not now of off on once one only or other our out over own ' +
    'please re same she should so some such sure than that the their them then there these they this those through to too under until up us ' +
    've very want was we were what when where which while who whom why will with would you your great good okay ok'
  ).split(' '),
)

/** The words of a text that say what is to be done: lower case, without their endings, each once. */
export function wordsOf(text: string): ReadonlySet<string> {
  const words = new Set<string>()
  for (const word of bagOf(text).counts.keys()) {
    if (word.length > MAX_WORD || EMPTY.has(word)) continue
    words.add(stemOf(word))
  }
  return words
}

/** Longer ones are no words. */
const MAX_WORD = 40

/** A word without the endings of plural, tense and person: what "searches", "searching" and "searched" share. */
export function stemOf(word: string): string {
  if (word.length < 4 || /\d/.test(word)) return word
  let stem = word
  if (stem.endsWith('ies') && stem.length > 4) stem = `${stem.slice(0, -3)}y`
  else if (/(ss|sh|ch|x|z)es$/.test(stem)) stem = stem.slice(0, -2)
  else if (stem.endsWith('s') && !/(ss|us|is)$/.test(stem)) stem = stem.slice(0, -1)
  if (stem.endsWith('ing') && stem.length > 5) stem = undoubled(stem.slice(0, -3))
  else if (stem.endsWith('ed') && stem.length > 4) stem = undoubled(stem.slice(0, -2))
  return stem.length > 4 && stem.endsWith('e') ? stem.slice(0, -1) : stem
}

function undoubled(stem: string): string {
  return /([bdgmnprt])\1$/.test(stem) ? stem.slice(0, -1) : stem
}
