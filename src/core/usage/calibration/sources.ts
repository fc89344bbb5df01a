import { CONTENT_CLASSES, type ContentClass } from '../../tokens/content-class.ts'
import { countedOf, type Step } from './step.ts'

/** Steps that are kept, the newest: more would say no more. */
const MAX_STEPS = 2000
/** Files whose position is kept. One that is forgotten is read again. */
const MAX_FILES = 1000
/** Bytes of one state as JSON. */
const MAX_STATE_BYTES = 32_768
/** Bytes of all states together as JSON; with the rest they stay below what calibration-file.ts reads. */
const MAX_STATES_BYTES = 2 << 20

/** What is kept of one transcript: how far it was read, and the steps that it gave. Figures, ids and hashes; no text. */
export interface SourceFile {
  readonly identity: string
  readonly offset: number
  /** The reader's state and what tells that the file has changed, as read-lines.ts has it. */
  readonly state: string
  /** When it was last written to, in milliseconds since the epoch. */
  readonly mtimeMs: number
  readonly steps: readonly Step[]
}

/** Transcripts by the fingerprint of their path. */
export type Sources = ReadonlyMap<string, SourceFile>

/** The newest of them, as many as are kept: what does not fit in is forgotten, oldest first. */
export function newestOf(sources: Sources): Sources {
  const newest = [...sources].sort(([, a], [, b]) => b.mtimeMs - a.mtimeMs).slice(0, MAX_FILES)
  let room = MAX_STEPS
  return new Map(
    newest.map(([key, source]) => {
      const steps = source.steps.slice(Math.max(0, source.steps.length - room))
      room -= steps.length
      return [key, { ...source, steps }]
    }),
  )
}

/** As JSON. A file whose position does not fit in is read from its start when it changes. */
export function sourcesToJson(sources: Sources): unknown {
  let room = MAX_STATES_BYTES
  return [...sources].map(([key, { identity, offset, state, mtimeMs, steps }]) => {
    const bytes = Buffer.byteLength(JSON.stringify(state))
    const fits = bytes <= Math.min(room, MAX_STATE_BYTES)
    if (fits) room -= bytes
    const place = fits ? [identity, offset, state] : ['', 0, '']
    return [key, ...place, mtimeMs, steps.map(stepToJson)]
  })
}

/** What sourcesToJson gave; anything else is left out, and read again. */
export function sourcesFromJson(json: unknown): Map<string, SourceFile> {
  const sources = new Map<string, SourceFile>()
  for (const row of Array.isArray(json) ? json : []) {
    if (!Array.isArray(row)) continue
    const [key, identity, offset, state, mtimeMs, steps] = row as unknown[]
    if (typeof key !== 'string' || typeof identity !== 'string' || typeof state !== 'string') continue
    if (!isAmount(offset) || !isAmount(mtimeMs) || !Array.isArray(steps)) continue
    sources.set(key, { identity, offset, state, mtimeMs, steps: steps.flatMap(stepFromJson) })
  }
  return sources
}

function stepToJson({ model, atMs, tokens, results, lineNumbers, lines, byClass }: Step): unknown {
  return [model, atMs, tokens, results, lineNumbers, lines, ...Object.entries(byClass).flat()]
}

function stepFromJson(json: unknown): Step[] {
  if (!Array.isArray(json)) return []
  const [model, atMs, tokens, results, lineNumbers, lines, ...parts] = json as unknown[]
  if (typeof model !== 'string' || ![atMs, tokens, results, lineNumbers, lines].every(isAmount)) return []
  const byClass: Partial<Record<ContentClass, number>> = {}
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const name = CONTENT_CLASSES.find((known) => known === parts[i])
    if (name === undefined || !isAmount(parts[i + 1])) return []
    byClass[name] = parts[i + 1] as number
  }
  const step = { model, atMs, tokens, results, lineNumbers, lines, byClass } as Step
  return countedOf(step) > 0 && step.tokens > 0 ? [step] : []
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < 2 ** 53
}
