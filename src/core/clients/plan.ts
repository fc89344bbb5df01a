import { basename, join } from 'node:path'
import type { Paths } from '../config/paths.ts'
import type { Registry, ServerDef, Source } from '../config/registry.ts'
import type { Discovery, Found } from './discover.ts'
import { formatOf } from './places.ts'
import type { EditedText, Take } from './rewrite.ts'
import { idStem, sameWords, serverId } from './server-id.ts'

/** One config file that init is going to change. */
export interface FilePlan extends Omit<EditedText, 'text'> {
  readonly client: string
  readonly realFile: string
  readonly takes: readonly Take[]
}

/** What init is going to do; nothing is done yet. */
export interface Plan {
  /** The registry as it will be. */
  readonly servers: readonly ServerDef[]
  /** Those of them that this run takes over, or finds in further places. */
  readonly added: readonly string[]
  readonly files: readonly FilePlan[]
}

/** Gives every server to take over an id, and brings the registry in line with what the configs say. The registry's other sources are believed (called.ts checks them). */
export function planOf(
  discovery: Discovery,
  registry: Registry,
  paths: Paths,
  only: readonly string[],
): Plan {
  const servers = takenOver(discovery, registry)
  const added = new Set<string>()
  const files = new Map<string, FilePlan>()
  for (const found of discovery.found) {
    if (found.verdict !== 'take' || !selects(only, found)) continue
    const id = serverId(found.name, found.argv, [...servers.values()])
    addSource(servers, id, found)
    added.add(id)
    const take: Take = {
      place: found.place,
      name: found.name,
      argv: found.argv,
      launcher: join(paths.launchers, id),
    }
    const { client, file, realFile } = found
    const known = files.get(realFile)
    const takes = [...(known?.takes ?? []), take]
    files.set(realFile, { client, file, realFile, format: formatOf(file), takes })
  }
  return { servers: called(servers), added: [...added], files: [...files.values()] }
}

/** The registry's servers as the examined configs say, without those that nothing calls. */
export function serversNow(discovery: Discovery, registry: Registry): readonly ServerDef[] {
  return called(takenOver(discovery, registry))
}

function takenOver(discovery: Discovery, registry: Registry): Map<string, ServerDef> {
  const examined = new Set(discovery.files)
  const servers = new Map<string, ServerDef>()
  for (const server of registry.servers) {
    const sources = server.sources.filter((source) => !examined.has(source.file))
    servers.set(server.id, { ...server, sources })
  }
  const launched = discovery.found.filter((found) => found.launcher !== undefined)
  for (const found of launched) noteLaunched(servers, found, launched)
  return servers
}

/** Only at the end: a server whose entry was taken back by hand keeps its id and mode when it is taken over again. */
function called(servers: ReadonlyMap<string, ServerDef>): readonly ServerDef[] {
  return [...servers.values()].filter((server) => server.sources.length > 0)
}

/** True when `--server` names this entry, by its name or by the id it would get; or when nothing is named. */
export function selects(only: readonly string[], found: Found): boolean {
  return only.length === 0 || only.includes(found.name) || only.includes(idStem(found.name))
}

/** An entry that is taken over already: the registry learns of it anew if it was lost, and follows arguments that the user edited. */
function noteLaunched(servers: Map<string, ServerDef>, found: Found, launched: readonly Found[]): void {
  const id = basename(found.launcher!)
  const known = servers.get(id)
  if (known === undefined && found.argv.length === 0) return
  addSource(servers, id, found)
  const server = servers.get(id)!
  const same = launched.filter((other) => other.launcher === found.launcher)
  const agreed = same.every((other) => sameWords(other.argv, found.argv)) && found.argv.length > 0
  const elsewhere = server.sources.some((source) => !same.some((other) => other.file === source.file))
  if (agreed && !elsewhere) servers.set(id, { ...server, argv: found.argv })
}

function addSource(servers: Map<string, ServerDef>, id: string, found: Found): void {
  const { client, scope, file, name, argv, envNames } = found
  const source: Source = { client, scope, file, name }
  const server = servers.get(id) ?? { id, name, argv, envNames: [], sources: [] }
  servers.set(id, {
    ...server,
    envNames: [...new Set([...server.envNames, ...envNames])].sort(),
    sources: server.sources.some((other) => isSameSource(other, source))
      ? server.sources
      : [...server.sources, source],
  })
}

function isSameSource(a: Source, b: Source): boolean {
  return a.client === b.client && a.scope === b.scope && a.file === b.file && a.name === b.name
}
