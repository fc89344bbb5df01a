import { basename } from 'node:path'
import { type MapValue, textOf, textsOf, valueAt } from '../clients/document.ts'
import { formatOf } from '../clients/places.ts'
import { readDocument } from '../clients/syntaxes.ts'
import { MyceliumError } from '../errors.ts'
import type { AgentParts } from './definition.ts'
import { frontMatterOf } from './front-matter.ts'
import type { Writing } from './places.ts'

/** What a file holds: agents, and why others of it are none. */
export interface Parsed {
  readonly agents: readonly AgentParts[]
  readonly broken: readonly string[]
}

/** How a file is to be read. */
export interface Reading {
  readonly file: string
  readonly writing: Writing
  readonly namedByFile: boolean
}

const MAX_NAME_CHARS = 128

/** The agents that a text defines. Whatever is wrong with it is a sentence in `broken`; throws nothing for any text. */
export function parseDefinitions(text: string, { file, writing, namedByFile }: Reading): Parsed {
  try {
    if (writing === 'config') return fromConfig(text, file)
    return one(writing === 'toml' ? fromToml(text, file) : fromMarkdown(text, file, namedByFile))
  } catch (error) {
    if (error instanceof MyceliumError) return none(error.message)
    throw error
  }
}

function one(agent: AgentParts | string): Parsed {
  if (typeof agent === 'string') return none(agent)
  const isName = agent.name !== '' && agent.name.length <= MAX_NAME_CHARS && !/[\r\n]/.test(agent.name)
  return isName
    ? { agents: [agent], broken: [] }
    : none('its name is empty, longer than 128 characters or more than one line')
}

function none(because: string): Parsed {
  return { agents: [], broken: [because] }
}

function fromMarkdown(text: string, file: string, namedByFile: boolean): AgentParts | string {
  const found = frontMatterOf(text)
  if (found === undefined) return 'no settings between two lines --- at its beginning'
  const { settings, body } = found
  const own = settings.name
  const name = namedByFile || (own === undefined && /\.agent\.md$/.test(file)) ? stem(file) : own
  if (typeof name !== 'string') return 'no name'
  if (body.trim() === '' && settings.prompt === undefined) return 'no instructions behind its settings'
  return {
    name: name.trim(),
    description: wordsIn(settings.description),
    model: typeof settings.model === 'string' && settings.model !== '' ? settings.model : undefined,
    tools: toolsIn(settings.tools),
    text,
  }
}

/** `Read, Grep`, a list, or a map of names to true and false. */
function toolsIn(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') {
    if (value.trim() === '' || value.trim() === '*') return undefined
    // `Agent(a, b)` is one tool.
    return [...value.matchAll(/[^\s,(]+(?:\([^)]*\))?/g)].map(([tool]) => tool)
  }
  if (Array.isArray(value)) {
    const tools = value.filter((tool) => typeof tool === 'string')
    return tools.includes('*') ? undefined : tools
  }
  // What is not named there stays allowed.
  return undefined
}

function fromToml(text: string, file: string): AgentParts | string {
  const root = readDocument(text, 'toml', file)
  const name = textOf(root, 'name')
  if (name === undefined) return 'no name'
  if (textOf(root, 'developer_instructions') === undefined) return 'no developer_instructions'
  return partsOf(root, name.trim(), text)
}

/** `agent` of opencode and `agents` of Codex: maps of names to settings. */
function fromConfig(text: string, file: string): Parsed {
  const root = readDocument(text, formatOf(file), file)
  const agents: AgentParts[] = []
  const broken: string[] = []
  for (const key of ['agent', 'agents']) {
    const map = valueAt(root, key)
    if (map?.kind !== 'map') continue
    for (const { key: name, value } of map.members) {
      // Codex keeps numbers beside them, and opencode's own agents may be switched off.
      if (value.kind !== 'map') continue
      if (textOf(value, 'description') === undefined && textOf(value, 'prompt') === undefined) continue
      const parsed = one(partsOf(value, name, text.slice(value.start, value.end)))
      agents.push(...parsed.agents)
      broken.push(...parsed.broken.map((because) => `${name}: ${because}`))
    }
  }
  return { agents, broken }
}

function partsOf(map: MapValue, name: string, text: string): AgentParts {
  const tools = textsOf(valueAt(map, 'tools'))
  return { name, description: wordsIn(textOf(map, 'description')), model: textOf(map, 'model'), tools, text }
}

function stem(file: string): string {
  return basename(file).replace(/(\.agent)?\.md$/, '')
}

function wordsIn(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\\n|\s+/g, ' ').trim() : ''
}
