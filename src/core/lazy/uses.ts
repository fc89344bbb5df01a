/** How often each tool was used: by project, client, server and tool, with a tab between them. Newer uses count more. */
export type Uses = Map<string, Count>

interface Count {
  readonly uses: number
  /** When it was last brought up to date, ms since the epoch. */
  readonly at: number
}

/** Whose use it was. */
export interface User {
  readonly project: string
  readonly client: string
}

/** A tool and how often one user used it. */
export interface UsedTool {
  readonly server: string
  readonly name: string
  readonly uses: number
}

/** A use counts half after this time. */
const HALF_LIFE_MS = 14 * 24 * 3_600_000
/** Beyond that the least used are forgotten. */
const MAX_KEPT = 4_096
/** Characters; names are of 128 at most (https://modelcontextprotocol.io/specification/2025-11-25/server/tools). An agent may make one up. */
const MAX_NAME = 256
/** A use of the same client in another project: a new project begins with what its neighbours use. */
const ELSEWHERE = 0.1
/** Less than that is as good as never. */
const LEAST = 0.01

/** What a file said; what of it cannot be understood is left out. */
export function usesFrom(value: unknown): Uses {
  const sound = Object.entries(Object(value)).filter(([, count]) => {
    const { uses, at } = Object(count)
    return [uses, at].every((one) => typeof one === 'number' && Number.isFinite(one) && one >= 0)
  })
  return new Map(sound as [string, Count][])
}

/** Notes one use, unless no tool has such a name, at `nowMs` since the epoch. */
export function noteUse(
  uses: Uses,
  { project, client }: User,
  server: string,
  tool: string,
  nowMs: number,
): void {
  if (tool.length > MAX_NAME) return
  const key = [project, client, server, tool].map((part) => part.replaceAll('\t', ' ')).join('\t')
  const was = uses.get(key)
  uses.set(key, { uses: 1 + (was === undefined ? 0 : decayed(was, nowMs)), at: nowMs })
  if (uses.size <= MAX_KEPT) return
  const least = [...uses].sort((a, b) => decayed(a[1], nowMs) - decayed(b[1], nowMs))
  for (const [forgotten] of least.slice(0, MAX_KEPT / 8)) uses.delete(forgotten)
}

/** The tools that this user used, and what the same client used elsewhere, at `nowMs`. */
export function usedBy(uses: Uses, who: User, nowMs: number): readonly UsedTool[] {
  const sums = new Map<string, { server: string; name: string; uses: number }>()
  for (const [key, count] of uses) {
    const [project, client, server = '', name = ''] = key.split('\t')
    if (client !== who.client) continue
    const sum = sums.get(`${server}\t${name}`) ?? { server, name, uses: 0 }
    sum.uses += (project === who.project ? 1 : ELSEWHERE) * decayed(count, nowMs)
    sums.set(`${server}\t${name}`, sum)
  }
  return [...sums.values()].filter((sum) => sum.uses >= LEAST)
}

function decayed({ uses, at }: Count, nowMs: number): number {
  return uses * 2 ** (-Math.max(0, nowMs - at) / HALF_LIFE_MS)
}
