/** Who is subscribed to which resource, and on which process: one subscription upstream per URI however many sessions want it. */
export class Subscriptions<U> {
  readonly #byUri = new Map<string, { readonly sessions: Set<string>; upstream: U | undefined }>()

  /** The process the URI is subscribed on for some session, if it is. */
  holder(uri: string): U | undefined {
    return this.#byUri.get(uri)?.upstream
  }

  add(uri: string, session: string, upstream: U): void {
    const row = this.#byUri.get(uri) ?? { sessions: new Set<string>(), upstream }
    row.sessions.add(session)
    row.upstream = upstream
    this.#byUri.set(uri, row)
  }

  has(uri: string, session: string): boolean {
    return this.#byUri.get(uri)?.sessions.has(session) ?? false
  }

  subscribers(uri: string): readonly string[] {
    return [...(this.#byUri.get(uri)?.sessions ?? [])]
  }

  /** How many other sessions want the URI. */
  others(uri: string, session: string): number {
    const row = this.#byUri.get(uri)
    return row === undefined ? 0 : row.sessions.size - (row.sessions.has(session) ? 1 : 0)
  }

  /** Takes one session's interest back; the process to unsubscribe on when it was the last. */
  remove(uri: string, session: string): U | undefined {
    const row = this.#byUri.get(uri)
    if (!row?.sessions.delete(session) || row.sessions.size > 0) return undefined
    this.#byUri.delete(uri)
    return row.upstream
  }

  /** Takes all of a session's interests back; the subscriptions nobody wants any more. */
  removeSession(session: string): readonly { readonly uri: string; readonly upstream: U }[] {
    const ended: { uri: string; upstream: U }[] = []
    for (const uri of [...this.#byUri.keys()]) {
      const upstream = this.remove(uri, session)
      if (upstream !== undefined) ended.push({ uri, upstream })
    }
    return ended
  }

  /** The process is gone: its subscriptions wait for another. */
  lose(upstream: U): void {
    for (const row of this.#byUri.values()) if (row.upstream === upstream) row.upstream = undefined
  }

  /** URIs without a process, wanted by any of these sessions, now on this one. */
  adopt(upstream: U, wantedBy: (session: string) => boolean): readonly string[] {
    const uris: string[] = []
    for (const [uri, row] of this.#byUri) {
      if (row.upstream !== undefined || ![...row.sessions].some(wantedBy)) continue
      row.upstream = upstream
      uris.push(uri)
    }
    return uris
  }
}
