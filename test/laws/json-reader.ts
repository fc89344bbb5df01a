/** A second reader of JSON, plain and slow, that keeps what JSON.parse throws away: key order, repeated keys, number texts. */

/** A value with the text it was written as. */
export type Node =
  | { readonly kind: 'object'; readonly text: string; readonly members: readonly (readonly [string, Node])[] }
  | { readonly kind: 'array'; readonly text: string; readonly elements: readonly Node[] }
  | { readonly kind: 'string'; readonly text: string; readonly value: string }
  | { readonly kind: 'number' | 'boolean' | 'null'; readonly text: string }

/** Reads a text, undefined when JSON.parse refuses it. */
export function readJson(text: string): Node | undefined {
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  return node({ text, at: 0 })
}

/** The values under a key, in their order. */
export function valuesOf(node: Node | undefined, key: string): Node[] {
  return node?.kind === 'object'
    ? node.members.filter(([name]) => name === key).map(([, value]) => value)
    : []
}

interface Cursor {
  readonly text: string
  at: number
}

const SCALAR = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/y

function node(cursor: Cursor): Node {
  space(cursor)
  const from = cursor.at
  const first = cursor.text[from]
  if (first === '{') {
    const members = list(cursor, '}', () => {
      const key = node(cursor)
      space(cursor)
      cursor.at++
      return [key.kind === 'string' ? key.value : '', node(cursor)] as const
    })
    return { kind: 'object', text: cursor.text.slice(from, cursor.at), members }
  }
  if (first === '[') {
    const elements = list(cursor, ']', () => node(cursor))
    return { kind: 'array', text: cursor.text.slice(from, cursor.at), elements }
  }
  SCALAR.lastIndex = from
  const text = SCALAR.exec(cursor.text)![0]
  cursor.at += text.length
  const value: unknown = JSON.parse(text)
  if (typeof value === 'string') return { kind: 'string', text, value }
  return { kind: value === null ? 'null' : typeof value === 'number' ? 'number' : 'boolean', text }
}

function list<T>(cursor: Cursor, close: string, one: () => T): T[] {
  const items: T[] = []
  cursor.at++
  space(cursor)
  while (cursor.text[cursor.at] !== close) {
    if (cursor.text[cursor.at] === ',') cursor.at++
    space(cursor)
    items.push(one())
    space(cursor)
  }
  cursor.at++
  return items
}

function space(cursor: Cursor): void {
  while (' \t\r\n'.includes(cursor.text[cursor.at] ?? '!')) cursor.at++
}
