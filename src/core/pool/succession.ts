import type { Member } from './member.ts'
import type { Upstream } from './upstream.ts'

/** Which sessions a process serves, and those whose process ended under them, until another is in service for them. */
export class Succession {
  readonly #bereft = new Set<string>()
  readonly #members: ReadonlyMap<string, Member>
  readonly #owned: boolean
  /** The roots with which each session was last ready. */
  readonly #readyWith = new WeakMap<Member, string>()

  /** `owned`: a process serves the session that owns it, else all sessions with its roots. */
  constructor(members: ReadonlyMap<string, Member>, owned: boolean) {
    this.#members = members
    this.#owned = owned
  }

  /** Whether the process serves this session. */
  serves(upstream: Upstream, member: Member): boolean {
    return this.#owned ? member.id === upstream.owner : member.rootsKey === upstream.roots
  }

  /** The session is ready: the roots with which it was so before, where those were others. */
  rootsBefore(member: Member): string | undefined {
    const before = this.#readyWith.get(member)
    this.#readyWith.set(member, member.rootsKey)
    return before === member.rootsKey ? undefined : before
  }

  /** The process does not read as fast as its sessions write (true): they are read no faster. */
  hold(upstream: Upstream, held: boolean): void {
    for (const member of this.#members.values()) if (this.serves(upstream, member)) member.hold(held)
  }

  /** Those who lost this process. */
  bereave(upstream: Upstream): void {
    for (const member of this.#members.values())
      if (this.serves(upstream, member)) this.#bereft.add(member.id)
  }

  bereaveAll(): void {
    for (const id of this.#members.keys()) this.#bereft.add(id)
  }

  /** One session for each process that is missing. */
  heirs(): readonly Member[] {
    const members = [...this.#bereft].flatMap((id) => this.#members.get(id) ?? [])
    return this.#owned ? members : [...new Map(members.map((member) => [member.rootsKey, member])).values()]
  }

  /** The process now serves them: they learn that it is a new one. */
  console(upstream: Upstream): void {
    for (const id of [...this.#bereft]) {
      const member = this.#members.get(id)
      if (member !== undefined && !this.serves(upstream, member)) continue
      this.#bereft.delete(id)
      member?.replaced()
    }
  }

  leave(member: Member): void {
    this.#bereft.delete(member.id)
  }
}
