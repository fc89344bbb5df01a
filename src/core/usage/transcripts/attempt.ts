import { hasErrno, MyceliumError } from '../../errors.ts'
import type { EventOf, Kind } from '../../events/event.ts'
import type { FileReport, FoundFile, ReadContext } from './reader.ts'
import { READERS } from './readers.ts'

/** An event and its kind, as they travel. */
export type Told = { readonly [K in Kind]: readonly [K, EventOf<K>] }[Kind]

/** How reading one file ended: `unchanged` when nothing had come to it. */
export type Outcome = FileReport | 'unchanged' | { readonly failed: string }

/** Reads a file with its client's reader. One that cannot be read is an outcome, not an error: the others can be. */
export async function attempt(
  file: FoundFile,
  known: EventOf<'progress'> | undefined,
  context: ReadContext,
): Promise<Outcome> {
  const reader = READERS.find(({ client }) => client === file.client)
  if (reader === undefined) throw new Error(`no reader of ${file.client}`)
  try {
    return (await reader.read(file, known, context)) ?? 'unchanged'
  } catch (error) {
    if (error instanceof MyceliumError) return { failed: error.message }
    if (hasErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'EIO', 'ENOSPC', 'EMFILE'))
      return { failed: `${file.path}: ${error.code}` }
    // SQLite's own words on a database that is none, or damaged.
    if (error instanceof Error && error.name === 'SQLite3Error')
      return { failed: `${file.path}: ${error.message}` }
    throw error
  }
}
