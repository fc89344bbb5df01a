import { homedir } from 'node:os'
import { systemClock } from '../clock.ts'
import { packageVersion } from '../config/package-root.ts'
import { pathsFrom } from '../config/paths.ts'
import { realPathOrSelf } from '../config/write-file.ts'
import { type Ranking, rankRepository, type Task } from '../score/ranking.ts'
import { estimatorWith } from '../tokens/estimator.ts'
import { dailyCalibration } from '../usage/daily-calibration.ts'
import { type RecentFiles, recentFiles } from '../usage/recent-files.ts'
import type { Io } from './io.ts'
import { progressBar } from './progress.ts'

/** A ranking, and what agents used of it of late. */
export interface RankedNow extends Ranking {
  readonly recent: RecentFiles
  /** How tokens are counted, with the widest error band of its files, for people. */
  readonly tokensBy: string
  /** The same for one file. */
  basis(path: string): string
}

/** Ranks a repository for a command: with what agents used of late, the user's own calibration of tokens, and a bar while files are read. */
export async function rankFor(
  io: Io,
  root: string,
  task: Pick<Task, 'focus' | 'text'> = {},
): Promise<RankedNow> {
  const paths = pathsFrom(io.env)
  const bar = progressBar(io, 'reading files', () => systemClock.now())
  // Agents say where they are by the real path.
  const recent = await recentFiles(paths, realPathOrSelf(root), systemClock.wall())
  const calibration = await dailyCalibration({
    paths,
    where: { home: io.env.HOME || homedir(), env: io.env },
    clock: systemClock,
    signal: io.signal,
  })
  const ranking = await rankRepository(
    root,
    {
      clock: systemClock,
      scores: paths.scores,
      version: packageVersion(),
      env: io.env,
      signal: io.signal,
      calibration,
      progress: (done, total) => bar.show(done, total, `${done} of ${total} files`),
    },
    { ...task, read: recent.weights },
  ).finally(bar.done)
  const { basisOf, basis } = estimatorWith(() => 0, calibration)
  return { ...ranking, recent, tokensBy: basisOf(ranking.files.map((file) => file.path)), basis }
}
