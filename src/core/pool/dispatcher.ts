import { MyceliumError } from '../errors.ts'
import type { Call, Reply } from '../pipeline/call.ts'
import type { Member } from './member.ts'
import type { Queue } from './queue.ts'
import type { Service } from './service.ts'
import type { Upstream } from './upstream.ts'

/** Told which process a call is sent to. */
export type Served = (upstream: Upstream) => void

/** What sending calls needs of a pool. */
export interface DispatcherParts {
  readonly queue: Queue
  readonly service: Service
  choose(member: Member, pinned: Upstream | undefined): Upstream | undefined
  /** The call does not use the process it waited for. */
  release(upstream: Upstream): void
}

/** The way of a call to a process: at once where one may take it, else after its turn in the queue. */
export class Dispatcher {
  readonly #parts: DispatcherParts

  constructor(parts: DispatcherParts) {
    this.#parts = parts
  }

  /** Sends a call to a process that may serve its session, once there is one; with `pinned` to that one, while it serves. */
  dispatch(
    call: Call,
    member: Member,
    served: Served | undefined,
    pinned: Upstream | undefined,
  ): Promise<Reply> {
    const { queue, service, choose } = this.#parts
    const queues = queue.length > 0 && service.mustQueue(member)
    const upstream = queues ? undefined : choose(member, pinned)
    if (upstream === undefined || service.settling.has(upstream))
      return this.#forwardLater(call, member, upstream, served, pinned)
    return forward(upstream, call, member, served)
  }

  async #forwardLater(
    call: Call,
    member: Member,
    settling: Upstream | undefined,
    served: Served | undefined,
    pinned: Upstream | undefined,
  ): Promise<Reply> {
    const { queue, service, release } = this.#parts
    let upstream = settling
    if (upstream === undefined) {
      const need = queue.need(member, false, pinned)
      call.onCancel = () => need.giveUp(new MyceliumError('client_gone', 'the call was cancelled'))
      upstream = await need.upstream
    }
    await service.settling.ended(upstream)
    if (call.cancelled) {
      release(upstream)
      throw new MyceliumError('client_gone', 'the call was cancelled')
    }
    // Never written to a process that is gone, or lent to nobody or to another since: it may go to the next.
    const gone = upstream.state !== 'idle' && upstream.state !== 'busy'
    if (gone || !service.mayUse(upstream, member)) return this.dispatch(call, member, served, pinned)
    return forward(upstream, call, member, served)
  }
}

function forward(upstream: Upstream, call: Call, member: Member, served: Served | undefined): Promise<Reply> {
  member.home = upstream
  served?.(upstream)
  return upstream.forward(call)
}
