import type { Clock } from '../clock.ts'
import { fingerprint } from '../hash.ts'
import type { Member } from '../pool/member.ts'
import type { Pool } from '../pool/pool.ts'
import type { Frame } from '../protocol/frame.ts'

/** The roots of one session: the text a server gets, and what must be equal for two sessions to share a process. */
interface Roots {
  readonly key: string
  readonly text: string
}

/** A session that has none, or has not said. */
const NO_ROOTS: Roots = { key: '', text: '{"roots":[]}' }

/** A client that can answer while its calls wait has done so by then, on any but a crowded machine. */
const LIVE_MS = 250

/** What one agent's roots are, and how long its calls wait for them. */
export class AgentRoots {
  #current = NO_ROOTS
  #open = 0
  readonly #clock: Clock
  readonly #ask: () => Promise<Frame | undefined>

  /** `ask` puts `roots/list` to the agent; undefined when it does not answer in time. */
  constructor(clock: Clock, ask: () => Promise<Frame | undefined>) {
    this.#clock = clock
    this.#ask = ask
  }

  get key(): string {
    return this.#current.key
  }

  get text(): string {
    return this.#current.text
  }

  /** The agent was asked and owes the answer. */
  get pending(): boolean {
    return this.#open > 0
  }

  /**
   * Asks the agent, and resolves when its calls may go on: once it has answered or its time is over, or where it is slow
   * and its server does not ask for roots at all. A process that fits is put in service when it answers after that.
   */
  async learn(pool: Pool, member: Member): Promise<void> {
    let wentOn = false
    this.#open += 1
    const known = this.#ask().then((answer) => {
      this.#open -= 1
      const before = this.#current.key
      // Who went on without an answer keeps what it had.
      if (answer !== undefined || !wentOn) this.#current = rootsOf(answer)
      pool.service.roots.known(member, before)
      if (wentOn && answer !== undefined && pool.members.has(member.id)) pool.ready(member)
    })
    let cancel = (): void => {}
    const slow = new Promise<void>((resolve) => {
      cancel = this.#clock.after(LIVE_MS, () => pool.service.roots.spare(member).then(resolve))
    })
    await Promise.race([known, slow])
    cancel()
    wentOn = true
  }
}

/** The roots in an agent's answer to `roots/list`; none when it failed or never came. Their order does not matter. */
function rootsOf(answer: Frame | undefined): Roots {
  if (answer === undefined || answer.isError) return NO_ROOTS
  const text = answer.line.toString('utf8', answer.bodyStart, answer.bodyEnd)
  try {
    const { roots } = JSON.parse(text) as { roots?: unknown }
    if (!Array.isArray(roots) || roots.length === 0) return NO_ROOTS
    return { key: fingerprint(roots.map((root) => JSON.stringify(root)).sort()), text }
  } catch {
    return NO_ROOTS
  }
}
