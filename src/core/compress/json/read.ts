/** A JSON value as it is spelled: numbers keep their digits, objects their order and their repeated keys. */
export type JsonNode =
  | { readonly type: 'string'; readonly value: string }
  /** A number, `true`, `false` or `null`, as the text has it. */
  | { readonly type: 'word'; readonly text: string }
  | { readonly type: 'array'; readonly items: readonly JsonNode[] }
  | {
      readonly type: 'object'
      readonly entries: readonly (readonly [string, JsonNode])[]
      /** Code units of the text that it was read from. */
      readonly span?: readonly [from: number, to: number]
    }
  /** Stands where items of an array are left out. */
  | { readonly type: 'mark'; readonly text: string }

/** Where a value ended, in code units. */
export interface Reading {
  readonly node: JsonNode
  readonly end: number
}

const WORD = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y
/** Anything from the blank on but the quote and the backslash. */
const PLAIN = /[ !#-[\]-\uffff]*/y
const BLANK = /[ \t\n\r]*/y
/** Deeper values are data for machines; reading them would use up the stack. */
const MAX_DEPTH = 200

/** The value of a text that is JSON (RFC 8259) and nothing else; undefined for any other text. */
export function readJson(text: string): JsonNode | undefined {
  const reading = readAt(text, 0)
  return reading !== undefined && skip(BLANK, text, reading.end) === text.length ? reading.node : undefined
}

/** The value that begins at a place, white space before it skipped; undefined where none does. */
export function readAt(text: string, start: number): Reading | undefined {
  let at = start
  const value = (depth: number): JsonNode | undefined => {
    at = skip(BLANK, text, at)
    const first = text[at]
    if (first === '"') {
      const read = string()
      return read === undefined ? undefined : { type: 'string', value: read }
    }
    if (first === '{' || first === '[') {
      if (depth >= MAX_DEPTH) return undefined
      at++
      return first === '[' ? array(depth + 1) : object(depth + 1)
    }
    const end = skip(WORD, text, at)
    if (end === at) return undefined
    const word = text.slice(at, end)
    at = end
    return { type: 'word', text: word }
  }
  const array = (depth: number): JsonNode | undefined => {
    const items: JsonNode[] = []
    if (closes(']')) return { type: 'array', items }
    for (;;) {
      const item = value(depth)
      if (item === undefined) return undefined
      items.push(item)
      if (closes(']')) return { type: 'array', items }
      if (text[at++] !== ',') return undefined
    }
  }
  const object = (depth: number): JsonNode | undefined => {
    const entries: (readonly [string, JsonNode])[] = []
    const start = at - 1
    if (closes('}')) return { type: 'object', entries }
    for (;;) {
      at = skip(BLANK, text, at)
      const key = text[at] === '"' ? string() : undefined
      if (key === undefined) return undefined
      at = skip(BLANK, text, at)
      if (text[at++] !== ':') return undefined
      const of = value(depth)
      if (of === undefined) return undefined
      entries.push([key, of])
      if (closes('}')) return { type: 'object', entries, span: [start, at] }
      if (text[at++] !== ',') return undefined
    }
  }
  const closes = (bracket: string): boolean => {
    at = skip(BLANK, text, at)
    if (text[at] !== bracket) return false
    at++
    return true
  }
  const string = (): string | undefined => {
    const from = at
    at = skip(PLAIN, text, at + 1)
    if (text[at] === '"') return text.slice(from + 1, at++)
    while (text[at] === '\\') at = skip(PLAIN, text, at + 2)
    if (text[at] !== '"') return undefined
    at++
    try {
      return JSON.parse(text.slice(from, at)) as string
    } catch {
      return undefined
    }
  }
  const node = value(0)
  return node === undefined ? undefined : { node, end: at }
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** A value in as few characters as JSON allows, its numbers as they were. Two texts of the same meaning, order and digits give the same. */
export function compactJson(node: JsonNode): string {
  switch (node.type) {
    case 'string':
      return JSON.stringify(node.value)
    case 'word':
      return node.text
    case 'mark':
      return `"${node.text}"`
    case 'array':
      return `[${node.items.map(compactJson).join(',')}]`
    case 'object':
      return `{${node.entries.map(([key, value]) => `${JSON.stringify(key)}:${compactJson(value)}`).join(',')}}`
  }
}
