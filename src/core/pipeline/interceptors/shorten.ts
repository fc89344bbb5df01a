import type { Call, Interceptor, Reply } from '../call.ts'

/** What shortens results: whether it is wanted now, and the result in fewer tokens, or as it was. Nothing of it throws. */
export interface Shortening {
  isOn(): boolean
  /** The agent is told of these tools. */
  listed(call: Call, reply: Reply): void
  shortened(call: Call, reply: Reply): Promise<Reply>
}

/** Shortens what tools answer. Outside of caches, so that those hold what the server said. */
export function shorten({ isOn, listed, shortened }: Shortening): Interceptor {
  return (next) => (call) => {
    const replied = next(call)
    if ((call.method !== 'tools/call' && call.method !== 'tools/list') || !isOn()) return replied
    if (call.method === 'tools/list')
      return replied.then((reply) => {
        listed(call, reply)
        return reply
      })
    return replied.then((reply) => (call.cancelled || reply.frame.isError ? reply : shortened(call, reply)))
  }
}
