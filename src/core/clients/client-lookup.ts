import { MyceliumError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import type { Client, KeyPath } from './client.ts'
import { CLIENTS } from './table.ts'

/** The client with this id. */
export function clientById(id: string): Client | undefined {
  return CLIENTS.find((client) => client.id === id)
}

/** Every key path under which a client keeps servers, in whichever of its files. */
export function keyPathsOf(client: Client): readonly KeyPath[] {
  const all = [...client.at, ...client.files.flatMap((file) => file.at ?? [])]
  return [...new Map(all.map((path) => [JSON.stringify(path), path])).values()]
}

/** The clients with these ids, or all when none is named. Throws unknown_client. */
export function namedClients(ids: readonly string[]): readonly Client[] {
  if (ids.length === 0) return CLIENTS
  return ids.map((id) => {
    const client = clientById(id)
    if (client !== undefined) return client
    const names = CLIENTS.map((row) => row.id)
    const close = nearest(id, names)
    throw new MyceliumError('unknown_client', `no client "${id}"`, {
      hint: close === undefined ? `known: ${names.join(', ')}` : `did you mean ${close}?`,
    })
  })
}
