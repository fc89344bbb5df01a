import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { packageRoot } from '../config/package-root.ts'
import type { Paths } from '../config/paths.ts'
import { segmentNames } from '../events/segment-file.ts'
import type { Log } from '../log.ts'
import { spawnApart } from '../pool/spawn.ts'

/** How the child is started: with nothing of whoever started the daemon. */
export interface IngesterServices {
  readonly paths: Paths
  readonly clock: Clock
  readonly log: Log
}

/** So much waits for the database at most, in bytes and in time. */
const DUE_BYTES = 32 * 1024 * 1024
const DUE_MS = 3_600_000
const LOOK_MS = 30_000
/** A child that takes longer hangs; what it had begun is rolled back. */
const LIMIT_MS = 30 * 60_000

/** Has events moved into the database now and then, by a child: DuckDB never gets into the daemon. */
export class Ingester {
  readonly #services: IngesterServices
  #lookedAtMs: number
  #ingestedAtMs: number
  #running = false

  constructor(services: IngesterServices) {
    this.#services = services
    this.#lookedAtMs = services.clock.now()
    this.#ingestedAtMs = services.clock.now()
  }

  /** A child is at it. */
  get running(): boolean {
    return this.#running
  }

  /** Called in each tick. */
  tick(): void {
    const { clock, paths } = this.#services
    const now = clock.now()
    if (this.#running || now - this.#lookedAtMs < LOOK_MS) return
    this.#lookedAtMs = now
    const bytes = waitingBytes(paths.events)
    if (bytes === 0 || (bytes < DUE_BYTES && now - this.#ingestedAtMs < DUE_MS)) return
    this.#ingestedAtMs = now
    void this.#ingest()
  }

  async #ingest(): Promise<void> {
    const { clock, log, paths } = this.#services
    this.#running = true
    try {
      const script = join(packageRoot(), 'dist', 'ingest.js')
      const child = await spawnApart(process.execPath, [script, paths.root], {
        cwd: '/',
        env: { LANG: 'C.UTF-8', TZ: Intl.DateTimeFormat().resolvedOptions().timeZone },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let why = ''
      child.stderr?.on('data', (chunk: Buffer) => {
        if (why.length < 2_000) why += chunk.toString('utf8')
      })
      child.unref()
      const cancel = clock.after(LIMIT_MS, () => child.kill('SIGKILL'))
      const code = await new Promise((resolve) => child.once('exit', resolve))
      cancel()
      if (code !== 0)
        log.event('ingest-failed', { because: why.trim().split('\n', 1)[0] || `it ended with ${code}` })
    } catch (error) {
      log.event('ingest-failed', { because: (error as Error).message })
    } finally {
      this.#running = false
    }
  }
}

function waitingBytes(dir: string): number {
  return segmentNames(dir).reduce(
    (sum, name) => sum + (statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}
