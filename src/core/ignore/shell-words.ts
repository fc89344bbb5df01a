/** A piece of a word. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'variable'; readonly name: string }
  /** `$(…)`, `` `…` ``, `<(…)`: a command whose output, or whose name, stands here. */
  | CommandPiece

/** A command in a word; `at` is where it begins in the text that was read, where it stands there as it is. */
export interface CommandPiece {
  readonly kind: 'command'
  readonly source: string
  readonly at: number | undefined
}

/** One word of a command. */
export interface Word {
  /** Offsets in the text that was read. */
  readonly start: number
  readonly end: number
  readonly pieces: readonly Piece[]
}

/** What stands between commands: an operator, or a word that opens or closes a scope. */
export type Token =
  | { readonly kind: 'word'; readonly word: Word }
  | { readonly kind: 'operator'; readonly text: string; readonly start: number }
  /** `< WORD`; other redirections write, and are left out. `<<<` gives its text as input. */
  | { readonly kind: 'input'; readonly word: Word; readonly isText: boolean }
  /** A here-document. */
  | { readonly kind: 'document'; readonly text: string; readonly commands: readonly CommandPiece[] }

/** Longer commands are not looked into: an agent waits. */
export const MAX_COMMAND_CHARS = 100_000

/**
 * Reads a shell command into tokens, as POSIX and bash quote and split (POSIX.1-2017, Shell Command Language, 2.2-2.3). Undefined where it is
 * not understood: an open quote, or too long.
 */
export function tokensOf(source: string): readonly Token[] | undefined {
  if (source.length > MAX_COMMAND_CHARS) return undefined
  const tokens: Token[] = []
  const awaited: { end: string; strip: boolean; isQuoted: boolean; place: number }[] = []
  let at = 0
  const nextWord = (): Word | undefined => {
    while (source[at] === ' ' || source[at] === '\t') at += 1
    const word = readWord(source, at)
    if (word !== undefined) at = word.end
    return word
  }
  while (at < source.length) {
    const char = source[at]!
    if (char === ' ' || char === '\t' || char === '\r') at += 1
    else if (source.startsWith('\\\n', at)) at += 2
    else if (char === '\n') {
      tokens.push({ kind: 'operator', text: '\n', start: at })
      at += 1
      for (const { end, strip, isQuoted, place } of awaited.splice(0)) {
        const found = documentAt(source, at, end, strip)
        const commands = isQuoted ? [] : commandsIn(found.text)
        tokens[place] = { kind: 'document', text: found.text, commands }
        at = found.next
      }
    } else if (char === '#') {
      while (at < source.length && source[at] !== '\n') at += 1
    } else {
      const redirect = /^(?:\d*|\{\w+\})(<<<|<<-|<<|<>|<&|<(?!\()|>>|>\||>&|&>>|&>|>(?!\())/.exec(
        source.slice(at, at + 16),
      )
      if (redirect !== null) {
        at += redirect[0].length
        const kind = redirect[1]!
        const word = nextWord()
        if (word === undefined) return undefined
        if (kind === '<<' || kind === '<<-') {
          // Its text comes with the next line, but it belongs to this command.
          const isQuoted = word.pieces.some((piece) => piece.kind === 'text' && piece.quoted)
          awaited.push({ end: plainText(word), strip: kind === '<<-', isQuoted, place: tokens.length })
          tokens.push({ kind: 'document', text: '', commands: [] })
        } else if (kind === '<' || kind === '<>' || kind === '<<<')
          tokens.push({ kind: 'input', word, isText: kind === '<<<' })
        continue
      }
      const operator = /^(\|\||&&|;;&|;;|;&|\|&|[;&|(){}])/.exec(source.slice(at, at + 3))?.[0]
      const isBrace = operator === '{' || operator === '}'
      if (operator !== undefined && (!isBrace || /^[{}](\s|;|$)/.test(source.slice(at, at + 2)))) {
        tokens.push({ kind: 'operator', text: operator, start: at })
        at += operator.length
        continue
      }
      const word = nextWord()
      if (word === undefined) return undefined
      tokens.push({ kind: 'word', word })
    }
  }
  return tokens
}

/** The text of a word whose pieces are all text; commands and variables count as nothing. */
export function plainText(word: Word): string {
  return word.pieces.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('')
}

function readWord(source: string, start: number): Word | undefined {
  const pieces: Piece[] = []
  const add = (text: string, quoted: boolean): void => {
    const last = pieces.at(-1)
    if (last?.kind === 'text' && last.quoted === quoted)
      pieces[pieces.length - 1] = { ...last, text: last.text + text }
    else pieces.push({ kind: 'text', text, quoted })
  }
  let at = start
  let quote = ''
  for (;;) {
    const char = source[at]
    if (char === undefined) {
      if (quote !== '') return undefined
      break
    }
    if (quote === "'") {
      const end = source.indexOf("'", at)
      if (end < 0) return undefined
      add(source.slice(at, end), true)
      at = end + 1
      quote = ''
    } else if (quote === '"' && char === '"') {
      at += 1
      quote = ''
      add('', true)
    } else if (char === '\\') {
      const next = source[at + 1] ?? ''
      if (next === '\n') at += 2
      else {
        add(quote === '"' && !'$`"\\'.includes(next) ? `\\${next}` : next, true)
        at += 2
      }
    } else if (char === '$' || char === '`' || (quote === '' && /^[<>]\(/.test(source.slice(at, at + 2)))) {
      const found = expansionAt(source, at, quote)
      if (found === undefined) return undefined
      if (found.piece.kind === 'text') add(found.piece.text, found.piece.quoted)
      else pieces.push(found.piece)
      at = found.end
    } else if (quote === '"') {
      add(char, true)
      at += 1
    } else if (char === '"' || char === "'") {
      quote = char
      at += 1
    } else if (/[\s;&|()<>]/.test(char)) break
    else {
      add(char, false)
      at += 1
    }
  }
  return at === start ? undefined : { start, end: at, pieces }
}

/** A `$'…'` or `${…}` that is longer is not understood. */
const MAX_EXPANSION_CHARS = 4_096

function expansionAt(source: string, at: number, quote: string): { piece: Piece; end: number } | undefined {
  const rest = source.slice(at, at + MAX_EXPANSION_CHARS)
  if (rest.startsWith('$((')) {
    const end = closing(source, at + 1)
    return end === undefined ? undefined : { piece: { kind: 'variable', name: '(' }, end }
  }
  if (rest.startsWith('$(') || /^[<>]\(/.test(rest)) {
    const end = closing(source, at + 1)
    return end === undefined
      ? undefined
      : { piece: { kind: 'command', source: source.slice(at + 2, end - 1), at: at + 2 }, end }
  }
  if (rest.startsWith('`')) {
    const end = source.indexOf('`', at + 1)
    return end < 0
      ? undefined
      : { piece: { kind: 'command', source: source.slice(at + 1, end), at: undefined }, end: end + 1 }
  }
  if (quote === '' && rest.startsWith("$'")) {
    const found = /^\$'((?:[^'\\]|\\.)*)'/s.exec(rest)
    if (found === null) return undefined
    return { piece: { kind: 'text', text: unescaped(found[1]!), quoted: true }, end: at + found[0].length }
  }
  const named = /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/.exec(rest)
  if (named !== null)
    return { piece: { kind: 'variable', name: named[1] ?? named[2]! }, end: at + named[0].length }
  const argument = /^\$(?:\{([\d@*])\}|([\d@*]))/.exec(rest)
  if (argument !== null)
    return {
      piece: { kind: 'variable', name: (argument[1] ?? argument[2]!).replace('*', '@') },
      end: at + argument[0].length,
    }
  const other = /^\$(?:\{[^}]*\}|[#?$!-])/.exec(rest)
  if (other !== null) return { piece: { kind: 'variable', name: '(' }, end: at + other[0].length }
  return { piece: { kind: 'text', text: '$', quoted: true }, end: at + 1 }
}

/** Commands in a here-document whose end word is not quoted: the shell runs them. */
function commandsIn(text: string): readonly CommandPiece[] {
  const found: CommandPiece[] = []
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '`' || text.startsWith('$(', at)) {
      const expansion = expansionAt(text, at, '"')
      if (expansion === undefined) break
      if (expansion.piece.kind === 'command') found.push({ ...expansion.piece, at: undefined })
      at = expansion.end - 1
    }
  }
  return found
}

/** The end of a parenthesis that opens at an offset, quotes and nesting seen. */
function closing(source: string, open: number): number | undefined {
  let depth = 0
  for (let at = open; at < source.length; at += 1) {
    const char = source[at]
    if (char === '\\') at += 1
    else if (char === "'" || char === '"') {
      let end = at + 1
      while (end < source.length && source[end] !== char) end += char === '"' && source[end] === '\\' ? 2 : 1
      at = end
    } else if (char === '(') depth += 1
    else if (char === ')') {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return undefined
}

function unescaped(text: string): string {
  const letters: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' }
  return text.replace(/\\(x[0-9a-fA-F]{1,2}|.)/gs, (_, code: string) =>
    code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (letters[code] ?? code),
  )
}

function documentAt(
  source: string,
  start: number,
  end: string,
  strip: boolean,
): { text: string; next: number } {
  let at = start
  while (at < source.length) {
    const stop = source.indexOf('\n', at)
    const line = source.slice(at, stop < 0 ? undefined : stop)
    const next = stop < 0 ? source.length : stop + 1
    if ((strip ? line.replace(/^\t+/, '') : line) === end) return { text: source.slice(start, at), next }
    at = next
  }
  return { text: source.slice(start), next: source.length }
}
