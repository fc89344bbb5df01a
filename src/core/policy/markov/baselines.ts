import type { Session } from './traffic.ts'

/** A ranking by one simple rule. Keys join server and tool by a line break, which neither has. */
export interface Baseline {
  /** The keys that the rule puts first, given those the session used so far, oldest first; at most `limit`, without `out`. */
  rank(used: readonly string[], limit: number, out: ReadonlySet<string>): readonly string[]
}

/** The three rules that a prediction must beat. */
export const BASELINES = ['frequency', 'mru', 'markov1'] as const
export type BaselineName = (typeof BASELINES)[number]

/** A tool, or a server alone, as a key. */
export function keyOf(server: string, tool: string): string {
  return `${server}\n${tool}`
}

/**
 * The rules, learnt from sequences of keys: the most frequent; what the session used last, then what was used last before it; what came most
 * often after the key before, then the most frequent.
 */
export function baselinesOf(
  sequences: readonly (readonly string[])[],
): Readonly<Record<BaselineName, Baseline>> {
  const counts = new Map<string, number>()
  const after = new Map<string, Map<string, number>>()
  const lastUse = new Map<string, number>()
  let at = 0
  for (const sequence of sequences)
    for (const [i, key] of sequence.entries()) {
      counts.set(key, (counts.get(key) ?? 0) + 1)
      lastUse.set(key, at++)
      if (i === 0) continue
      const next = after.get(sequence[i - 1]!) ?? new Map<string, number>()
      next.set(key, (next.get(key) ?? 0) + 1)
      after.set(sequence[i - 1]!, next)
    }
  const byCount = sorted(counts)
  const byUse = sorted(lastUse)
  const followers = new Map([...after].map(([key, next]) => [key, sorted(next)]))
  const rule = (of: (used: readonly string[]) => readonly (readonly string[])[]): Baseline => ({
    rank: (used, limit, out) => firstOf(of(used), limit, out),
  })
  return {
    frequency: rule(() => [byCount]),
    mru: rule((used) => [[...used].reverse(), byUse]),
    markov1: rule((used) => [followers.get(used.at(-1) ?? '') ?? [], byCount]),
  }
}

/** The rules over sessions of tools. */
export function toolBaselines(sessions: readonly Session[]): Readonly<Record<BaselineName, Baseline>> {
  return baselinesOf(sessions.map(({ calls }) => calls.map(({ server, tool }) => keyOf(server, tool))))
}

/** The rules over sessions of servers. */
export function serverBaselines(sessions: readonly Session[]): Readonly<Record<BaselineName, Baseline>> {
  return baselinesOf(sessions.map(({ calls }) => [...new Set(calls.map(({ server }) => server))]))
}

function sorted(values: ReadonlyMap<string, number>): readonly string[] {
  return [...values].sort((a, b) => b[1] - a[1]).map(([key]) => key)
}

function firstOf(
  lists: readonly (readonly string[])[],
  limit: number,
  out: ReadonlySet<string>,
): readonly string[] {
  const first = new Set<string>()
  for (const list of lists)
    for (const key of list) {
      if (first.size === limit) return [...first]
      if (!out.has(key)) first.add(key)
    }
  return [...first]
}
