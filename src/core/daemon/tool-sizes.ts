import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { MyceliumError } from '../errors.ts'
import type { Listed } from '../lazy/listed-tools.ts'
import {
  noteSizes,
  type Sizes,
  serversOf,
  sizesFrom,
  sizesText,
  type Weight,
  weightOf,
} from '../lazy/sizes.ts'
import type { Log } from '../log.ts'
import { jsonIfRegular } from '../regular-file.ts'
import type { KnownServers } from './known-servers.ts'

/** What it needs of the daemon. */
export interface ToolSizesServices {
  readonly paths: Pick<Paths, 'toolSizes'>
  readonly log: Log
  readonly servers: Pick<KnownServers, 'all'>
}

/** A definition whose size was not seen yet. */
const TYPICAL_TOKENS = 150

/** What the definitions of each server weigh, learnt from its lists and kept in one file in models/. */
export class ToolSizes {
  readonly #services: ToolSizesServices
  readonly #sizes: Sizes
  #dirty = false

  constructor(services: ToolSizesServices) {
    this.#services = services
    this.#sizes = sizesFrom(jsonIfRegular(services.paths.toolSizes))
  }

  /** With `goesOn` it is a further page. */
  note(server: string, listed: readonly Listed[], goesOn: boolean): void {
    if (noteSizes(this.#sizes, server, listed, goesOn)) this.#dirty = true
  }

  of(server: string, name: string): number {
    return this.#sizes.get(server)?.get(name) ?? TYPICAL_TOKENS
  }

  /** What all definitions of a client weigh that runs in a directory. */
  weightFor(client: string, directory: string): Weight {
    try {
      return weightOf(this.#sizes, serversOf(client, directory, this.#services.servers.all()))
    } catch (error) {
      // A registry that cannot be read just now keeps no agent from its list.
      if (error instanceof MyceliumError) return { tokens: 0, isWhole: false }
      throw error
    }
  }

  /** Keeps what was learnt. A disk that takes nothing costs that. */
  save(): void {
    const { paths, log } = this.#services
    if (!this.#dirty) return
    this.#dirty = false
    try {
      mkdirSync(dirname(paths.toolSizes), { recursive: true, mode: 0o700 })
      writeFileAtomic(paths.toolSizes, sizesText(this.#sizes))
    } catch (error) {
      log.event('tool-sizes-unsaved', { because: error instanceof Error ? error.message : String(error) })
    }
  }
}
