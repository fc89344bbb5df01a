/** How a line of comment may begin, in any language; what follows is its text. */
const COMMENT =
  /^\s*(?:\/\/+|\/\*+|\*+(?!\w)|#+|--+(?!>)|<!--|\{-|\(\*|;+|%+|"""|'''|<\?|<%#?|<!DOCTYPE|['"]use |REM\b|dnl\b)[!\s]*(.*)$/i
/**
 * What generators say of their output, at the start of a comment's line: further in, it is people who talk about generators. Go's is exact:
 * https://go.dev/s/generatedcode.
 */
const MARKS: readonly RegExp[] = [
  /^Code generated .* DO NOT EDIT/,
  /^(this file is (automatically )?)?@(partially-)?generated\b/i,
  /^<auto-?generated/i,
  /^\W*(this|the following) (\w+ )?(file|code|module|class|header|script|source)s? (is|was|are|has been) (an? |auto(matically)?|machine|always|partly|code|[- ])*@?generated\b/i,
  /^\W*this is an? (auto(matically)?|machine)?[- ]?generated\b/i,
  /^\W*(auto-?|automatically |machine[ -])generated\b( (by|from|with|using|on|file\b|code\b)|\W*($|\W+do not))/i,
  /^\W*generated\b.*\b(do not|don.?t|should not|never) (be )?(edit|modif|change|touch)/i,
  /^\W*(do not|don.?t) (edit|modify|change|touch)\b.*(\bgenerated\b|this file|by hand|manually)/i,
  /^\W*(\S+ )?generated (automatically )?by (the (protocol buffer compiler|gRPC)|GNU|autoconf|automake|aclocal|configure|cython|swig|bison|flex|re2c|ragel|ANTLR|thrift|rust-bindgen|pip-compile|datamodel-codegen|openapi|swagger|graphql-codegen)/i,
  /^A Bison parser, made by/,
  /^\S+\s+Generated from \S+ by/i,
]
/** A licence may come first. */
const MAX_LINES = 60
/** Marks stand at the start; some of them take the square of the length of what is no mark. */
const MAX_MARK_CHARS = 300
const PROSE = /\.(md|mdx|markdown|rst|adoc|txt|org)$/i

/** Whether the comment that a file begins with says that no human wrote it. In prose only a hidden comment counts: headings are about things. */
export function saysGenerated(path: string, head: string): boolean {
  const lines = head.replace(/^\ufeff/, '').split('\n', MAX_LINES)
  const isProse = PROSE.test(path)
  let closing: string | undefined
  for (const line of lines) {
    if (line.trim() === '') continue
    const start = line.slice(0, MAX_MARK_CHARS)
    const begun = COMMENT.exec(start)
    if (closing === undefined && begun === null) return false
    const inProse = isProse && closing === undefined && !/^\s*(<!--|\.\. )/.test(line)
    if (inProse) return false
    const text = closing === undefined || begun !== null ? begun![1]! : start.trim()
    if (MARKS.some((mark) => mark.test(text))) return true
    closing = closing === undefined ? closingOf(line) : line.includes(closing) ? undefined : closing
  }
  return false
}

/** How the comment that begins on this line ends; undefined where it ends with it. */
function closingOf(line: string): string | undefined {
  for (const [open, close] of BLOCKS) {
    const at = line.indexOf(open)
    if (at >= 0 && line.slice(0, at).trim() === '')
      return line.includes(close, at + open.length) ? undefined : close
  }
  return undefined
}

const BLOCKS = [
  ['/*', '*/'],
  ['<!--', '-->'],
  ['{-', '-}'],
  ['(*', '*)'],
  ['"""', '"""'],
  ["'''", "'''"],
] as const
