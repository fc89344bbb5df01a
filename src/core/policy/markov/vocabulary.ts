/** The tools and servers that a model knows, as numbers. Tools are never taken out. */
export class Vocabulary {
  readonly tools: { readonly server: number; readonly name: string }[] = []
  /** The server of each tool. */
  readonly serverOf: number[] = []
  readonly servers: string[] = []
  readonly #serverIds = new Map<string, number>()
  readonly #toolIds: Map<string, number>[] = []

  /** The number of a tool, given to it now where it is new. */
  add(server: string, tool: string): number {
    const serverId = this.#addServer(server)
    const ids = this.#toolIds[serverId]!
    const known = ids.get(tool)
    if (known !== undefined) return known
    const id = this.tools.length
    this.serverOf.push(serverId)
    this.tools.push({ server: serverId, name: tool })
    ids.set(tool, id)
    return id
  }

  /** The number of a tool; undefined where it is not known. */
  idOf(server: string, tool: string): number | undefined {
    const serverId = this.#serverIds.get(server)
    return serverId === undefined ? undefined : this.#toolIds[serverId]!.get(tool)
  }

  #addServer(server: string): number {
    const known = this.#serverIds.get(server)
    if (known !== undefined) return known
    const id = this.servers.length
    this.servers.push(server)
    this.#serverIds.set(server, id)
    this.#toolIds.push(new Map())
    return id
  }
}
