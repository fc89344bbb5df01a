import type { Paths } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { askStore } from '../events/store.ts'
import { knownProgress } from './known-progress.ts'
import { hasChanged, keptIn } from './transcripts/read-lines.ts'
import type { Where } from './transcripts/reader.ts'
import { READERS } from './transcripts/readers.ts'

/** What the store knows that doctor asks about. */
export interface Standing {
  /** Transcripts that have grown since they were imported, or never were. */
  readonly unimported: number
  /** When each client's hook last fired, microseconds since the epoch. */
  readonly lastHookAt: ReadonlyMap<string, number>
}

/** What the store knows, or why it cannot be asked; that there is none yet is no trouble. */
export async function standingOf(paths: Paths, where: Where): Promise<Standing | MyceliumError> {
  const found = READERS.flatMap((reader) => reader.find(where))
  try {
    return await askStore(paths, async ({ database: { connection } }) => {
      const hooks = await connection.runAndReadAll(
        'SELECT client, epoch_us(max(ts))::DOUBLE FROM hook_events GROUP BY client',
      )
      const known = await knownProgress(connection)
      return {
        unimported: found.filter((file) => hasChanged(file, keptIn(known.get(file.path)))).length,
        lastHookAt: new Map(hooks.getRowsJS() as [string, number][]),
      }
    })
  } catch (error) {
    if (!(error instanceof MyceliumError)) throw error
    // Nothing was recorded and nothing imported: all that is there waits.
    return error.code === 'database_none' ? { unimported: found.length, lastHookAt: new Map() } : error
  }
}
