import { mkdirSync, statSync } from 'node:fs'
import type { Calibration } from '../tokens/calibration.ts'
import { readCalibration } from '../tokens/calibration-file.ts'
import type { CalibrateOptions } from './calibration/calibrate.ts'

const DAY_MS = 86_400_000

/** Calibrates when that was last done more than a day ago; gives what is known. A failure costs nothing but the correction. */
export async function dailyCalibration(options: CalibrateOptions): Promise<Calibration | undefined> {
  const { paths, clock } = options
  const stat = statSync(paths.calibration, { throwIfNoEntry: false })
  if (stat === undefined || clock.wall() - stat.mtimeMs > DAY_MS)
    try {
      mkdirSync(paths.root, { recursive: true, mode: 0o700 })
      // What reads transcripts is loaded on that one time a day only.
      return await (await import('./calibration/calibrate.ts')).calibrate(options)
    } catch {
      // A transcript that cannot be read, or a disk that takes nothing.
    }
  return readCalibration(paths.calibration)?.calibration
}
