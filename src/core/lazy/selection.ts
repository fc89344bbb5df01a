/** A tool that may be listed. */
export interface Candidate {
  readonly server: string
  readonly name: string
  /** Of its definition. */
  readonly tokens: number
  /** How often it was used, decayed; a tool that never was is not listed. */
  readonly uses: number
}

/** By server, the names of the tools that are listed. */
export type Selection = ReadonlyMap<string, ReadonlySet<string>>

/**
 * What is listed: the most used tools first, as long as their definitions fit into the budget together. One that does not fit is passed over,
 * so a large one keeps nobody out. Deterministic: ties go by server and name, so equal histories list the same and prompt caches hold.
 */
export function selectTools(candidates: readonly Candidate[], budgetTokens: number): Selection {
  const chosen = new Map<string, Set<string>>()
  let left = budgetTokens
  for (const { server, name, tokens } of [...candidates].filter(({ uses }) => uses > 0).sort(byUse)) {
    if (tokens > left) continue
    left -= tokens
    const names = chosen.get(server)
    if (names === undefined) chosen.set(server, new Set([name]))
    else names.add(name)
  }
  return chosen
}

function byUse(a: Candidate, b: Candidate): number {
  return b.uses - a.uses || compare(a.server, b.server) || compare(a.name, b.name)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
