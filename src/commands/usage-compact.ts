import { statSync } from 'node:fs'
import { type Paths, pathsFrom } from '../core/config/paths.ts'
import { openDatabase } from '../core/events/db.ts'
import { isRecorded, takeInEvents } from '../core/events/store.ts'
import { counted } from '../core/report/counted.ts'
import type { Io } from '../core/report/io.ts'
import { jsonText } from '../core/report/json.ts'

/** `mycelium usage compact`: what waits in segments goes into the database, and DuckDB's log into its file. Throws what opening it throws. */
export async function runUsageCompact(io: Io, options: { readonly json?: boolean }): Promise<void> {
  const paths = pathsFrom(io.env)
  if (!isRecorded(paths)) {
    io.write(
      options.json
        ? jsonText({ events: 0, bytesBefore: 0, bytesAfter: 0 })
        : 'nothing was recorded yet, so there is nothing to compact\n',
    )
    return
  }
  const bytesBefore = bytesOf(paths)
  const { events } = await takeInEvents(paths)
  const database = await openDatabase({ file: paths.database, write: true })
  try {
    await database.connection.run('CHECKPOINT')
  } finally {
    database.close()
  }
  const bytesAfter = bytesOf(paths)
  if (options.json) io.write(jsonText({ events, bytesBefore, bytesAfter }))
  else
    io.write(`${counted(events, 'event')} taken in; the database has ${(bytesAfter / 1e6).toFixed(1)} MB\n`)
}

/** The file and DuckDB's log beside it. */
function bytesOf({ database }: Paths): number {
  return [database, `${database}.wal`].reduce(
    (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}
