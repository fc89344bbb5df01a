import { accessSync } from 'node:fs'
import { basename } from 'node:path'
import { hasErrno, MyceliumError } from '../errors.ts'
import { readRegular } from '../regular-file.ts'
import type { Paths } from './paths.ts'
import { writeFileAtomic } from './write-file.ts'

/** How sessions share a server's processes (docs/architecture.md, "Sharing"). */
export type Mode = 'session' | 'call' | 'shared'

const MODES: readonly unknown[] = ['session', 'call', 'shared'] satisfies Mode[]

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

/** Whether init took anything over that undo has not given back. A registry that cannot be looked at counts. */
export function isSetUp(paths: Paths): boolean {
  try {
    accessSync(paths.registry)
    return true
  } catch (error) {
    return !hasErrno(error, 'ENOENT', 'ENOTDIR')
  }
}

/** The registry on disk, or an empty one. Throws registry_invalid. */
export function readRegistry(paths: Paths): Registry {
  let text: string
  try {
    text = readRegular(paths.registry).toString('utf8')
  } catch (cause) {
    if (hasErrno(cause, 'ENOENT', 'ENOTDIR')) return { version: 1, servers: [] }
    const other = cause instanceof MyceliumError || hasErrno(cause, 'ELOOP', 'ENXIO')
    if (!other) throw cause
    throw new MyceliumError('registry_invalid', cause.message, {
      hint: `see what is at ${paths.registry} and remove it, then mycelium init --yes`,
      cause,
    })
  }
  try {
    const { version, servers } = Object(JSON.parse(text))
    if (version !== 1 || !Array.isArray(servers)) throw new Error('not a version 1 registry')
    const broken = servers.findIndex((server) => !isServerDef(server))
    if (broken >= 0) throw new Error(`server ${broken + 1} of ${servers.length} is not understood`)
    return { version, servers }
  } catch (cause) {
    throw new MyceliumError('registry_invalid', `${paths.registry}: ${(cause as Error).message}`, { cause })
  }
}

function isServerDef(value: unknown): value is ServerDef {
  const { id, name, argv, envNames, mode, sources } = Object(value)
  const sound = isFileName(id) && isText(name) && isTexts(argv) && argv.length > 0 && isTexts(envNames)
  return (
    sound && (mode === undefined || MODES.includes(mode)) && Array.isArray(sources) && sources.every(isSource)
  )
}

function isSource(value: unknown): value is Source {
  const { client, scope, file, name } = Object(value)
  return [client, scope, file, name].every(isText)
}

/** It is joined to the directory of launchers, also to remove the launcher. */
function isFileName(value: unknown): boolean {
  return isText(value) && basename(value) === value && !['', '.', '..'].includes(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText)
}

/** Writes the registry atomically. */
export function writeRegistry(paths: Paths, registry: Registry): void {
  writeFileAtomic(paths.registry, registryText(registry.servers))
}

/** The text of a registry, servers sorted by id so that the file diffs well. */
export function registryText(servers: readonly ServerDef[]): string {
  const sorted = [...servers].sort((a, b) => (a.id < b.id ? -1 : 1))
  return `${JSON.stringify({ version: 1, servers: sorted }, null, 2)}\n`
}
