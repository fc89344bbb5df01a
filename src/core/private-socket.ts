import { chmodSync, statSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'

/** Listens on a socket file that only this user can reach, in a directory that is theirs alone. Rejects with the system's error. */
export function listenPrivately(path: string, connected: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, connected)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // The directory is 0700 already; the socket says the same for itself.
    const mask = process.umask(0o177)
    server.listen({ path, backlog: 4096 }, () => {
      chmodSync(path, 0o600)
      resolve(server)
    })
    process.umask(mask)
  })
}

/** Tells a socket file from another of the same name; undefined where there is none. */
export function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}
