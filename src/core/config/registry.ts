import { readFileSync } from 'node:fs'
import { hasErrno, MyceliumError } from '../errors.ts'
import type { Paths } from './paths.ts'
import { writeFileAtomic } from './write-file.ts'

/** How sessions share a server's processes (docs/architecture.md, "Sharing"). */
export type Mode = 'session' | 'call' | 'shared'

/** One place in a client's config that names a server. */
export interface Source {
  readonly client: string
  readonly scope: string
  readonly file: string
  readonly name: string
}

/** One MCP server that `mycelium init` took over. */
export interface ServerDef {
  /** File name of the launcher. */
  readonly id: string
  readonly name: string
  /** Command and arguments as in the config, unexpanded. */
  readonly argv: readonly string[]
  /** Names (never values) of the variables the entry declares. */
  readonly envNames: readonly string[]
  /** Only the user's word; without it the catalog or the default decides. */
  readonly mode?: Mode
  readonly sources: readonly Source[]
}

/** servers.json: what init took over. */
export interface Registry {
  readonly version: 1
  readonly servers: readonly ServerDef[]
}

/** The registry on disk, or an empty one. Throws registry_invalid. */
export function readRegistry(paths: Paths): Registry {
  let text: string
  try {
    text = readFileSync(paths.registry, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return { version: 1, servers: [] }
    throw error
  }
  try {
    const value = JSON.parse(text) as Registry
    if (value.version !== 1 || !Array.isArray(value.servers)) throw new Error('not a version 1 registry')
    return value
  } catch (cause) {
    throw new MyceliumError('registry_invalid', `${paths.registry}: ${(cause as Error).message}`, { cause })
  }
}

/** Writes the registry atomically, servers sorted by id so that the file diffs well. */
export function writeRegistry(paths: Paths, registry: Registry): void {
  const servers = [...registry.servers].sort((a, b) => (a.id < b.id ? -1 : 1))
  writeFileAtomic(paths.registry, `${JSON.stringify({ version: 1, servers }, null, 2)}\n`)
}
