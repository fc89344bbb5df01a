import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeFileAtomic } from '../config/write-file.ts'
import { readRegular } from '../regular-file.ts'
import type { Remainder } from './ranking.ts'

/** A ranking, and what it was made from as one key. */
export interface RememberedRanking {
  readonly key: string
  readonly remainder: Remainder
}

const FORMAT = 2

/** What was kept of the last ranking; undefined when there is nothing that this version can use. */
export function recallRanking(file: string, version: string): RememberedRanking | undefined {
  try {
    const kept = JSON.parse(readRegular(file).toString('utf8'))
    if (kept.format !== FORMAT || kept.version !== version) return undefined
    // JSON has no infinity and writes null for it.
    for (const one of kept.remainder.importances) one.commitsAgo ??= Number.POSITIVE_INFINITY
    return kept
  } catch {
    return undefined
  }
}

/** Keeps it for the next time. A disk that takes nothing makes that slower, and this time no worse. */
export function rememberRanking(file: string, version: string, ranking: RememberedRanking): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileAtomic(file, JSON.stringify({ format: FORMAT, version, ...ranking }))
  } catch {
    // Said by nothing but the time that the next ranking takes.
  }
}
