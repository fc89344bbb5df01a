import type { Pools } from '../pool/pools.ts'
import type { Commands } from './control.ts'
import type { KnownServers } from './known-servers.ts'

/** What the command line may have done to the pools of servers that it names; each gives their ids. */
export function poolCommands(pools: Pools, servers: KnownServers): Commands {
  const toNamed =
    (act: (id: string) => void) =>
    (args: Readonly<Record<string, unknown>>): readonly string[] =>
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
