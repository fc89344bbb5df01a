import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Settings } from '../config/live-settings.ts'
import { type McpPlace, mcpPath, readMcpPlaces } from '../config/mcp-place.ts'
import type { Paths } from '../config/paths.ts'
import { writeFileAtomic } from '../config/write-file.ts'
import { stampOf } from '../file-stamp.ts'
import { ownDeferral } from '../lazy/deferral.ts'
import { areFew, listBudget } from '../lazy/list-budget.ts'
import { listedIn, withOnly } from '../lazy/listed-tools.ts'
import { type Selection, selectTools } from '../lazy/selection.ts'
import { noteUse, type UsedTool, type User, type Uses, usedBy, usesFrom } from '../lazy/uses.ts'
import type { Log } from '../log.ts'
import type { Interceptor } from '../pipeline/call.ts'
import { paramString } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'
import { findMember } from '../protocol/json-text.ts'
import { jsonIfRegular, readRegular } from '../regular-file.ts'
import { agentName, clientOf } from './agents.ts'
import type { Hello } from './hello.ts'
import type { KnownServers } from './known-servers.ts'
import { ToolSizes } from './tool-sizes.ts'

/** What it needs of the daemon. */
export interface LazyToolsServices {
  readonly paths: Paths
  readonly clock: Clock
  readonly log: Log
  readonly settings: Settings
  readonly servers: Pick<KnownServers, 'all'>
}

/** A connection of an agent, as far as its tools go. */
export interface LazySession extends User {
  readonly server: string
  /** The client's own name of its session; '' where it tells none. */
  readonly clientSession: string
}

/** Uses are written down this often. */
const SAVE_MS = 60_000

/**
 * Which tools are listed to an agent: it learns what each uses and what definitions weigh whether or not anybody acts by it (two files in models/),
 * and with `lazy_loading.enabled` takes the others out of answers to tools/list. Calls are never touched: a tool that was not listed works as ever.
 */
export class LazyTools {
  readonly #services: LazyToolsServices
  readonly #uses: Uses
  readonly #sizes: ToolSizes
  readonly #configs = new Map<string, { readonly stamp: string; readonly callsUs: boolean }>()
  #places: { readonly stamp: string; readonly rows: readonly McpPlace[] } = { stamp: '', rows: [] }
  #dirty = false
  #savedAtMs: number

  constructor(services: LazyToolsServices) {
    this.#services = services
    this.#sizes = new ToolSizes(services)
    this.#uses = usesFrom(jsonIfRegular(services.paths.toolUses))
    this.#savedAtMs = services.clock.now()
  }

  /** Notes which tools are called in whose name. */
  learn(session: LazySession): Interceptor {
    return (next) => (call) => {
      const name = call.method === 'tools/call' ? paramString(call.frame, 'name') : undefined
      if (name !== undefined) {
        noteUse(this.#uses, session, session.server, name, this.#services.clock.wall())
        this.#dirty = true
      }
      return next(call)
    }
  }

  /** Lists to an agent only what it is likely to use; the choice stays as it was first made, so that what the agent has in its prompt stays too. */
  list(session: LazySession, hello: Hello): Interceptor {
    let chosen: Selection | 'all' | undefined
    let told = false
    return (next) => (call) => {
      if (call.method !== 'tools/list') return next(call)
      return next(call).then((reply) => {
        const all = listedIn(reply.frame)
        if (all === undefined) return reply
        this.#sizes.note(session.server, all, isPage(call.frame, reply.frame))
        if (!this.#isLazy(hello)) return reply
        chosen ??= this.#choose(session, hello)
        if (chosen === 'all') return reply
        const names = chosen.get(session.server)
        const frame = withOnly(reply.frame, ({ name }) => names?.has(name) === true)
        if (!told && frame !== reply.frame) {
          const left = all.filter(({ name }) => names?.has(name) !== true)
          this.#services.log.event('tools-not-listed', {
            server: session.server,
            because: `${left.length} of ${all.length} tools were not used before`,
            clientSession: agentName(session.clientSession, hello.client, clientOf(hello.pid)),
            savedTokens: left.reduce((sum, { tokens }) => sum + tokens, 0),
          })
        }
        told = true
        return { frame }
      })
    }
  }

  /** What this user used, for whoever searches. */
  usedBy(user: User): readonly UsedTool[] {
    return usedBy(this.#uses, user, this.#services.clock.wall())
  }

  /** Called in each tick. */
  look(): void {
    if (this.#services.clock.now() - this.#savedAtMs > SAVE_MS) this.save()
  }

  /** Keeps what was learnt. A disk that takes nothing costs that. */
  save(): void {
    const { paths, log, clock } = this.#services
    this.#savedAtMs = clock.now()
    this.#sizes.save()
    if (!this.#dirty) return
    this.#dirty = false
    try {
      mkdirSync(dirname(paths.toolUses), { recursive: true, mode: 0o700 })
      writeFileAtomic(paths.toolUses, JSON.stringify(Object.fromEntries(this.#uses)))
    } catch (error) {
      log.event('tool-uses-unsaved', { because: error instanceof Error ? error.message : String(error) })
    }
  }

  /** What is listed of all servers of the agent; all of it where that is little. */
  #choose(user: User, { client, cwd, env }: Hello): Selection | 'all' {
    const weight = this.#sizes.weightFor(client, env.CLAUDE_PROJECT_DIR || cwd)
    if (areFew(weight)) return 'all'
    const candidates = this.usedBy(user).map((used) => ({
      ...used,
      tokens: this.#sizes.of(used.server, used.name),
    }))
    return selectTools(
      candidates,
      listBudget(weight, this.#services.settings.get('lazy_loading.list_tokens')),
    )
  }

  /** Only where the agent can find the rest: its client has our server in a config that counts here, and no search of its own. */
  #isLazy({ client, cwd, env, relay }: Hello): boolean {
    if (!this.#services.settings.get('lazy_loading.enabled')) return false
    // Our own server asks for all there is: what it is not told nobody could find. Pairs with mcp/hello-line.ts.
    if (relay === 'mcp') return false
    if (ownDeferral(client, {}) !== undefined) return false
    return this.#placesNow().some(
      (place) =>
        place.client === client &&
        (place.project === undefined || isWithin(env.CLAUDE_PROJECT_DIR || cwd, place.project)) &&
        this.#callsUs(place.file),
    )
  }

  #placesNow(): readonly McpPlace[] {
    const stamp = stampOf(this.#services.paths.mcpPlaces)
    if (stamp !== this.#places.stamp) this.#places = { stamp, rows: readMcpPlaces(this.#services.paths) }
    return this.#places.rows
  }

  /** The config itself says so: whoever took our entry out by hand gets all tools again. */
  #callsUs(file: string): boolean {
    const stamp = stampOf(file)
    const known = this.#configs.get(file)
    if (known?.stamp === stamp) return known.callsUs
    const callsUs = readText(file).includes(JSON.stringify(mcpPath(this.#services.paths)))
    this.#configs.set(file, { stamp, callsUs })
    return callsUs
  }
}

/** Whether a list is only part of one. */
function isPage(call: Frame, answer: Frame): boolean {
  return (
    paramString(call, 'cursor') !== undefined ||
    findMember(answer.line, answer.bodyStart, 'nextCursor') !== undefined
  )
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}

function readText(file: string): string {
  try {
    return readRegular(file).toString('utf8')
  } catch {
    return ''
  }
}
