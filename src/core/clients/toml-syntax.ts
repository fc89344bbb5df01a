import { type AST, ParseError, parseTOML } from 'toml-eslint-parser'
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
  dropFirstInBrackets,
  indentAt,
  lineEnd,
  lineEndOf,
  prependInBrackets,
  removeBetweenCommas,
  removeOwnLine,
} from './layout.ts'

/** TOML: tables, dotted keys and inline tables all become one tree. */
export const tomlSyntax: Syntax = {
  read,
  comments,
  // TOML basic strings take JSON's escapes, and want DEL escaped as well.
  quote: (text) => JSON.stringify(text).replaceAll('\x7f', '\\u007f'),
  prepend: prependInBrackets,
  dropFirst: dropFirstInBrackets,
  insertList,
  removeMember: (text, map, member) =>
    member.inline ? removeBetweenCommas(text, map, member) : removeOwnLine(text, member),
}

interface OpenMap extends MapValue {
  readonly members: Member[]
}

function read(text: string): MapValue {
  const program = parse(text)
  const root: OpenMap = { kind: 'map', start: 0, end: text.length, members: [] }
  for (const node of program.body[0].body) {
    if (node.type === 'TOMLKeyValue') addKeyValue(text, root, node, false)
    // Arrays of tables hold no server of any agent: their numbered keys are left out.
    else if (node.resolvedKey.every((key) => typeof key === 'string')) {
      const table = node.resolvedKey.reduce((map, key, index) => {
        const part = node.key.keys[index]!
        return openMap(map, key as string, part.range, node.range)
      }, root)
      for (const member of node.body) addKeyValue(text, table, member, false)
    }
  }
  return root
}

function parse(text: string): AST.TOMLProgram {
  // A byte order mark is no TOML; a space in its place keeps every offset.
  const body = text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text
  try {
    return parseTOML(body, { tomlVersion: '1.1' })
  } catch (error) {
    if (error instanceof ParseError) throw new SyntaxProblem(error.message, error.index)
    throw error
  }
}

function comments(text: string): readonly Located[] {
  return parse(text).comments.map(({ range: [start, end] }) => ({ start, end }))
}

function keyOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === 'TOMLBare' ? key.name : key.value
}

/** The map under a key, made when absent: a table's parts may stand anywhere in the file. */
function openMap(
  map: OpenMap,
  key: string,
  at: readonly [number, number],
  range: readonly [number, number],
): OpenMap {
  const existing = map.members.find((member) => member.key === key)?.value
  if (existing?.kind === 'map') return existing as OpenMap
  const value: OpenMap = { kind: 'map', start: range[0], end: range[1], members: [] }
  map.members.push({ key, keyStart: at[0], keyEnd: at[1], keyPrefix: '', inline: false, value })
  return value
}

function addKeyValue(text: string, map: OpenMap, node: AST.TOMLKeyValue, inline: boolean): void {
  const keys = node.key.keys
  const last = keys.at(-1)!
  const home = keys.slice(0, -1).reduce((open, key) => openMap(open, keyOf(key), key.range, node.range), map)
  home.members.push({
    key: keyOf(last),
    keyStart: node.key.range[0],
    keyEnd: node.key.range[1],
    keyPrefix: text.slice(node.key.range[0], last.range[0]),
    inline,
    value: valueOfNode(text, node.value),
  })
}

function valueOfNode(text: string, node: AST.TOMLContentNode): Value {
  const place = { start: node.range[0], end: node.range[1] }
  if (node.type === 'TOMLArray') {
    const items = node.elements.map((element) => valueOfNode(text, element))
    return { kind: 'list', items, itemStarts: items.map((item) => item.start), block: false, ...place }
  }
  if (node.type === 'TOMLInlineTable') {
    const map: OpenMap = { kind: 'map', members: [], ...place }
    for (const member of node.body) addKeyValue(text, map, member, true)
    return map
  }
  if (node.kind === 'string') return { kind: 'text', text: node.value, ...place }
  return { kind: 'other', value: node.value, ...place }
}

function insertList(text: string, after: Member, key: string, items: readonly string[]): Splice {
  const equals = text.slice(after.keyEnd, after.value.start)
  const member = `${after.keyPrefix}${key}${equals}[${items.join(', ')}]`
  if (after.inline) return { start: after.value.end, end: after.value.end, text: `, ${member}` }
  const end = lineEnd(text, after.value.end)
  return { start: end, end, text: lineEndOf(text) + indentAt(text, after.keyStart) + member }
}
