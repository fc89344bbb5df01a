import { homedir } from 'node:os'
import { systemClock } from '../clock.ts'
import { resolveSettings } from '../config/layers.ts'
import { pathsFrom } from '../config/paths.ts'
import type { Source } from '../usage/source.ts'
import type { Io } from './io.ts'
import { progressBar } from './progress.ts'

/** What a command asks about usage with, and what clears its progress bar; `flags` are those of --config. */
export function usageSource(
  io: Io,
  flags: readonly string[] = [],
): { readonly source: Source; readonly done: () => void } {
  const paths = pathsFrom(io.env)
  const bar = progressBar(io, 'reading transcripts', () => systemClock.now())
  const source: Source = {
    paths,
    settings: resolveSettings({ flags, env: io.env, cwd: io.cwd, paths }),
    where: { home: io.env.HOME || homedir(), env: io.env },
    signal: io.signal,
    talk: io.talk,
    onProgress: ({ bytesDone, bytesTotal, filesDone, files }) =>
      bar.show(bytesDone, bytesTotal, `${filesDone} of ${files} files`),
  }
  return { source, done: bar.done }
}
