import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  parseDocument,
  type YAMLSeq,
} from 'yaml'
import {
  type ListValue,
  type Located,
  type MapValue,
  type Member,
  type Splice,
  type Syntax,
  SyntaxProblem,
  type Value,
} from './document.ts'
import {
  dropFirstInBrackets,
  lineEnd,
  lineEndOf,
  lineStart,
  prependInBrackets,
  removeBetweenCommas,
  removeOwnLine,
} from './layout.ts'

/** YAML, block and flow style. Anchors and aliases are not followed: editing one place would change another. */
export const yamlSyntax: Syntax = {
  read,
  comments,
  quote,
  prepend: (text, list, items) =>
    list.block ? prependDashes(text, list, items) : prependInBrackets(text, list, items),
  dropFirst: (text, list, count) =>
    list.block ? dropDashes(list, count) : dropFirstInBrackets(text, list, count),
  insertList,
  removeMember: (text, map, member) =>
    member.inline ? removeBetweenCommas(text, map, member) : removeOwnLine(text, member),
}

/** JSON's quoting is YAML's double quoting, but for characters that YAML calls not printable. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\uFEFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function read(text: string): MapValue {
  const document = parseDocument(text, { keepSourceTokens: true, uniqueKeys: false, prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined) throw new SyntaxProblem(error.message, error.pos[0])
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    return { kind: 'map', start: 0, end: text.length, members: [] }
  }
  const root = valueOfNode(contents as Node)
  if (root.kind !== 'map') throw new SyntaxProblem('the top level is not a map', root.start)
  return root
}

/** The lexer's own marks, which are not in the text: before a document, before a scalar, and after a flow that ends in an error. */
const LEXER_MARKS = ['\u0002', '\u001f', '\u0018']

function comments(text: string): readonly Located[] {
  const found: Located[] = []
  let start = 0
  let before = ''
  for (const lexeme of new Lexer().lex(text)) {
    const isMark = LEXER_MARKS.includes(lexeme)
    const end = isMark ? start : start + lexeme.length
    // Behind the mark of a scalar # is text.
    if (lexeme.startsWith('#') && before !== '\u001f') found.push({ start, end })
    start = end
    before = lexeme
  }
  return found
}

function valueOfNode(node: Node): Value {
  const place = { start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 0 }
  if (isAlias(node)) return { kind: 'other', value: undefined, why: 'an alias', ...place }
  if ('anchor' in node && node.anchor) return { kind: 'other', value: undefined, why: 'an anchor', ...place }
  if (isMap(node)) {
    const inline = node.flow === true
    return {
      kind: 'map',
      members: node.items.map((pair) => memberOf(pair as Pair<Node, Node | null>, inline)),
      ...place,
    }
  }
  if (isSeq(node)) return listOf(node, place)
  if (isScalar(node) && typeof node.value === 'string') {
    const fixed = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
    return { kind: 'text', text: node.value, fixed, ...place }
  }
  return { kind: 'other', value: isScalar(node) ? node.value : undefined, ...place }
}

function listOf(node: YAMLSeq, place: { start: number; end: number }): ListValue {
  const items = node.items.map((item) => valueOfNode(item as Node))
  const token = node.srcToken
  const dashes =
    token?.type === 'block-seq'
      ? token.items.flatMap((item) => item.start.filter((part) => part.type === 'seq-item-ind'))
      : undefined
  const itemStarts = dashes?.map((dash) => dash.offset) ?? items.map((item) => item.start)
  return { kind: 'list', items, itemStarts, block: dashes !== undefined, ...place }
}

function memberOf(pair: Pair<Node, Node | null>, inline: boolean): Member {
  const [keyStart = 0, keyEnd = 0] = pair.key.range ?? []
  const key = isScalar(pair.key) ? String(pair.key.value) : ''
  const value: Value =
    pair.value === null ? { kind: 'other', value: null, start: keyEnd, end: keyEnd } : valueOfNode(pair.value)
  return { key, keyStart, keyEnd, keyPrefix: '', inline, value }
}

function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset)
}

function prependDashes(text: string, list: ListValue, items: readonly string[]): Splice {
  const first = list.itemStarts[0]!
  const gap = lineEndOf(text) + ' '.repeat(columnOf(text, first))
  return { start: first, end: first, text: items.map((item) => `- ${item}${gap}`).join('') }
}

function dropDashes(list: ListValue, count: number): Splice {
  const start = list.itemStarts[0]!
  const next = list.itemStarts[count]
  if (next !== undefined) return { start, end: next, text: '' }
  return { start, end: list.items[count - 1]!.end, text: '[]' }
}

function insertList(text: string, after: Member, key: string, items: readonly string[]): Splice {
  const member = `${key}: [${items.join(', ')}]`
  if (after.inline) return { start: after.value.end, end: after.value.end, text: `, ${member}` }
  const end = lineEnd(text, after.value.end)
  return { start: end, end, text: `${lineEndOf(text)}${' '.repeat(columnOf(text, after.keyStart))}${member}` }
}
