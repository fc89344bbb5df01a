import type { Paths } from '../config/paths.ts'
import { readRegistry, type ServerDef } from '../config/registry.ts'
import { MyceliumError } from '../errors.ts'
import { stampOf } from '../file-stamp.ts'

/** The servers that init took over, read again when the file changes. */
export class KnownServers {
  readonly #paths: Paths
  #stamp = ''
  #byId = new Map<string, ServerDef>()

  constructor(paths: Paths) {
    this.#paths = paths
  }

  /** Throws unknown_server. */
  get(id: string): ServerDef {
    this.#refresh()
    const def = this.#byId.get(id)
    if (def === undefined)
      throw new MyceliumError('unknown_server', `no server ${JSON.stringify(id)} was set up`, {
        hint: 'mycelium init',
      })
    return def
  }

  all(): readonly ServerDef[] {
    this.#refresh()
    return [...this.#byId.values()]
  }

  /** Those with this id, else all with this name. Throws unknown_server. */
  named(name: string): readonly ServerDef[] {
    const all = this.all()
    const found = all.filter((def) => def.id === name)
    if (found.length > 0) return found
    const named = all.filter((def) => def.name === name)
    if (named.length > 0) return named
    const known = all.map((def) => def.id).join(', ') || 'none yet'
    throw new MyceliumError('unknown_server', `no server is named ${JSON.stringify(name)} (known: ${known})`)
  }

  #refresh(): void {
    const stamp = stampOf(this.#paths.registry)
    if (stamp === this.#stamp) return
    this.#byId = new Map(readRegistry(this.#paths).servers.map((def) => [def.id, def]))
    this.#stamp = stamp
  }
}
