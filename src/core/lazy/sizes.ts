import type { ServerDef } from '../config/registry.ts'
import type { Listed } from './listed-tools.ts'

/** What the definitions of each server weigh, as it listed them last: tokens by its id and the tool's name. */
export type Sizes = Map<string, Map<string, number>>

/** What all definitions of one agent weigh. */
export interface Weight {
  readonly tokens: number
  /** Whether each of its servers was seen to list. */
  readonly isWhole: boolean
}

const MAX_SERVERS = 256
const MAX_TOOLS = 2_000

/** What a file said; what of it cannot be understood is left out. */
export function sizesFrom(value: unknown): Sizes {
  const sizes: Sizes = new Map()
  for (const [server, tools] of Object.entries(Object(value)).slice(0, MAX_SERVERS)) {
    const sound = Object.entries(Object(tools)).filter(
      ([, tokens]) => Number.isFinite(tokens) && Number(tokens) >= 0,
    )
    sizes.set(server, new Map(sound.slice(0, MAX_TOOLS) as [string, number][]))
  }
  return sizes
}

/** As sizesFrom reads it. */
export function sizesText(sizes: Sizes): string {
  return JSON.stringify(
    Object.fromEntries([...sizes].map(([server, tools]) => [server, Object.fromEntries(tools)])),
  )
}

/** Notes a list, or with `goesOn` a further page of it; whether that was news. */
export function noteSizes(sizes: Sizes, server: string, listed: readonly Listed[], goesOn: boolean): boolean {
  const before = sizes.get(server)
  const now = new Map(goesOn ? before : [])
  for (const { name, tokens } of listed) if (now.size < MAX_TOOLS) now.set(name, tokens)
  sizes.delete(server)
  sizes.set(server, now)
  if (sizes.size > MAX_SERVERS) sizes.delete(sizes.keys().next().value!)
  return before?.size !== now.size || [...now].some(([name, tokens]) => before.get(name) !== tokens)
}

/** The servers that a client has where it runs. */
export function serversOf(
  client: string,
  directory: string,
  servers: readonly Pick<ServerDef, 'id' | 'sources'>[],
): readonly string[] {
  return servers
    .filter(({ sources }) =>
      sources.some(
        (one) => one.client === client && (one.scope !== 'project' || isBelow(directory, one.file)),
      ),
    )
    .map(({ id }) => id)
}

/** What all definitions of some servers weigh. */
export function weightOf(sizes: Sizes, servers: readonly string[]): Weight {
  const seen = servers.flatMap((id) => sizes.get(id) ?? [])
  const tokens = seen.reduce((sum, tools) => [...tools.values()].reduce((all, one) => all + one, sum), 0)
  return { tokens, isWhole: seen.length === servers.length }
}

/** A project's config lies in its directory, or in one of the client's own there (`.mcp.json`, `.codex/config.toml`). */
function isBelow(directory: string, config: string): boolean {
  const at = config.slice(0, config.lastIndexOf('/'))
  return [at, at.replace(/\/\.[^/]+$/, '')].some((project) => `${directory}/`.startsWith(`${project}/`))
}
