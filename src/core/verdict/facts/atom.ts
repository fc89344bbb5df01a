import { JOINTS, MODALS, NEGATIONS, POLAR, SHORT_UNITS, STOP, UNITS } from './words.ts'

/** What an atom is; the kinds of facts are those that a loss is reported as. */
export type AtomKind =
  | 'url'
  | 'path'
  | 'hash'
  | 'date'
  | 'version'
  | 'code'
  | 'number'
  | 'identifier'
  | 'name'
  | 'negation'
  | 'modality'
  | 'polarity'
  | 'operator'
  | 'placeholder'
  | 'joint'
  | 'word'
  | 'stop'

/** The smallest thing that is compared: a word, number, path or sign, without the punctuation of the format around it. */
export interface Atom {
  /** Equal for what means the same: words in lower case, `don't` as `do not`, `5 ms` as `5ms`. */
  readonly text: string
  readonly kind: AtomKind
  /** As it was written. */
  readonly shown: string
  readonly line: number
  /** It names a value and is none: `timeout` of `"timeout": 30`. */
  readonly isKey?: boolean
}

/** Kinds that are facts: exact, or nothing. */
const FACTS: ReadonlySet<AtomKind> = new Set<AtomKind>([
  'url',
  'path',
  'hash',
  'date',
  'version',
  'code',
  'number',
  'identifier',
  'name',
  'negation',
  'modality',
  'polarity',
  'operator',
])

/** Whether an atom must survive exactly. */
export function isFact(atom: Atom): boolean {
  return atom.isKey !== true && FACTS.has(atom.kind)
}

/** Facts that may not even be left out of a sentence that stays. */
export function isBinding(atom: Atom): boolean {
  return atom.kind === 'negation' || atom.kind === 'modality' || atom.kind === 'operator'
}

const N = String.raw`(?:(?<![\w.)\]])[-−])?(?:0x[\da-fA-F]+|\d+(?:\.\d+)*(?:[eE][+-]?\d+)?)`

/**
 * In this order: first what is most frequent and can be nothing else, then what is longer and means more before what is shorter. Pairs with
 * GROUPS. Groups have no names, which would cost an object for each atom.
 */
const ATOM = new RegExp(
  [
    String.raw`([\s"',;{}()[\]:\x60]+)`,
    String.raw`([a-z]+)(?=[\s,;)]|$|\.(?:\s|$))`,
    String.raw`(\d{1,9})(?=[,;\]})\n]|$)`,
    String.raw`(<[*#]>|<(?:n|num|id|ts|hex|str|path|uuid|ip)>|…|\.{3})`,
    String.raw`(\b[a-zA-Z][a-zA-Z+.-]*:\/\/[^\s"'<>\x60|,;)\]}]+[^\s"'<>\x60|,;)\]}.:])`,
    String.raw`([\w.+-]+@[\w-]+\.[\w.-]*\w)`,
    String.raw`(\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?|\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?!\w))`,
    String.raw`(\b[\da-fA-F]{8}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{4}-[\da-fA-F]{12}\b)`,
    String.raw`((?:[A-Za-z]:[\\/]|~[\\/]|\.{1,2}[\\/]|[\\/](?=[\w.@]))?(?:[\w.@+~$-]+[\\/])+(?:[\w@+~$*-]|\.(?=[\w*]))*(?::\d+(?::\d+)?)?|[\\/](?:[\w@+~$-]|\.(?=\w))+(?::\d+(?::\d+)?)?|\b[\w-]+(?:\.[\w-]+)*\.(?:[cm]?[jt]sx?|py|rb|go|rs|java|c|h|cc|cpp|hpp|cs|php|swift|kt|sh|sql|json|jsonl|ya?ml|toml|xml|html?|css|md|txt|log|lock|csv|tsv|ini|cfg|conf|env|png|jpg|svg|pdf|zip|gz|tar|so|dll|exe)\b(?::\d+(?::\d+)?)?)`,
    String.raw`(\b(?=[\da-fA-F]*\d)(?=[\da-fA-F]*[a-fA-F])[\da-fA-F]{7,128}\b)`,
    String.raw`(\b[vV]\d+(?:\.\d+)*(?:-[\w.]+)?\b|\b\d+\.\d+\.\d+(?:\.\d+)*(?:[-+][a-zA-Z][\w.+-]*)?(?::\d+)?)`,
    String.raw`(\b[A-Z]{1,8}-?\d{2,8}\b|\bE[A-Z]{3,}\b|\bSIG[A-Z]+\b)`,
    String.raw`([$€£]?${N}(?:(?:${SHORT_UNITS})(?![\w])|[ \t]*(?:${UNITS})(?![\w])(?:\/\w+)?)?)`,
    String.raw`((?<![\w-])--?[a-zA-Z][\w-]*)`,
    String.raw`([$@#]?\b(?:[a-z]+[a-z\d]*[A-Z]\w*|[A-Z]+[a-z]+[\da-z]*[A-Z]\w*|\w*[a-zA-Z\d]_\w+|_\w+|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|[a-zA-Z]+\d\w*|[A-Z][A-Z\d]+)\b)`,
    String.raw`([\p{L}\p{M}\d]+(?:['’][\p{L}]+)*)`,
    String.raw`([!=]==?|<=|>=|&&|\|\||(?<=[\w)\]] )[<>](?= [\w("'])|!(?=[\w(])|[+*/%-]=|(?<=[\w)\]] )[+*/%-](?= [\w(]))`,
  ].join('|'),
  'yu',
)

/** What each group of ATOM has found. */
const GROUPS = [
  'nothing',
  'plain',
  'digits',
  'placeholder',
  'url',
  'mail',
  'date',
  'uuid',
  'path',
  'hash',
  'version',
  'code',
  'number',
  'flag',
  'identifier',
  'word',
  'operator',
] as const

/** Signs between words of prose and around the cells of tables are no arithmetic. */
const CODE_LINE = /[;{}=]|\w\(|\breturn\b/

/** The atoms of one line or of some of its text, with the line they are reported at. */
export function atomsOf(text: string, line: number): Atom[] {
  const atoms: Atom[] = []
  const isCode = CODE_LINE.test(text)
  for (let at = 0; at < text.length; ) {
    ATOM.lastIndex = at
    const match = ATOM.exec(text)
    if (match === null) {
      at++
      continue
    }
    const shown = match[0]
    let group = 1
    while (match[group] === undefined) group++
    take(
      GROUPS[group - 1]!,
      shown,
      { line, isCode, isStart: () => isSentenceStart(text, match.index) },
      atoms,
    )
    at += shown.length
  }
  return atoms
}

interface Place {
  readonly line: number
  readonly isCode: boolean
  isStart(): boolean
}

function take(
  group: (typeof GROUPS)[number],
  shown: string,
  { line, isCode, isStart }: Place,
  atoms: Atom[],
): void {
  switch (group) {
    case 'nothing':
      return
    case 'plain': {
      const kind = kindOfWord(shown)
      // `a` and `is` are arguments and operators there.
      atoms.push({ text: shown, kind: isCode && kind === 'stop' ? 'word' : kind, shown, line })
      return
    }
    case 'digits':
      atoms.push({ text: shown, kind: 'number', shown, line })
      return
    case 'placeholder':
      atoms.push({ text: '…', kind: 'placeholder', shown, line })
      return
    case 'number':
      atoms.push({ text: shown.replace(/[ \t]+/g, '').replace('−', '-'), kind: 'number', shown, line })
      return
    case 'word':
      wordAtoms(shown, line, isCode, isStart, atoms)
      return
    case 'operator':
      if (isCode || !/^[<>+*/%-]$/.test(shown)) atoms.push({ text: shown, kind: 'operator', shown, line })
      return
    case 'identifier':
      atoms.push({ ...identifier(shown), shown, line })
      return
    case 'uuid':
      atoms.push({ text: shown.toLowerCase(), kind: 'hash', shown, line })
      return
    case 'flag':
      atoms.push({ text: shown, kind: 'identifier', shown, line })
      return
    case 'mail':
      atoms.push({ text: shown, kind: 'url', shown, line })
      return
    default:
      atoms.push({ text: shown, kind: group, shown, line })
  }
}

/** `NOT` and `MUST` in capitals are words still. */
function identifier(shown: string): Pick<Atom, 'text' | 'kind'> {
  const lower = shown.toLowerCase()
  const kind = kindOfWord(lower)
  return kind === 'word' || kind === 'stop' ? { text: shown, kind: 'identifier' } : { text: lower, kind }
}

function wordAtoms(
  shown: string,
  line: number,
  isCode: boolean,
  isStart: () => boolean,
  atoms: Atom[],
): void {
  const lower = shown.toLowerCase().replace('’', "'")
  const negated = /^(\w+?)n't$/.exec(lower)
  if (negated !== null || lower === 'cannot') {
    const verb = { ca: 'can', wo: 'will', sha: 'shall', cannot: 'can' }[negated?.[1] ?? lower] ?? negated![1]!
    atoms.push({ text: verb, kind: kindOfWord(verb), shown, line })
    atoms.push({ text: 'not', kind: 'negation', shown, line })
    return
  }
  const text = lower.replace(/'s$/, '')
  const kind = kindOfWord(text)
  const plain = isCode && kind === 'stop' ? 'word' : kind
  atoms.push({
    text,
    kind: kind === 'word' && /^\p{Lu}/u.test(shown) && !isStart() ? 'name' : plain,
    shown,
    line,
  })
}

function kindOfWord(word: string): AtomKind {
  return KINDS.get(word) ?? 'word'
}

const NUMBER_WORDS =
  `zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand million billion half
   double twice once third quarter`.split(/\s+/)

/** Every word that is more than a word; of two kinds the one that binds more. */
const KINDS: ReadonlyMap<string, AtomKind> = new Map<string, AtomKind>([
  ...of('stop', STOP),
  ...of('joint', JOINTS),
  ...of('polarity', POLAR),
  ...of('number', NUMBER_WORDS),
  ...of('modality', MODALS),
  ...of('negation', NEGATIONS),
])

function of(kind: AtomKind, words: Iterable<string>): [string, AtomKind][] {
  return [...words].map((word) => [word, kind])
}

/** A capital there says nothing of the word. */
function isSentenceStart(text: string, at: number): boolean {
  return /(?:^|[.!?:"'“*_>|#([=,-])\s*$/.test(text.slice(Math.max(0, at - 3), at))
}
