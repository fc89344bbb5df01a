import { seededRandom } from '../bench/statistics.ts'

/** A text with one false statement in it. */
export interface Planted {
  readonly kind: 'number' | 'negation' | 'duty'
  readonly text: string
  /** 1-based line of the text. */
  readonly line: number
}

interface Place {
  readonly kind: Planted['kind']
  readonly at: number
  readonly from: string
  readonly to: string
}

/** Lines of marks are ours: what is in them is no statement of the text. */
const MARK = /^\s*(?:\[|~A)/

/**
 * The text with a number, a negation or a duty turned round, at a place that the seed chooses; undefined where it has none. The same text and seed give the
 * same bytes. The first line is left alone: it is the head of a shortened text.
 */
export function planted(text: string, seed: number): Planted | undefined {
  const lines = text.split('\n')
  const starts: number[] = []
  for (let at = 0, i = 0; i < lines.length; at += lines[i++]!.length + 1) starts.push(at)
  const random = seededRandom(seed)
  const all = lines.flatMap((line, i) => (i === 0 || MARK.test(line) ? [] : placesIn(line, starts[i]!)))
  // One kind has most places: each kind has the same chance.
  const kinds = [...new Set(all.map(({ kind }) => kind))]
  const kind = kinds[Math.floor(random() * kinds.length)]
  const places = all.filter((place) => place.kind === kind)
  const place = places[Math.floor(random() * places.length)]
  if (place === undefined) return undefined
  const { at, from, to } = place
  return {
    kind: place.kind,
    text: text.slice(0, at) + to + text.slice(at + from.length),
    line: text.slice(0, at).split('\n').length,
  }
}

function placesIn(line: string, start: number): Place[] {
  const found = (kind: Place['kind'], what: RegExp, turn: (from: string) => string): Place[] =>
    [...line.matchAll(what)].map((match) => ({
      kind,
      at: start + match.index,
      from: match[0],
      to: turn(match[0]),
    }))
  return [
    ...found('number', /(?<![\w.:/#-])\d{1,6}(?![\w/:-]|\.\d)/g, (from) => String(Number(from) + 3)),
    ...found('negation', / (?:not|never)(?= )/g, () => ''),
    ...found('duty', /\b(?:must|may)\b/g, (from) => (from === 'may' ? 'must' : 'may')),
  ]
}
