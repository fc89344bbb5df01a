import type { Session } from './traffic.ts'

/** How sessions are parted: by time, each part tested with what came before it, or in folds of whole sessions. */
export type SplitKind = 'time' | 'folds'

/** What one model is taught, and what it is tested on. */
export interface Split {
  readonly train: readonly Session[]
  readonly test: readonly Session[]
  /** When the test begins. */
  readonly nowMs?: number
}

const FOLDS = 5
/** By time: the share of sessions that only teaches, and the parts that the rest is tested in. */
const TAUGHT = 0.4
const PARTS = 5

/** Splits sessions by time where all of them have one and not all the same; else in folds, in turn by their order, groups staying whole. */
export function splitsOf(sessions: readonly Session[]): {
  readonly kind: SplitKind
  readonly splits: readonly Split[]
} {
  const times = new Set(sessions.map(({ atMs }) => atMs))
  return times.has(undefined) || times.size < FOLDS
    ? { kind: 'folds', splits: foldsOf(sessions) }
    : { kind: 'time', splits: partsOf(sessions) }
}

function foldsOf(sessions: readonly Session[]): readonly Split[] {
  const names = [...new Set(sessions.map((session) => session.group ?? session))]
  const foldOf = new Map(names.map((name, i) => [name, i % FOLDS]))
  const folds = Math.min(FOLDS, names.length)
  return Array.from({ length: folds }, (_, fold) => {
    const isTest = (session: Session) => foldOf.get(session.group ?? session) === fold
    return { train: sessions.filter((session) => !isTest(session)), test: sessions.filter(isTest) }
  })
}

function partsOf(sessions: readonly Session[]): readonly Split[] {
  const sorted = [...sessions].sort((a, b) => a.atMs! - b.atMs!)
  const start = Math.floor(sorted.length * TAUGHT)
  return Array.from({ length: PARTS }, (_, i) => {
    const from = start + Math.floor((i * (sorted.length - start)) / PARTS)
    const to = start + Math.floor(((i + 1) * (sorted.length - start)) / PARTS)
    const test = sorted.slice(from, to)
    const nowMs = test[0]?.atMs ?? 0
    return { train: before(sorted.slice(0, from), nowMs), test, nowMs }
  }).filter(({ test }) => test.length > 0)
}

/** What sessions had done by then: a session that still goes on is known up to there. */
function before(sessions: readonly Session[], nowMs: number): readonly Session[] {
  return sessions
    .map((session) => ({
      ...session,
      calls: session.calls.filter(({ atMs }) => atMs === undefined || atMs < nowMs),
    }))
    .filter(({ calls }) => calls.length > 0)
}
