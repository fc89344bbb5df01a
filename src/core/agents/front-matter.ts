import { parseDocument } from 'yaml'

/** A Markdown file with settings before its text. */
export interface FrontMatter {
  /** Plain values: texts, numbers, booleans, lists and maps of them. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly body: string
}

const FENCED = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)(?:^|\r?\n)---[ \t]*(?:\r?\n|$)/
const PLAIN_LINE = /^([A-Za-z][\w-]*):[ \t]*(.*)$/

/**
 * Settings and text of a Markdown file; undefined where it does not begin with a line `---` that another one answers. Settings that are no valid YAML are read
 * line by line, as clients do: a description with a colon in it is the rule, not the exception.
 */
export function frontMatterOf(text: string): FrontMatter | undefined {
  const found = FENCED.exec(text)
  if (found === null) return undefined
  return { settings: settingsOf(found[1]!), body: text.slice(found[0].length) }
}

function settingsOf(yaml: string): Readonly<Record<string, unknown>> {
  const value = settingsIn(yaml)
  if (value !== undefined) return value
  return Object.fromEntries(
    yaml.split(/\r?\n/).flatMap((line) => {
      const [, key, value] = PLAIN_LINE.exec(line) ?? []
      return key === undefined ? [] : [[key, value!.trim().replace(/^(["'])(.*)\1$/, '$2')]]
    }),
  )
}

function settingsIn(yaml: string): Record<string, unknown> | undefined {
  const document = parseDocument(yaml, { logLevel: 'silent' })
  if (document.errors.length > 0) return undefined
  try {
    // Aliases multiply, and no definition needs one.
    const value: unknown = document.toJS({ maxAliasCount: 0 })
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isMap ? (value as Record<string, unknown>) : {}
  } catch (error) {
    if (error instanceof ReferenceError) return undefined
    throw error
  }
}
