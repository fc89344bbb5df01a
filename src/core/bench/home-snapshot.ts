import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fingerprint } from '../hash.ts'

/** Every file and link below a directory: relative path to what it holds, in short. */
export type Snapshot = ReadonlyMap<string, string>

/** Looks at everything below a directory; directories themselves do not count, sockets count by their being there. */
export function snapshotOf(directory: string): Snapshot {
  const found = new Map<string, string>()
  for (const path of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const full = join(directory, path)
    const stat = lstatSync(full)
    if (stat.isFile()) found.set(path, fingerprint([readFileSync(full, 'latin1'), String(stat.mode)]))
    else if (stat.isSymbolicLink()) found.set(path, `-> ${readlinkSync(full)}`)
    else if (!stat.isDirectory()) found.set(path, 'special')
  }
  return found
}

/** What differs between two snapshots, one line each. */
export function differences(before: Snapshot, after: Snapshot): string[] {
  const gone = [...before.keys()].filter((path) => !after.has(path)).map((path) => `${path} is gone`)
  const rest = [...after].flatMap(([path, content]) => {
    if (!before.has(path)) return [`${path} is new`]
    return before.get(path) === content ? [] : [`${path} differs`]
  })
  return [...gone, ...rest].sort()
}
