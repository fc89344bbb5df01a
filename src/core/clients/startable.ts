import type { ServerDef } from '../config/registry.ts'
import { declaredEntries } from './declared.ts'
import type { Where } from './places.ts'

/** A server as an agent in some directory would start it. */
export interface Startable {
  readonly id: string
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Record<string, string>
}

/** Those of the wanted servers that a config names which is read from there, and whose variables need no client to be filled in. */
export function startable(where: Where, wanted: readonly ServerDef[]): Startable[] {
  const found = new Map<string, Startable>()
  for (const entry of declaredEntries(where)) {
    if (entry.id === undefined || entry.unresolved.length > 0 || found.has(entry.id)) continue
    if (!wanted.some((def) => def.id === entry.id)) continue
    const { id, argv, cwd, env } = entry
    found.set(id, { id, argv, cwd, env: { ...definedOf(where.env), ...env } })
  }
  return [...found.values()]
}

function definedOf(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
}
