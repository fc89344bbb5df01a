import { homeOf, type Scope, type Values } from './shell-scope.ts'
import type { CommandPiece, Word } from './shell-words.ts'

/** Bounds on what one word may stand for: so many values, and so many characters in all of them. */
const MAX_VALUES = 256
const MAX_BRACED = 64
const MAX_CHARS = 400_000

/** What a word may stand for. */
export function valuesOf(word: Word, scope: Scope): Values {
  let values: readonly { text: string; glob: string; wild: boolean }[] = [{ text: '', glob: '', wild: false }]
  const commands: CommandPiece[] = []
  let unknown = false
  for (const [i, piece] of word.pieces.entries()) {
    if (piece.kind === 'command') {
      commands.push(piece)
      unknown = true
      const lines = scope.outputOf(piece.source, scope)
      if (lines.length > 0)
        values = product(
          values,
          lines.map(({ text }) => ({ text, glob: literal(text), wild: false })),
        )
      continue
    }
    if (piece.kind === 'variable') {
      const known =
        piece.name === 'PWD' && scope.cwd !== undefined
          ? [{ text: scope.cwd }]
          : scope.variables.get(piece.name)
      if (known === undefined) unknown = true
      else
        values = product(
          values,
          known.map(({ text, glob }) => ({ text, glob: glob ?? literal(text), wild: glob !== undefined })),
        )
      continue
    }
    if (piece.quoted) values = product(values, [{ text: piece.text, glob: literal(piece.text), wild: false }])
    else {
      const home = i === 0 && /^~(?=\/|$)/.test(piece.text) ? homeOf(scope) : undefined
      const text = home === undefined ? piece.text : home + piece.text.slice(1)
      values = product(
        values,
        braced(text).map((one) => ({ text: one, glob: one, wild: /[*?[]/.test(one) })),
      )
    }
  }
  return {
    values: values.map(({ text, glob, wild }) => (wild ? { text, glob } : { text })),
    unknown,
    commands,
  }
}

/** A text in which nothing is a wild card. */
function literal(text: string): string {
  return text.replace(/[\\*?[\]]/g, '\\$&')
}

function product<T extends { text: string; glob: string; wild: boolean }>(
  left: readonly T[],
  right: readonly T[],
): readonly T[] {
  const found: T[] = []
  let chars = 0
  for (const a of left)
    for (const b of right) {
      chars += a.text.length + b.text.length
      if (found.length === MAX_VALUES || (chars > MAX_CHARS && found.length > 0)) return found
      found.push({ ...a, text: a.text + b.text, glob: a.glob + b.glob, wild: a.wild || b.wild })
    }
  return found
}

/** `a{b,c}d` is `abd` and `acd`; what has too many braces stays as it is. */
function braced(text: string): readonly string[] {
  let found: readonly string[] = [text]
  while (found.length < MAX_BRACED) {
    const next = found.flatMap((one) => {
      const braces = /\{([^{}]*,[^{}]*)\}/.exec(one)
      if (braces === null) return [one]
      const [before, after] = [one.slice(0, braces.index), one.slice(braces.index + braces[0].length)]
      return braces[1]!.split(',', MAX_BRACED).map((word) => before + word + after)
    })
    if (next.length === found.length && next.every((one, i) => one === found[i])) break
    found = next.slice(0, MAX_BRACED)
  }
  return found.slice(0, MAX_BRACED)
}
