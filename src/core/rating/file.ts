import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeFileAtomic } from '../config/write-file.ts'
import { MyceliumError } from '../errors.ts'
import { textIfRegular } from '../regular-file.ts'
import type { Rating } from './agreement.ts'

/** Older ones go first. */
const MAX_RATINGS = 10_000

/** What people said until now. Throws ratings_invalid. */
export function readRatings(file: string): readonly Rating[] {
  const text = textIfRegular(file)
  if (text === undefined) return []
  try {
    const { ratings } = JSON.parse(text) as { ratings: unknown }
    if (Array.isArray(ratings) && ratings.every(isRating)) return ratings
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw new MyceliumError('ratings_invalid', `${file} does not hold ratings`)
}

/** Adds ratings; a pair that was rated before is rated anew. Throws write_failed, ratings_invalid. */
export function addRatings(file: string, added: readonly Rating[]): void {
  const ids = new Set(added.map(({ id }) => id))
  const ratings = [...readRatings(file).filter(({ id }) => !ids.has(id)), ...added].slice(-MAX_RATINGS)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileAtomic(file, `${JSON.stringify({ version: 1, ratings })}\n`)
}

function isRating(value: unknown): value is Rating {
  const { id, handle, planted, person, gate } = Object(value)
  return (
    typeof id === 'string' &&
    typeof handle === 'string' &&
    (planted === null || typeof planted === 'string') &&
    typeof person === 'boolean' &&
    typeof gate === 'boolean'
  )
}
