import type { Paths } from '../config/paths.ts'
import { type Registry, readRegistry, registryText, type ServerDef } from '../config/registry.ts'
import { MyceliumError } from '../errors.ts'

/** The registry, or an empty one in place of an unreadable one: what the configs say is enough for init to write it anew and for undo. */
export function knownServers(paths: Paths): Registry {
  try {
    return readRegistry(paths)
  } catch (error) {
    if (error instanceof MyceliumError && error.code === 'registry_invalid')
      return { version: 1, servers: [] }
    throw error
  }
}

/** Whether the registry on disk says exactly this; an absent one is empty. */
export function registrySays(paths: Paths, servers: readonly ServerDef[]): boolean {
  try {
    return registryText(readRegistry(paths).servers) === registryText(servers)
  } catch (error) {
    if (error instanceof MyceliumError && error.code === 'registry_invalid') return false
    throw error
  }
}
