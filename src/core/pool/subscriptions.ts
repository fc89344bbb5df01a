/** Which sessions want to hear of which resource: one subscription upstream per URI and process, however many sessions want it. */
export class Subscriptions {
  /** Of each URI, the sessions that asked for it and whether a server has accepted that. */
  readonly #byUri = new Map<string, Map<string, boolean>>()

  /** The session has asked: updates that come before the answer are for it too. */
  ask(uri: string, session: string): void {
    const sessions = this.#byUri.get(uri) ?? new Map<string, boolean>()
    if (!sessions.has(session)) sessions.set(session, false)
    this.#byUri.set(uri, sessions)
  }

  /** The server has accepted it. */
  accept(uri: string, session: string): void {
    const sessions = this.#byUri.get(uri)
    if (sessions?.has(session)) sessions.set(session, true)
  }

  remove(uri: string, session: string): void {
    const sessions = this.#byUri.get(uri)
    if (sessions?.delete(session) && sessions.size === 0) this.#byUri.delete(uri)
  }

  has(uri: string, session: string): boolean {
    return this.#byUri.get(uri)?.has(session) ?? false
  }

  subscribers(uri: string): readonly string[] {
    return [...(this.#byUri.get(uri)?.keys() ?? [])]
  }

  /** Whether a server has accepted the URI for one of these sessions. */
  holds(uri: string, among: (session: string) => boolean): boolean {
    for (const [session, accepted] of this.#byUri.get(uri) ?? []) if (accepted && among(session)) return true
    return false
  }

  /** Whether any of these sessions has asked for the URI, whatever the answer will be. */
  isWanted(uri: string, among: (session: string) => boolean): boolean {
    return this.subscribers(uri).some(among)
  }

  /** The URIs accepted for any of these sessions. */
  urisOf(among: (session: string) => boolean): readonly string[] {
    return [...this.#byUri.keys()].filter((uri) => this.holds(uri, among))
  }
}
