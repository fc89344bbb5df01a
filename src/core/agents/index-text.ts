import type { AgentDefinition } from './definition.ts'

/** One agent in a list from which definitions are loaded. */
export type IndexEntry = Pick<
  AgentDefinition,
  'name' | 'client' | 'scope' | 'description' | 'model' | 'tools' | 'tokens' | 'hash'
>

/** So much of a description says when an agent is of use; the rest is loaded with it. */
const MAX_DESCRIPTION_CHARS = 96
const MAX_TOOLS = 4

/** The agents of one client, or of all, that are started by their names; others of a name are left out. */
export function indexOf(definitions: readonly AgentDefinition[], client?: string): readonly IndexEntry[] {
  return definitions
    .filter((one) => !one.shadowed && (client === undefined || one.client === client))
    .map(({ name, client, scope, description, model, tools, tokens, hash }) => ({
      ...{ name, client, scope, description, model, tools, tokens, hash },
    }))
}

/** The index as an agent reads it: a line each, some 30 tokens. The same for the same definitions, so that what was sent can be cached. */
export function indexText(entries: readonly IndexEntry[]): string {
  return entries
    .map(({ name, description, model, tools, tokens }) => {
      const facts = [
        ...(model === undefined ? [] : [model]),
        ...(tools === undefined ? [] : [toolsText(tools)]),
      ]
      const about = shortened(description, MAX_DESCRIPTION_CHARS)
      return `${name}${about === '' ? '' : `: ${about}`} (${[...facts, `${tokens} tokens`].join('; ')})\n`
    })
    .join('')
}

function toolsText(tools: readonly string[]): string {
  if (tools.length === 0) return 'no tools'
  return tools.length <= MAX_TOOLS
    ? tools.join(' ')
    : `${tools.slice(0, MAX_TOOLS - 1).join(' ')} +${tools.length - MAX_TOOLS + 1}`
}

/** To the end of its first sentence, else to the last word that fits. */
function shortened(text: string, most: number): string {
  const sentence = /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text
  const short = sentence.length <= most ? sentence : text
  if (short.length <= most) return short
  return `${short.slice(0, most).replace(/\s+\S*$/, '')} …`
}
