import { statSync } from 'node:fs'

/** Tells one state of a file from another without reading it; empty where there is no file. */
export function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? '' : `${stat.mtimeMs}:${stat.size}:${stat.ino}`
}
