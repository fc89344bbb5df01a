import { fingerprint } from '../hash.ts'

/** The name of what a tool of a server is asked for: the same for arguments that say the same, in whatever order. A hash: nothing of them is in it. */
export function toolSource(server: string, tool: string, args: unknown): string {
  return fingerprint(['tool', server, tool, canonical(args)], 32)
}

/** The name of what is in a file, by its real path. */
export function fileSource(path: string): string {
  return fingerprint(['file', path], 32)
}

/** JSON with the members of objects in the order of their names. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  const sorted = members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${sorted.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}
