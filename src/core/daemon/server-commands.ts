import type { Pools } from '../pool/pools.ts'
import type { Commands } from './control.ts'
import type { KnownServers } from './known-servers.ts'

/** The commands of the control socket that do something to the servers that are named; each gives their ids. */
export function serverCommands(servers: KnownServers, pools: Pools): Commands {
  const toNamed = (act: (id: string) => void) => (args: Readonly<Record<string, unknown>>) =>
    (args.names as readonly string[])
      .flatMap((name) => servers.named(name))
      .map(({ id }) => {
        act(id)
        return id
      })
  return {
    restart: toNamed((id) => pools.restart(id)),
    drain: toNamed((id) => pools.drain(id)),
    pause: toNamed((id) => pools.pause(id)),
    resume: toNamed((id) => pools.resume(id)),
  }
}
