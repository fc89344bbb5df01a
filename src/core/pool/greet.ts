import type { Clock } from '../clock.ts'
import { MyceliumError } from '../errors.ts'
import { type Frame, scanFrame } from '../protocol/frame.ts'
import type { Limits } from './limits.ts'
import type { Upstream } from './upstream.ts'
import { within } from './within.ts'

/** Sends `initialize` and keeps the answer. Throws server_greeting_timeout, server_start_failed (with the server's own error as data.answer), server_exited. */
export async function greet(
  upstream: Upstream,
  paramsText: string,
  name: string,
  { clock, limits }: { readonly clock: Clock; readonly limits: Limits },
): Promise<void> {
  const answer = await within(clock, limits.greetingMs, upstream.ask('initialize', paramsText), () => {
    return new MyceliumError(
      'server_greeting_timeout',
      `${name}: no answer to initialize within ${limits.greetingMs} ms`,
    )
  })
  if (answer.isError) {
    throw new MyceliumError('server_start_failed', `${name}: refused initialize`, {
      data: { answer: ownCopy(answer) },
    })
  }
  upstream.greeting = ownCopy(answer)
}

/** The frame over bytes of its own: a line is a view of a larger read, which a kept frame would keep alive. */
export function ownCopy(frame: Frame): Frame {
  return scanFrame(Buffer.from(frame.line)) as Frame
}
