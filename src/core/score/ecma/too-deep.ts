/**
 * Bytes of native stack that one more level may take in oxc-parser 0.158 and in writing its tree out, measured on
 * nested functions, generics, arrows, ternaries, labels and chains, and rounded up.
 */
const BRACKET_BYTES = 1600
const LINK_BYTES = 500
/** An element or a type argument takes more than an operator. */
const ANGLE_LINKS = 2
/** Of the 4 MiB that a worker thread of Node.js has, the main thread of Linux and macOS 8. */
const STACK_BYTES = 2.5 * 1024 * 1024
/** A text of so few characters cannot be too deep. */
const SHORT = Math.floor(STACK_BYTES / BRACKET_BYTES)

/** After one of these a name or a keyword continues what is before it, whatever lines are between. */
const CONTINUED = new Set(
  'await case delete do else extends in instanceof keyof new of return throw typeof unique void yield'.split(
    ' ',
  ),
)
/** A line that begins with one of these does not end what is before it. */
const CONTINUES = new Set('as else extends in instanceof of satisfies'.split(' '))
/** Nor one of these, where the head of another ends the line before. */
const NESTS = new Set('do for if while with'.split(' '))

const SPACE = 0x20
const NEWLINE = 0x0a
const [SLASH, STAR, QUOTE, DOUBLE_QUOTE, BACKTICK] = [0x2f, 0x2a, 0x27, 0x22, 0x60]
const [COMMA, SEMICOLON, LESS_THAN, GREATER_THAN] = [0x2c, 0x3b, 0x3c, 0x3e]
const CLOSING_PARENTHESIS = 0x29
const [OPENING_BRACE, CLOSING_BRACE] = [0x7b, 0x7d]
const OPERATORS = codes('+-*/%&|^!~?:=.@>')
const OPENERS = codes('([{')
const CLOSERS = codes(')]}')

/**
 * Whether parsing this text could overflow the native stack, which would end the process: a recursive parser cannot be
 * stopped once it runs. An upper bound of the depth of the tree, from brackets and from the longest chain of operators and
 * keywords inside of each, in one pass; too much of it is refused though it might have been read. Strings, comments,
 * templates and, as far as the character before tells, regular expressions are passed over.
 */
export function isTooDeep(text: string): boolean {
  if (text.length < SHORT) return false
  let cost = 0
  // Chains within the innermost bracket: which end at a comma, at a semicolon, and with the bracket.
  let links = 0
  let angles = 0
  let elses = 0
  const outer: number[] = []
  const link = () => {
    links++
    cost += LINK_BYTES
  }
  const endChains = () => {
    cost -= (links + angles) * LINK_BYTES
    links = angles = 0
  }
  const open = (bracket: number) => {
    outer.push(links, angles, elses, bracket)
    links = angles = elses = 0
    cost += BRACKET_BYTES
  }
  const close = () => {
    endChains()
    cost -= elses * LINK_BYTES
    elses = 0
    if (outer.length > 0) {
      cost -= BRACKET_BYTES
      outer.pop()
      elses = outer.pop()!
      angles = outer.pop()!
      links = outer.pop()!
    }
    // It may have been a call or an index: what follows contains it.
    link()
  }
  // The last character and the last word before this place, and whether a line has ended since.
  let last = 0
  let lastWord = ''
  let newline = false
  for (let at = 0; at < text.length && cost <= STACK_BYTES; at++) {
    const code = text.charCodeAt(at)
    if (code <= SPACE) {
      if (code === NEWLINE) newline = true
      continue
    }
    if (code === SLASH) {
      const next = text.charCodeAt(at + 1)
      if (next === SLASH || next === STAR) {
        const end = text.indexOf(next === SLASH ? '\n' : '*/', at + 2)
        if (end === -1) return false
        at = next === SLASH ? end - 1 : end + 1
        continue
      }
    }
    const word = isWord(code) ? wordAt(text, at) : ''
    if (word !== '') {
      if (endsOperand(last)) {
        const ends = newline && !CONTINUED.has(lastWord) && !CONTINUES.has(word)
        if (ends && !(last === CLOSING_PARENTHESIS && NESTS.has(word))) endChains()
        else if (word === 'else') {
          elses++
          cost += LINK_BYTES
        } else link()
      }
      at += word.length - 1
    } else if (code === QUOTE || code === DOUBLE_QUOTE) at = endOfString(text, at, code)
    else if (code === BACKTICK || (code === CLOSING_BRACE && outer.at(-1) === BACKTICK)) {
      if (code === BACKTICK) link()
      else close()
      at = endOfTemplatePart(text, at + 1)
      if (text.charCodeAt(at) === OPENING_BRACE) open(BACKTICK)
    } else if (OPENERS.has(code)) open(code)
    else if (CLOSERS.has(code)) close()
    else if (code === SEMICOLON) endChains()
    else if (code === COMMA) {
      cost -= links * LINK_BYTES
      links = 0
    } else if (isElementEnd(text, at)) {
      const ended = Math.min(angles, ANGLE_LINKS)
      angles -= ended
      cost -= ended * LINK_BYTES
      at++
    } else if (code === LESS_THAN) {
      angles += ANGLE_LINKS
      cost += ANGLE_LINKS * LINK_BYTES
    } else if (code === SLASH && (!endsOperand(last) || CONTINUED.has(lastWord))) at = endOfRegex(text, at)
    else if (OPERATORS.has(code)) link()
    last = text.charCodeAt(at)
    lastWord = word
    newline = false
  }
  return cost > STACK_BYTES
}

function codes(characters: string): ReadonlySet<number> {
  return new Set([...characters].map((character) => character.charCodeAt(0)))
}

function isWord(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 36 ||
    code > 127
  )
}

function wordAt(text: string, from: number): string {
  let end = from + 1
  while (end < text.length && isWord(text.charCodeAt(end))) end++
  return text.slice(from, end)
}

function endsOperand(last: number): boolean {
  return isWord(last) || CLOSERS.has(last) || last === BACKTICK || last === QUOTE || last === DOUBLE_QUOTE
}

/** `</` or `/>`, which end an element of JSX. */
function isElementEnd(text: string, at: number): boolean {
  const [code, next] = [text.charCodeAt(at), text.charCodeAt(at + 1)]
  if (code === SLASH) return next === GREATER_THAN
  if (code !== LESS_THAN || next !== SLASH) return false
  const after = text.charCodeAt(at + 2)
  return after !== SLASH && after !== STAR
}

/** The closing quote, or the last character of the line where there is none. */
function endOfString(text: string, from: number, quote: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at
    if (code === 92) at++
    else if (code === 10) return at - 1
  }
  return text.length
}

/** The closing backtick, or the brace of the next `${`. */
function endOfTemplatePart(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 96) return at
    if (code === 92) at++
    else if (code === 36 && text.charCodeAt(at + 1) === 123) return at + 1
  }
  return text.length
}

/** The closing slash; where the line has none, the opening one, which was an operator. */
function endOfRegex(text: string, from: number): number {
  let inClass = false
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 10) break
    if (code === 92) at++
    else if (code === 91) inClass = true
    else if (code === 93) inClass = false
    else if (code === 47 && !inClass) return at
  }
  return from
}
