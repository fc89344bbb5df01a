import type { Pools } from '../pool/pools.ts'
import type { Tree } from '../recorder/sampler.ts'

/** The server of the daemon's own samples. */
const OWN_NAME = 'mycelium'

/** What memory is taken of: each server process with everything known below it, and the daemon itself. */
export function treesOf(pools: Pools): readonly Tree[] {
  const trees: Tree[] = []
  let sessions = 0
  for (const pool of pools.all()) {
    const upstreams = pool.lists.in('spare', 'idle', 'busy', 'draining')
    sessions += pool.members.size
    for (const { process } of upstreams)
      trees.push({
        server: pool.profile.server,
        pid: process.pid,
        pids: [...process.seen.keys()],
        sessions: Math.round(pool.members.size / upstreams.length),
      })
  }
  // A daemon that holds nothing is not worth a line a minute.
  if (trees.length > 0) trees.push({ server: OWN_NAME, pid: process.pid, pids: [process.pid], sessions })
  return trees
}
