import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import {
  type Located,
  type MapValue,
  type Member,
  type Splice,
  type Syntax,
  SyntaxProblem,
  type Value,
} from './document.ts'
import {
  beginsLine,
  dropFirstInBrackets,
  indentAt,
  lineEndOf,
  prependInBrackets,
  removeBetweenCommas,
} from './layout.ts'

/** JSON with comments and trailing commas, as editors and agents accept it. */
export const jsonSyntax: Syntax = {
  read,
  comments,
  quote: (text) => JSON.stringify(text),
  prepend: prependInBrackets,
  dropFirst: dropFirstInBrackets,
  insertList,
  removeMember: removeBetweenCommas,
}

function read(text: string): MapValue {
  const errors: ParseError[] = []
  // A byte order mark is no JSON; a space in its place keeps every offset.
  const body = text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text
  const tree = parseTree(body, errors, { allowTrailingComma: true })
  if (tree === undefined && isBlank(body)) return { kind: 'map', start: 0, end: text.length, members: [] }
  const [error] = errors
  if (error !== undefined) throw new SyntaxProblem(sentence(printParseErrorCode(error.error)), error.offset)
  const root = tree === undefined ? undefined : valueOfNode(tree)
  if (root?.kind !== 'map') throw new SyntaxProblem('the top level is not an object', tree?.offset ?? 0)
  return root
}

/** Kinds of the scanner's tokens: the enum is const, and so not there at run time. */
const LINE_COMMENT = 12
const BLOCK_COMMENT = 13
const END = 17

function comments(text: string): readonly Located[] {
  const found: Located[] = []
  const scanner = createScanner(text, false)
  for (let token: number = scanner.scan(); token !== END; token = scanner.scan()) {
    const start = scanner.getTokenOffset()
    const end = start + scanner.getTokenLength()
    if (token === LINE_COMMENT || token === BLOCK_COMMENT) found.push({ start, end })
  }
  return found
}

/** jsonc-parser names its errors `CommaExpected`; people read `comma expected`. */
function sentence(code: string): string {
  return code.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).toLowerCase()
}

function isBlank(text: string): boolean {
  return text.trim() === ''
}

function valueOfNode(node: Node): Value {
  const place = { start: node.offset, end: node.offset + node.length }
  if (node.type === 'string') return { kind: 'text', text: String(node.value), ...place }
  if (node.type === 'array') {
    const items = (node.children ?? []).map(valueOfNode)
    return { kind: 'list', items, itemStarts: items.map((item) => item.start), block: false, ...place }
  }
  if (node.type === 'object') return { kind: 'map', members: (node.children ?? []).map(memberOf), ...place }
  return { kind: 'other', value: node.value, ...place }
}

function memberOf(property: Node): Member {
  const [key, value] = property.children as [Node, Node]
  return {
    key: String(key.value),
    keyStart: key.offset,
    keyEnd: key.offset + key.length,
    keyPrefix: '',
    inline: true,
    value: valueOfNode(value),
  }
}

function insertList(text: string, after: Member, key: string, items: readonly string[]): Splice {
  const colon = text.slice(after.keyEnd, after.value.start)
  const dense = colon === ':'
  const ownLine = beginsLine(text, after.keyStart)
  const lineGap = lineEndOf(text) + indentAt(text, after.keyStart)
  const gap = ownLine ? lineGap : dense ? '' : ' '
  const list = `[${items.join(dense ? ',' : ', ')}]`
  const member = `${JSON.stringify(key)}${/^[ \t]*:[ \t]*$/.test(colon) ? colon : ': '}${list}`
  const end = after.value.end
  // A line comment behind the comma belongs to the command: the new line goes below it.
  const commented = /^[ \t]*,[ \t]*\/\/[^\r\n]*/.exec(text.slice(end))
  if (commented !== null && ownLine) {
    const at = end + commented[0].length
    return { start: at, end: at, text: `${lineGap}${member},` }
  }
  return { start: end, end, text: `,${gap}${member}` }
}
