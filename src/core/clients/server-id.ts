import type { ServerDef } from '../config/registry.ts'
import { fingerprint } from '../hash.ts'

const MAX_ID_LENGTH = 48

/** A server's name as a file name: [a-z0-9._-], never empty, hidden, or a path. */
export function idStem(name: string): string {
  const stem = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, MAX_ID_LENGTH)
  return stem === '' ? 'server' : stem
}

/** The id of a server: the one it already has, or its name made safe, with some hash where another server has that. */
export function serverId(name: string, argv: readonly string[], taken: readonly ServerDef[]): string {
  const known = taken.find((server) => server.name === name && sameWords(server.argv, argv))
  if (known !== undefined) return known.id
  const stem = idStem(name)
  const used = new Set(taken.map((server) => server.id))
  for (const digits of [0, 4, 8, 16]) {
    const id = digits === 0 ? stem : `${stem}-${fingerprint([name, ...argv], digits)}`
    if (!used.has(id)) return id
  }
  throw new Error(`no free id for ${stem}`)
}

/** True when two commands are the same, word for word. */
export function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index])
}
