import type { Claim, Group } from '../../src/core/agents/claim.ts'
import { learnAgents, preloadsBy } from '../../src/core/agents/preload.ts'
import { type Solution, solve } from '../../src/core/agents/solve.ts'
import { summaryOf } from '../../src/core/bench/statistics.ts'
import type { Context } from '../context.ts'
import type { RowResult } from '../result.ts'

const SOLVES = 200
const SIZES = [10, 100, 1_000] as const
const MUST: Readonly<Partial<Record<number, number>>> = { 10: 5, 100: 50 }
const SESSIONS = 2_000
const AGENTS = 30
const MUST_RSS_MB = 100

/** Grants of workflows with groups and stages, certificate included; and what it takes to say which definition to load ahead. */
export async function agents(context: Context): Promise<RowResult> {
  const random = randomFrom(11)
  const result: { headlines: RowResult['headlines'][number][]; details: RowResult['details'][number][] } = {
    headlines: [],
    details: [],
  }
  for (const size of SIZES) {
    const times: number[] = []
    const solves = context.runs ?? SOLVES
    context.progress(`agents: ${size}`)
    await context.quiet()
    let moves = 0
    for (let i = 0; i < solves; i++) {
      const { claims, groups, total } = workflow(size, random)
      const since = performance.now()
      const solution = solve(claims, groups, total) as Solution
      times.push(performance.now() - since)
      if (!solution.certificate.optimal) throw new Error(`${size} agents: not the best grants`)
      moves += solution.certificate.moves
    }
    const summary = summaryOf(times)
    const must = MUST[size]
    result.headlines.push({
      what: `grants for ${size} agents, p50`,
      contender: 'mycelium',
      value: summary.p50,
      unit: 'ms',
      ...(must !== undefined && { must }),
    })
    result.details.push({
      contender: 'mycelium',
      what: `grants for ${size} agents (${Math.round(moves / solves)} moves looked at)`,
      unit: 'ms',
      summary,
    })
  }
  await context.quiet()
  const before = process.memoryUsage().rss
  const model = learnAgents(sessionsOf(random))
  const preloads = preloadsBy(model)
  const asks: number[] = []
  for (let i = 0; i < SESSIONS; i++) {
    const preloader = preloads.open()
    preloader.used(`agent${i % AGENTS}`)
    const since = performance.now()
    preloader.next()
    asks.push(performance.now() - since)
  }
  result.headlines.push({
    what: `memory for preloading by ${SESSIONS} sessions`,
    contender: 'mycelium',
    value: Math.max(0, (process.memoryUsage().rss - before) / 1e6),
    unit: 'MB',
    must: MUST_RSS_MB,
  })
  result.details.push({
    contender: 'mycelium',
    what: `what to preload of ${AGENTS} agents`,
    unit: 'ms',
    summary: summaryOf(asks),
  })
  return result
}

function workflow(
  size: number,
  random: () => number,
): { readonly claims: readonly Claim[]; readonly groups: readonly Group[]; readonly total: number } {
  const claims = Array.from({ length: size }, (_, i): Claim => {
    const want = 1_000 + Math.floor(random() * 50_000)
    const weight = 0.5 + 2 * random()
    return { name: `agent${i}`, min: want >> 2, want, max: 3 * want, weight, needs: [], stage: i % 3 }
  })
  const some = (share: number) => claims.filter((_, i) => i % share === 0).map(({ name }) => name)
  const groups = [
    { name: 'half', agents: some(2), limit: size * 8_000 },
    { name: 'quarter', agents: some(4), limit: size * 4_000 },
  ]
  return { claims, groups, total: size * 20_000 }
}

/** Chains of three to eight agents: each mostly has one that follows it. */
function sessionsOf(random: () => number) {
  return Array.from({ length: SESSIONS }, (_, i) => {
    let at = Math.floor(random() * AGENTS)
    const agents = Array.from({ length: 3 + Math.floor(random() * 6) }, () => {
      const name = `agent${at}`
      at = random() < 0.8 ? (at * 7 + 3) % AGENTS : Math.floor(random() * AGENTS)
      return name
    })
    return { id: `s${i}`, agents }
  })
}

function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
