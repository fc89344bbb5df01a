import { idText } from '../protocol/fields.ts'
import type { Frame } from '../protocol/frame.ts'
import { resultText } from '../protocol/messages.ts'
import type { Evidence } from './evidence.ts'
import type { Member } from './member.ts'
import type { Settling } from './settling.ts'
import type { Lists } from './states.ts'
import type { Upstream } from './upstream.ts'

/** For a server that asks before any session said what its roots are. */
const NO_ROOTS = '{"roots":[]}'

/** What answering for roots needs of the pool. */
export interface RootsAskedParts {
  readonly lists: Lists<Upstream>
  readonly members: ReadonlyMap<string, Member>
  readonly settling: Settling
  readonly evidence: Evidence
  /** A process is put in service for the session. */
  ready(member: Member): void
}

/** A process that has asked, and those by whose roots it is to be answered. */
interface Row {
  readonly frames: Frame[]
  readonly members: Set<string>
  /** Somebody's roots were owed: the process becomes theirs. */
  waits: boolean
}

/**
 * Servers' questions for roots. The answer is what the process is tagged with; it waits for sessions whose agents owe
 * theirs, and the process then becomes theirs, so that it learns no roots but those of whom it serves.
 */
export class RootsAsked {
  readonly #parts: RootsAskedParts
  readonly #rows = new Map<Upstream, Row>()

  constructor(parts: RootsAskedParts) {
    this.#parts = parts
  }

  /** The server asks. */
  ask(upstream: Upstream, frame: Frame): void {
    const row = this.#rows.get(upstream) ?? { frames: [], members: new Set(), waits: false }
    row.frames.push(frame)
    for (const id of this.#concerned(upstream)) {
      row.members.add(id)
      row.waits ||= this.#parts.members.get(id)?.rootsPending === true
    }
    // Whoever else comes meanwhile must not be served by it before it is known whose it becomes.
    if (row.waits) this.#parts.settling.hold(upstream)
    this.#rows.set(upstream, row)
    this.settle()
  }

  /** Answers those for whom nobody's roots are owed any more; called when a session has its roots or leaves. */
  settle(): void {
    for (const [upstream, row] of this.#rows) {
      const members = [...row.members].flatMap((id) => this.#parts.members.get(id) ?? [])
      if (members.some(({ rootsPending }) => rootsPending)) continue
      this.#rows.delete(upstream)
      if (row.waits) this.#retag(upstream, members)
      for (const frame of row.frames)
        upstream.tell(Buffer.from(resultText(idText(frame), upstream.rootsText ?? NO_ROOTS)))
      this.#parts.settling.told(upstream)
    }
  }

  /** The session's roots are known now. A process that only it used, and that never asked, goes on with it. */
  known(member: Member, before: string): void {
    this.settle()
    const { lists, members, evidence } = this.#parts
    if (member.rootsKey === before || evidence.asksRoots) return
    if ([...members.values()].some(({ rootsKey }) => rootsKey === before)) return
    for (const upstream of lists.in('idle', 'busy')) if (upstream.roots === before) tag(upstream, member)
  }

  /**
   * Resolves when the session can do without roots, as its server does not ask for them; never where it does. Where no
   * process has shown that yet, one is put in service for the session: its question would wait for the roots.
   */
  async spare(member: Member): Promise<void> {
    const { lists, members, evidence, ready } = this.#parts
    if (evidence.asksRoots === undefined && members.has(member.id) && lists.count('idle', 'busy') === 0)
      ready(member)
    await evidence.asksNoRoots
    if (evidence.asksRoots) await new Promise(() => {})
  }

  /** Who caused the question: its owner, those with calls in flight, or, right after its start, all who wait for it. */
  #concerned(upstream: Upstream): Iterable<string> {
    if (upstream.owner !== undefined) return [upstream.owner]
    const callers = upstream.callers()
    if (callers.size > 0) return callers
    return [...this.#parts.members.values()]
      .filter(({ rootsPending, rootsKey }) => rootsPending && rootsKey === upstream.roots)
      .map(({ id }) => id)
  }

  /** Calls in flight of sessions with different roots cannot all be right: then it is told what it was tagged with. */
  #retag(upstream: Upstream, members: readonly Member[]): void {
    const [first] = members
    const same = members.every(({ rootsKey }) => rootsKey === first?.rootsKey)
    if (first !== undefined && (same || upstream.callers().size === 0)) tag(upstream, first)
  }
}

function tag(upstream: Upstream, { rootsKey, rootsText }: Member): void {
  upstream.roots = rootsKey
  upstream.rootsText = rootsText
}
