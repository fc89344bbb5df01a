import type { Log } from '../log.ts'
import type { UpstreamProcess } from './spawn.ts'
import type { Lists } from './states.ts'
import type { Upstream } from './upstream.ts'

/** What ending processes needs of their pool. */
export interface RetirementParts {
  readonly server: string
  readonly log: Log
  readonly lists: Lists<Upstream>
  /** Ends a process and its whole tree. */
  end(process: UpstreamProcess): Promise<void>
  /** It serves nobody any more. */
  left(upstream: Upstream): void
}

/** The way out of service: after the last awaited answer, or at once. */
export class Retirement {
  readonly #parts: RetirementParts

  constructor(parts: RetirementParts) {
    this.#parts = parts
  }

  /** Ends a process: at once when nobody waits for its answers, else after the last of them. */
  afterCalls(upstream: Upstream, why: string): void {
    const { lists, log, server } = this.#parts
    if (upstream.state === 'draining') return
    if (upstream.state !== 'busy' || upstream.awaited === 0) this.now(upstream, why)
    else {
      lists.move(upstream, 'draining')
      log.event('upstream-draining', { server, pid: upstream.process.pid, because: why })
    }
  }

  /** Ends a process whatever it has in flight. */
  now(upstream: Upstream, why: string): void {
    if (upstream.state === 'stopping' || upstream.state === 'gone') return
    const { lists, log, server, left, end } = this.#parts
    lists.move(upstream, 'stopping')
    log.event('upstream-stopping', { server, pid: upstream.process.pid, because: why })
    left(upstream)
    void end(upstream.process)
  }

  /** The process ended; true when nobody had asked it to and somebody counted on it. */
  exited(upstream: Upstream, how: string): boolean {
    const { lists, log, server, left, end } = this.#parts
    const { state } = upstream
    if (state === 'gone') return false
    lists.move(upstream, 'gone')
    log.event('upstream-exited', { server, pid: upstream.process.pid, how, state, calls: upstream.calls })
    left(upstream)
    // Whatever it left behind goes too.
    void end(upstream.process)
    // A start that failed is counted where it was awaited.
    return state === 'spare' || state === 'idle' || state === 'busy' || state === 'draining'
  }
}
