import { rowOf } from '../process.ts'

/** The process of the client that started this launcher; 0 where it has gone. A launcher becomes its relay without another process in between. */
export function clientOf(launcherPid: number): number {
  return rowOf(launcherPid)?.parent ?? 0
}

/** How a running agent is called in what is recorded, where it has no name of its own for its session. Pairs with commands/mcp.ts. */
export function agentName(clientSession: string | undefined, client: string, clientPid: number): string {
  return clientSession || `${client}-${clientPid}`
}

/** Somebody's connection to a server, as far as it can be told whose it is. */
export interface Attached {
  readonly server: string
  readonly client: string
  readonly cwd: string
  readonly clientPid: () => number
}

/**
 * The session that an agent itself has with this server: the one whose launcher the same process started, else the only one of this client in
 * this directory. Undefined where there is none, or several: calls then get a session of their own.
 */
export function sessionOfAgent<T extends Attached>(
  sessions: readonly T[],
  {
    server,
    client,
    cwd,
    clientPid,
  }: { readonly server: string; readonly client: string; readonly cwd: string; readonly clientPid: number },
): T | undefined {
  const same = sessions.filter((one) => one.server === server && one.client === client)
  const started = same.filter((one) => one.clientPid() === clientPid)
  if (started.length > 0) return started.at(-1)
  const here = same.filter((one) => one.cwd === cwd)
  return here.length === 1 ? here[0] : undefined
}
