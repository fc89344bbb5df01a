import { type ConfigFile, configFiles, type Where } from '../clients/places.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { stampOf } from '../file-stamp.ts'
import { readRegular } from '../regular-file.ts'
import type { CountTokens } from '../tokens/count.ts'
import { type AgentDefinition, type AgentParts, type BrokenDefinition, hashOf } from './definition.ts'
import { parseDefinitions } from './parse-definition.ts'
import { AGENT_PLACES, type AgentPlaces } from './places.ts'

/** What was found. */
export interface Definitions {
  /** By client and name; of one name those that count first. */
  readonly agents: readonly AgentDefinition[]
  readonly broken: readonly BrokenDefinition[]
}

/** No definition is near it; a config that is longer is none that we know. */
const MAX_BYTES = 4 * 1024 * 1024
const PLUGIN = /\/plugins\/cache\/[^/]+\/([^/]+)\/[^/]+\/agents\//
const RANK = { project: 0, user: 1, managed: 2 } as const

/** Tells one state of all files of definitions from another, without reading them; of one client's, where it is given. */
export function definitionsStamp(where: Where, client?: string): string {
  const files = filesOf(where, client).map(({ config }) => config)
  return files.map(({ file, realFile }) => `${file}\0${realFile}\0${stampOf(realFile)}`).join('\n')
}

function filesOf(where: Where, client: string | undefined) {
  const places = AGENT_PLACES.filter(({ id }) => client === undefined || id === client)
  return places.flatMap((place) => configFiles([place], where).map((config) => ({ place, config })))
}

/** The definitions of all clients, or of one, that are in force in a directory. What cannot be read or understood is listed with its reason; throws nothing else than the system's errors. */
export function readDefinitions(where: Where, count: CountTokens, client?: string): Definitions {
  const agents: AgentDefinition[] = []
  const broken: BrokenDefinition[] = []
  const seen = new Set<string>()
  for (const { place, config } of filesOf(where, client)) {
    const { realFile, file, scope } = config
    // A config holds the agents of one client only; a file of an agent may lie in the place of several.
    if (seen.has(realFile)) continue
    seen.add(realFile)
    const text = textIn(config)
    const parsed =
      typeof text === 'string'
        ? parseDefinitions(text, { file, writing: place.writing, namedByFile: place.namedByFile })
        : { agents: [], broken: [text.because] }
    broken.push(
      ...parsed.broken.map((because) => ({
        client: place.id,
        file,
        because: because.replace(`${file}:`, 'line '),
      })),
    )
    for (const parts of parsed.agents) {
      const own = parts.text
      const name = nameIn(place, config, parts)
      agents.push({
        ...parts,
        name,
        client: place.id,
        scope,
        file,
        tokens: count(own),
        hash: hashOf(own),
        shadowed: agents.some(
          (other) => other.client === place.id && other.name === name && RANK[other.scope] <= RANK[scope],
        ),
      })
    }
  }
  const key = ({ client, name, shadowed, file }: AgentDefinition) =>
    [client, name, Number(shadowed), file].join('\0')
  agents.sort((a, b) => (key(a) < key(b) ? -1 : 1))
  return { agents, broken }
}

/** Claude Code puts the plugin before the names of its agents. */
function nameIn(place: AgentPlaces, { scope, file }: ConfigFile, { name }: AgentParts): string {
  const plugin = place.id === 'claude-code' && scope === 'managed' ? PLUGIN.exec(file)?.[1] : undefined
  return plugin === undefined ? name : `${plugin}:${name}`
}

function textIn({ file, realFile }: ConfigFile): string | { readonly because: string } {
  try {
    return readRegular(realFile, MAX_BYTES).toString('utf8')
  } catch (error) {
    if (error instanceof MyceliumError) return { because: error.message.replace(`${realFile} `, '') }
    if (hasErrno(error, 'EACCES', 'EPERM', 'EISDIR', 'ENOENT', 'ENXIO', 'EIO'))
      return { because: `${file} cannot be read: ${error.code}` }
    throw error
  }
}
