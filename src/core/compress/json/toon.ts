import { compactJson, type JsonNode, readJson } from './read.ts'

/** Numbers that JavaScript spells as the text does; any other would come back as another text. */
const isPlainNumber = (text: string) => /^(true|false|null)$/.test(text) || String(Number(text)) === text

/**
 * The value in TOON (Token-Oriented Object Notation 4), or undefined where it would not come back as it is: numbers such as 1.0, 1e3 and beyond
 * 2^53, repeated keys, keys in another order.
 */
export async function toonText(node: JsonNode): Promise<string | undefined> {
  if (!isPlain(node)) return undefined
  const compact = compactJson(node)
  const { decode, encode } = await import('@toon-format/toon')
  try {
    const text = encode(JSON.parse(compact), { indentSize: 1 })
    const back = readJson(JSON.stringify(decode(text, { indentSize: 1 })))
    return back !== undefined && compactJson(back) === compact ? text : undefined
  } catch {
    // It refuses some strings, such as half a surrogate pair.
    return undefined
  }
}

function isPlain(node: JsonNode): boolean {
  switch (node.type) {
    case 'word':
      return isPlainNumber(node.text)
    case 'string':
      return true
    case 'mark':
      return false
    case 'array':
      return node.items.every(isPlain)
    case 'object':
      return (
        new Set(node.entries.map(([key]) => key)).size === node.entries.length &&
        node.entries.every(([, of]) => isPlain(of))
      )
  }
}
