import { stayAlive } from '../clock.ts'
import { liveSettings } from '../config/live-settings.ts'
import { pathsOf } from '../config/paths.ts'
import { MyceliumError } from '../errors.ts'
import { takeInEvents } from './store.ts'

// A process of its own, started by the daemon: DuckDB stays mapped for as long as the process that loaded it lives.
const root = process.argv[2]
if (root !== undefined) {
  stayAlive()
  const paths = pathsOf(root)
  const settings = liveSettings(paths, { changed: () => {}, ignored: () => {}, broken: () => {} })
  takeInEvents(paths, { retainMs: settings.get('events.retain') }).then(
    (taken) => {
      console.log(JSON.stringify(taken))
      process.exit(0)
    },
    (error: unknown) => {
      console.error(error instanceof MyceliumError ? `${error.code}: ${error.message}` : error)
      process.exit(1)
    },
  )
}
