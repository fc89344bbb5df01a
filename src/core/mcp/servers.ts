import type { DeclaredEntry } from '../clients/declared.ts'
import type { Paths } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { type KnownTool, toolFrom } from '../lazy/tool.ts'
import { helloLine } from './hello-line.ts'
import { type Asking, type Link, openLink, ServerError } from './link.ts'

/** A tool with its definition as its server gives it. */
export interface DefinedTool extends KnownTool {
  /** Of its server's launcher. */
  readonly id: string
  readonly definition: Readonly<Record<string, unknown>>
}

/** Whose servers they are. */
export interface Agent {
  readonly client: string
  readonly clientPid: number
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

/** A list of tools is believed for so long. */
const FRESH_MS = 30_000
/** A server that does not answer keeps the others' tools from nobody. */
const LIST_MS = 20_000
const MAX_PAGES = 100
const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'mycelium', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

interface Reached {
  readonly link: Link
  /** Goes with each request to a server that knows no `initialize`. */
  readonly meta: Readonly<Record<string, unknown>>
}

/** The agent's other servers, each reached when it is needed: in the name of the agent's own session, else by a session of our own. */
export class Servers {
  readonly #agent: Agent
  readonly #paths: Pick<Paths, 'socket'>
  readonly #ready: () => Promise<void>
  readonly #entries: () => readonly DeclaredEntry[]
  readonly #now: () => number
  readonly #reached = new Map<string, Promise<Reached>>()
  readonly #lists = new Map<
    string,
    { readonly at: number; readonly tools: Promise<readonly DefinedTool[]> }
  >()

  /** `ready` finds the daemon or starts one. */
  constructor(
    agent: Agent,
    paths: Pick<Paths, 'socket'>,
    ready: () => Promise<void>,
    entries: () => readonly DeclaredEntry[],
    now: () => number,
  ) {
    this.#agent = agent
    this.#paths = paths
    this.#ready = ready
    this.#entries = entries
    this.#now = now
  }

  /** Those that are reached through mycelium, by the name that the client gives them. */
  names(): readonly string[] {
    return [...this.#byName().keys()]
  }

  /** Every tool of every server, and the servers that could not be asked. */
  async tools(signal?: AbortSignal): Promise<{
    readonly tools: readonly DefinedTool[]
    readonly silent: readonly string[]
  }> {
    const silent: string[] = []
    const lists = await Promise.all(
      [...this.#byName().values()].map(async (entry) => {
        try {
          return await this.#listOf(entry, signal)
        } catch {
          silent.push(entry.name)
          return []
        }
      }),
    )
    return { tools: lists.flat(), silent }
  }

  /** Calls a tool; gives the server's result for passing on, as it was written. Throws unknown_server, ServerError, or what kept it from being reached. */
  async call(server: string, params: Readonly<Record<string, unknown>>, asking: Asking): Promise<unknown> {
    return this.#ask(this.#named(server), 'tools/call', params, { ...asking, exact: true })
  }

  /** The id of a server's launcher. Throws unknown_server. */
  idOf(server: string): string {
    return this.#named(server).id!
  }

  close(): void {
    for (const reached of this.#reached.values())
      void reached.then(
        ({ link }) => link.close(),
        () => {},
      )
  }

  #byName(): ReadonlyMap<string, DeclaredEntry> {
    const taken = this.#entries().filter(({ id, unresolved }) => id !== undefined && unresolved.length === 0)
    return new Map(taken.map((entry) => [entry.name, entry]))
  }

  #named(name: string): DeclaredEntry {
    const all = this.#byName()
    const entry = all.get(name) ?? [...all.values()].find(({ id }) => id === name)
    if (entry !== undefined) return entry
    throw new MyceliumError('unknown_server', `no server is called ${JSON.stringify(name)}`, {
      hint: `servers: ${[...all.keys()].join(', ') || 'none'}`,
    })
  }

  #listOf(entry: DeclaredEntry, signal: AbortSignal | undefined): Promise<readonly DefinedTool[]> {
    const known = this.#lists.get(entry.id!)
    if (known !== undefined && this.#now() - known.at < FRESH_MS) return known.tools
    const bound = AbortSignal.timeout(LIST_MS)
    const tools = this.#list(entry, signal === undefined ? bound : AbortSignal.any([signal, bound]))
    this.#lists.set(entry.id!, { at: this.#now(), tools })
    tools.catch(() => this.#lists.delete(entry.id!))
    return tools
  }

  async #list(entry: DeclaredEntry, signal: AbortSignal): Promise<readonly DefinedTool[]> {
    const tools: DefinedTool[] = []
    let cursor: unknown
    for (let page = 0; page < MAX_PAGES; page++) {
      const params = cursor === undefined ? {} : { cursor }
      const result = Object(await this.#ask(entry, 'tools/list', params, { signal }))
      for (const definition of Array.isArray(result.tools) ? result.tools : []) {
        const tool = toolFrom(entry.name, definition)
        if (tool !== undefined) tools.push({ ...tool, id: entry.id!, definition })
      }
      cursor = result.nextCursor
      if (typeof cursor !== 'string') break
    }
    return tools
  }

  async #ask(
    entry: DeclaredEntry,
    method: string,
    params: Readonly<Record<string, unknown>>,
    asking: Asking,
  ): Promise<unknown> {
    const { link, meta } = await this.#reach(entry)
    return link.request(
      method,
      { ...params, ...(Object.keys(meta).length > 0 && { _meta: { ...meta, ...Object(params._meta) } }) },
      asking,
    )
  }

  async #reach(entry: DeclaredEntry): Promise<Reached> {
    const id = entry.id!
    const known = this.#reached.get(id)
    if (known !== undefined) {
      const reached = await known.catch(() => undefined)
      if (reached?.link.open === true) return reached
      if (this.#reached.get(id) === known) this.#reached.delete(id)
      return this.#reach(entry)
    }
    const reaching = this.#connect(entry)
    this.#reached.set(id, reaching)
    reaching.catch(() => this.#reached.delete(id))
    return reaching
  }

  async #connect(entry: DeclaredEntry): Promise<Reached> {
    const { client, clientPid, env } = this.#agent
    await this.#ready()
    const greeting = {
      server: entry.id!,
      client,
      cwd: entry.cwd,
      argv: entry.argv,
      env: { ...env, ...entry.env },
    }
    try {
      const link = await openLink(this.#paths.socket, helloLine({ ...greeting, guestOf: clientPid }))
      return { link, meta: (await isLegacy(link)) ? {} : MODERN_META }
    } catch (error) {
      if (!(error instanceof MyceliumError) || error.code !== 'session_gone') throw error
    }
    // The agent has no session of its own with it, or is not there yet: one is begun as its launcher would.
    const link = await openLink(this.#paths.socket, helloLine(greeting))
    try {
      await link.request('initialize', {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: client, version: '1' },
      })
      link.notify('notifications/initialized')
      return { link, meta: {} }
    } catch (error) {
      if (!(error instanceof ServerError)) throw error
      return { link, meta: MODERN_META }
    }
  }
}

/** Whether the agent's session with a server began with `initialize`: a modern server refuses what says no version. */
async function isLegacy(link: Link): Promise<boolean> {
  try {
    await link.request('tools/list', {})
    return true
  } catch (error) {
    if (error instanceof ServerError) return false
    throw error
  }
}
