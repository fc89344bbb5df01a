import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeFileAtomic } from '../config/write-file.ts'
import { fingerprint } from '../hash.ts'
import { readRegular } from '../regular-file.ts'
import type { FileFacts } from './facts.ts'

/** What was known of a repository when it was last looked at. */
export interface Remembered {
  /** By path: the stamp of the file then, and its facts. */
  readonly files: ReadonlyMap<string, Entry>
}

interface Entry {
  readonly stamp: string
  readonly facts: FileFacts
}

function isEntry(entry: Entry | undefined | null): boolean {
  return typeof entry?.stamp === 'string' && typeof entry.facts?.hash === 'string'
}

/** Grows with what facts are and how they are found: older ones are found anew. */
const FORMAT = 1

/** Where something of one repository is kept, in mycelium's directory of scores; pairs with config/own-names.ts. */
export function memoryFile(scores: string, root: string, what: 'facts' | 'ranking'): string {
  return join(scores, `${fingerprint([root])}-${what}.json`)
}

/** What was kept; nothing when there is nothing that this version can use. `version`: of the package, since parsers come with it. */
export function recall(file: string, version: string): Remembered {
  try {
    const kept = JSON.parse(readRegular(file).toString('utf8'))
    if (kept.format !== FORMAT || kept.version !== version) return { files: new Map() }
    const files = Object.entries<Entry>(kept.files).filter(([, entry]) => isEntry(entry))
    return { files: new Map(files) }
  } catch {
    return { files: new Map() }
  }
}

/** Keeps it for the next time. Throws write_failed, config_read_only. */
export function remember(file: string, version: string, { files }: Remembered): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileAtomic(file, JSON.stringify({ format: FORMAT, version, files: Object.fromEntries(files) }))
}
