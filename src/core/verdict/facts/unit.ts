import { type Atom, atomsOf, isFact } from './atom.ts'

/** A statement: a sentence, a line, or a row of data. What it says is only true of its own parts. */
export interface Unit {
  readonly atoms: readonly Atom[]
  /** As it was written, for the model of meaning and for reports. */
  readonly text: string
  /** From 1. */
  readonly line: number
  /** Says the same as every unit with the same one. */
  readonly same: string
  /** What is said apart from the facts; units with the same one say the same of other numbers and names. */
  readonly frame: string
  /** Its words tell what its facts are about; otherwise its place does. */
  readonly isClear: boolean
  /** How often a compressed unit stands for itself; 1 without a count. */
  readonly count: number
}

/** Words that it takes to tell what a number is about. */
const CLEAR_WORDS = 2

/** Makes a unit of atoms. */
export function unitOf(
  text: string,
  line: number,
  atoms: readonly Atom[],
  { isRow = false, count = 1 } = {},
): Unit {
  const frame: string[] = []
  const same: string[] = []
  let words = 0
  for (const atom of atoms) {
    if (atom.kind === 'stop' || atom.kind === 'placeholder') continue
    if (atom.isKey !== true) same.push(atom.text)
    if (isFact(atom)) continue
    frame.push(atom.text)
    if (atom.kind === 'word') words++
  }
  return {
    atoms,
    text,
    line,
    same: same.join(' '),
    frame: frame.join(' '),
    isClear: !isRow && words >= CLEAR_WORDS,
    count,
  }
}

/** Not after the number of a heading or of a list. */
const SENTENCE_END = /(?<!^\W*\d+\.)(?<=[.!?…]["')\]]?)\s+(?=["'([]?[\p{Lu}\d`…])/mu
/** A line of prose whose sentence goes on in the next. */
const GOES_ON = /[\p{Ll},;]$/u
const MAX_SENTENCE_LINES = 8

/** What is known of a compressed text: how often its lines stand for themselves, and the units of the original by their text. */
interface Known {
  readonly counts?: ReadonlyMap<number, number>
  readonly units?: ReadonlyMap<string, Unit>
  /** Lines, from 1, that are in one of the texts only: no sentence goes on from one of them, or into it. */
  readonly gone?: ReadonlySet<number>
}

/** The statements of a text that is not data: sentences where lines are prose, else lines. Units without atoms are left out. */
export function unitsOfText(text: string, { counts, units: known, gone }: Known = {}): Unit[] {
  const lines = text.split('\n')
  const units: Unit[] = []
  for (let i = 0; i < lines.length; ) {
    const first = i
    while (
      i + 1 < lines.length &&
      i - first < MAX_SENTENCE_LINES &&
      gone?.has(i + 1) === gone?.has(i + 2) &&
      isJoined(lines[i]!, lines[i + 1]!)
    )
      i++
    i++
    const part = lines.slice(first, i)
    for (const { text: sentence, line } of sentences(part, first + 1)) {
      const count = counts?.get(first) ?? 1
      const unit = count === 1 ? known?.get(sentence) : undefined
      if (unit !== undefined) {
        units.push(unit)
        continue
      }
      const atoms = sentence.split('\n').flatMap((piece, at) => atomsOf(piece, line + at))
      if (atoms.length > 0) units.push(unitOf(sentence, line, atoms, { count }))
    }
  }
  return units
}

function isJoined(line: string, next: string): boolean {
  return GOES_ON.test(line.trimEnd()) && /^[ \t]*[\p{Ll}]/u.test(next) && isProse(line) && isProse(next)
}

function isProse(line: string): boolean {
  return !/[{}=;|<>]|^\s*[-*#+]|\w\(|:\s*$/.test(line) && (line.match(/\p{L}{2,}/gu)?.length ?? 0) >= 5
}

function* sentences(lines: readonly string[], first: number): Generator<{ text: string; line: number }> {
  const text = lines.join('\n')
  let [at, line] = [0, first]
  for (const piece of text.split(SENTENCE_END)) {
    const found = text.indexOf(piece, at)
    line += newlines(text.slice(at, found))
    yield { text: piece, line }
    line += newlines(piece)
    at = found + piece.length
  }
}

function newlines(text: string): number {
  return text.split('\n').length - 1
}
