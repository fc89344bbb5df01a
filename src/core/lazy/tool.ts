/** One tool of one server, as far as searching and choosing go. */
export interface KnownTool {
  /** As the client calls the server. */
  readonly server: string
  readonly name: string
  readonly title: string
  readonly description: string
  /** Names and descriptions of its parameters, words apart. */
  readonly parameters: string
}

/** Parameters below this depth say nothing of what a tool is for. */
const MAX_DEPTH = 4

/** What an element of `tools` in an answer to tools/list says; undefined where it has no name. */
export function toolFrom(server: string, definition: unknown): KnownTool | undefined {
  const { name, title, description, inputSchema, annotations } = Object(definition)
  if (typeof name !== 'string' || name === '') return undefined
  return {
    server,
    name,
    title: textFrom(title) || textFrom(Object(annotations).title),
    description: textFrom(description),
    parameters: parametersIn(inputSchema, MAX_DEPTH).join(' '),
  }
}

function parametersIn(schema: unknown, depth: number): string[] {
  if (depth === 0) return []
  const { properties, items, anyOf, oneOf } = Object(schema)
  const words: string[] = []
  for (const [name, property] of Object.entries(Object(properties))) {
    const { description, enum: choices } = Object(property)
    words.push(name, textFrom(description))
    if (Array.isArray(choices)) words.push(...choices.filter((one) => typeof one === 'string'))
    words.push(...parametersIn(property, depth - 1))
  }
  for (const one of [items, anyOf, oneOf].flat()) words.push(...parametersIn(one, depth - 1))
  return words
}

/** What a tool does in one line: its first sentence, at most `limit` characters. */
export function oneLine({ description, title }: KnownTool, limit = 160): string {
  const text = (description || title).replace(/\s+/g, ' ').trim()
  const sentence = /^.{20,}?[.!?。](?=\s|$)/u.exec(text)?.[0] ?? text
  return sentence.length <= limit ? sentence : `${sentence.slice(0, limit - 1).trimEnd()}…`
}

function textFrom(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
