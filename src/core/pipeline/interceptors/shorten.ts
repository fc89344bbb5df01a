import type { Call, Interceptor, Reply } from '../call.ts'

/** What shortens results: whether it is wanted now, and the result in fewer tokens, or as it was. Neither throws. */
export interface Shortening {
  isOn(): boolean
  shortened(call: Call, reply: Reply): Promise<Reply>
}

/** Shortens what tools answer. Outside of caches, so that those hold what the server said. */
export function shorten({ isOn, shortened }: Shortening): Interceptor {
  return (next) => (call) => {
    const replied = next(call)
    if (call.method !== 'tools/call' || !isOn()) return replied
    return replied.then((reply) => (call.cancelled || reply.frame.isError ? reply : shortened(call, reply)))
  }
}
