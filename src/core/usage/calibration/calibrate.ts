import type { Clock } from '../../clock.ts'
import type { Paths } from '../../config/paths.ts'
import type { EventOf } from '../../events/event.ts'
import { fingerprint } from '../../hash.ts'
import type { Calibration } from '../../tokens/calibration.ts'
import { type CalibrationFile, readCalibration, writeCalibration } from '../../tokens/calibration-file.ts'
import { type CountTokens, loadCounter } from '../../tokens/count.ts'
import { TABLE } from '../../tokens/estimator.ts'
import { findClaudeFiles } from '../transcripts/claude-files.ts'
import { CODEX } from '../transcripts/codex.ts'
import { readLines } from '../transcripts/read-lines.ts'
import type { FoundFile, LineReader, Where } from '../transcripts/reader.ts'
import { openClaudeSteps } from './claude-steps.ts'
import { openCodexSteps } from './codex-steps.ts'
import { fitFactors } from './fit-factors.ts'
import { newestOf, type SourceFile, type Sources, sourcesFromJson, sourcesToJson } from './sources.ts'
import type { Step } from './step.ts'

/** Transcripts read in one go: some two seconds of work. What does not fit in is read the next time. */
const MOST_BYTES = 64 << 20

/** What a calibration is made with. */
export interface CalibrateOptions {
  readonly paths: Paths
  readonly where: Where
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Bytes of transcripts to read at most, newest files first; 64 MB unless told. */
  readonly mostBytes?: number
}

type Reader = (count: CountTokens, state: unknown, emit: (step: Step) => void) => LineReader

/**
 * Learns from what has come to the user's transcripts since the last time how many real tokens a counted one is, and keeps it in
 * `paths.calibration`. Claude Code and Codex; Gemini's transcripts do not tell how a tool's result was put to the model, and opencode's are
 * a database of many providers: both are left out. An abort keeps what was there before. Throws write_failed or config_read_only, and what a
 * transcript's read throws other than that it has gone.
 */
export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const { paths, where, signal, mostBytes = MOST_BYTES } = options
  const before = readCalibration(paths.calibration)
  const usable = before?.calibration.table === TABLE ? before : undefined
  const sources = sourcesFromJson(usable?.sources)
  const found = [
    ...findClaudeFiles(where).map((file) => [file, openClaudeSteps] as const),
    ...CODEX.find(where).map((file) => [file, openCodexSteps] as const),
  ].sort(([a], [b]) => b.mtimeMs - a.mtimeMs)
  const count = await loadCounter()
  const nothingNew = { table: TABLE, models: [] }
  let left = mostBytes
  let changed = false
  for (const [file, reader] of found) {
    const key = fingerprint([file.path])
    const known = sources.get(key)
    // Of a file that is too large for any go only the first part is read, and that only when it has changed.
    if (known?.state === '' && known.mtimeMs === file.mtimeMs) continue
    if (file.bytes - (known?.offset ?? 0) > left && left < mostBytes) continue
    const { bytes, source } = await readSource(file, known, reader, { ...options, count, left })
    if (signal.aborted) return usable?.calibration ?? nothingNew
    left -= bytes
    if (source === undefined) continue
    sources.set(key, source)
    changed = true
  }
  // Its date says when there was last nothing new.
  if (!changed && usable !== undefined) return keepFresh(paths, usable)
  const kept = newestOf(sources)
  const calibration = fitFactors(stepsOf(kept), TABLE)
  writeCalibration(paths.calibration, { calibration, sources: sourcesToJson(kept) })
  return calibration
}

function stepsOf(sources: Sources): Step[] {
  return [...sources.values()].flatMap(({ steps }) => steps)
}

/** Reads what has come to one transcript; no source when that is nothing, or it has gone. Reads at most `left` bytes and a chunk. */
function keepFresh(paths: Paths, known: CalibrationFile): Calibration {
  writeCalibration(paths.calibration, known)
  return known.calibration
}

async function readSource(
  file: FoundFile,
  kept: SourceFile | undefined,
  reader: Reader,
  { clock, signal, count, left }: CalibrateOptions & { readonly count: CountTokens; readonly left: number },
): Promise<{ readonly bytes: number; readonly source?: SourceFile }> {
  let progress: EventOf<'progress'> | undefined
  let steps: Step[] = [...(kept?.steps ?? [])]
  let bytes = 0
  const enough = new AbortController()
  await readLines(
    file,
    kept === undefined || kept.state === '' ? undefined : progressOf(file, kept),
    {
      emit: (kind, event) => {
        if (kind === 'progress') progress = event as EventOf<'progress'>
      },
      ready: async () => {},
      onBytes: (more) => {
        bytes += more
        if (bytes > left) enough.abort()
      },
      signal: AbortSignal.any([signal, enough.signal]),
      now: Math.round(clock.wall() * 1000),
    },
    (_, state, __) => {
      // Read from its start: what was found in it before will be found again.
      if (state === undefined) steps = []
      return reader(count, state, (step) => steps.push(step))
    },
  ).catch(ignoreGone)
  const { mtimeMs } = file
  if (progress !== undefined) {
    const { identity, offset, state } = progress
    return { bytes, source: { identity, offset, state, mtimeMs, steps } }
  }
  // Too much for one go: what its first part gave is used, and the next time it is read from its start.
  return enough.signal.aborted
    ? { bytes, source: { identity: '', offset: 0, state: '', mtimeMs, steps } }
    : { bytes }
}

function progressOf(file: FoundFile, { identity, offset, state }: SourceFile): EventOf<'progress'> {
  const { client, path } = file
  return { at: 0, client, path, identity, offset, records: 0, skipped: 0, broken: 0, state }
}

function ignoreGone(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && ['ENOENT', 'EACCES', 'EPERM'].includes(String(error.code)))
    return undefined
  throw error
}
