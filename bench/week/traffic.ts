import { readFileSync } from 'node:fs'
import { seededRandom } from '../../src/core/bench/statistics.ts'

/** One call of a session, as the traffic has it. */
export interface Step {
  readonly server: string
  readonly tool: string
}

/** The calls of one recorded session, in their order. */
export type Sequence = readonly Step[]

/** Sessions for the days that are learned from, and others for the days that are judged. */
export interface Traffic {
  readonly learned: readonly Sequence[]
  readonly judged: readonly Sequence[]
}

/** Sessions of a file in the format of `prewarm evaluate --sequences`; see docs/prewarm.md. Sessions of one group are never in both parts. */
export function readTraffic(file: string, servers: readonly string[]): Traffic {
  const sessions = new Map<string, { group: string; steps: { t: number; step: Step }[] }>()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.trim() === '') continue
    const { session, t, server, tool, group } = JSON.parse(line) as Record<string, unknown>
    const known = sessions.get(String(session)) ?? { group: String(group ?? session), steps: [] }
    known.steps.push({
      t: typeof t === 'number' ? t : Date.parse(String(t)),
      step: { server: String(server), tool: String(tool) },
    })
    sessions.set(String(session), known)
  }
  const all = [...sessions.values()].map(({ group, steps }) => ({
    group,
    sequence: steps.sort((a, b) => a.t - b.t).map(({ step }) => step),
  }))
  const placed = placeOn(
    servers,
    all.map(({ sequence }) => sequence),
  )
  const groups = [...new Set(all.map(({ group }) => group))]
  const learned = new Set(groups.filter((_, i) => i % 2 === 0))
  const part = (wanted: boolean) => placed.filter((_, i) => learned.has(all[i]!.group) === wanted)
  return { learned: part(true), judged: part(false) }
}

/** Makes as many sessions as a week takes, where no file is given: about six calls each, to one to three servers, each tool with a usual successor. */
export function generatedTraffic(seed: number, servers: readonly string[]): Traffic {
  const random = seededRandom(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  const toolsOf = new Map(
    servers.map((server) => [server, Array.from({ length: 10 }, (_, i) => `${server}_tool_${i}`)]),
  )
  const sequence = (): Sequence => {
    const own = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(servers))
    const steps: Step[] = []
    let server = own[0]!
    let tool = 0
    do {
      steps.push({ server, tool: toolsOf.get(server)![tool]! })
      if (random() < 0.25) {
        server = pick(own)
        tool = Math.floor(random() * 3)
      } else tool = random() < 0.55 ? (tool + 1) % 10 : Math.floor(random() * 10)
    } while (random() > 1 / 6)
    return steps
  }
  const some = () => Array.from({ length: 400 }, sequence)
  return { learned: some(), judged: some() }
}

/** The tools that some traffic has of each server, by server. */
export function toolsIn({ learned, judged }: Traffic): ReadonlyMap<string, readonly string[]> {
  const tools = new Map<string, Set<string>>()
  for (const { server, tool } of [...learned, ...judged].flat())
    tools.set(server, (tools.get(server) ?? new Set()).add(tool))
  return new Map([...tools].map(([server, names]) => [server, [...names].sort()]))
}

/** Gives each group of tools that are used together one of the servers: the most used group the first. */
function placeOn(servers: readonly string[], sequences: readonly Sequence[]): readonly Sequence[] {
  const uses = new Map<string, number>()
  for (const step of sequences.flat()) uses.set(keyOf(step), (uses.get(keyOf(step)) ?? 0) + 1)
  const groups = groupsOf(sequences, servers.length)
  const size = (group: readonly string[]) => group.reduce((sum, tool) => sum + uses.get(tool)!, 0)
  const sorted = [...groups].sort((a, b) => size(b) - size(a))
  const serverOf = new Map(
    sorted.flatMap((group, i) => group.map((tool) => [tool, servers[i % servers.length]!])),
  )
  return sequences.map((steps) =>
    steps.map((step) => ({ server: serverOf.get(keyOf(step))!, tool: step.tool.replace(/\W/g, '_') })),
  )
}

/** Its servers' tools, those of large servers cut into parts until there are `wanted` groups. */
function groupsOf(sequences: readonly Sequence[], wanted: number): readonly (readonly string[])[] {
  const byServer = new Map<string, Set<string>>()
  for (const step of sequences.flat())
    byServer.set(step.server, (byServer.get(step.server) ?? new Set()).add(keyOf(step)))
  let groups: string[][] = [...byServer.values()].map((tools) => [...tools])
  while (groups.length < wanted) {
    const largest = groups.reduce((a, b) => (b.length > a.length ? b : a))
    if (largest.length < 2) break
    groups = [...groups.filter((group) => group !== largest), ...halves(largest, sequences)]
  }
  return groups
}

/** Two parts of a group: those that come in sessions with its most used tool more often than with the one that least often does. */
function halves(group: readonly string[], sequences: readonly Sequence[]): readonly string[][] {
  const sessions = new Map<string, Set<number>>(group.map((tool) => [tool, new Set()]))
  sequences.forEach((steps, i) => {
    for (const step of steps) sessions.get(keyOf(step))?.add(i)
  })
  const together = (a: string, b: string): number => {
    const [first, second] = [sessions.get(a)!, sessions.get(b)!]
    const both = [...first].filter((session) => second.has(session)).length
    return both / Math.sqrt(first.size * second.size)
  }
  const one = group.reduce((a, b) => (sessions.get(b)!.size > sessions.get(a)!.size ? b : a))
  const others = group.filter((tool) => tool !== one)
  const rank = (tool: string) => sessions.get(tool)!.size * (1 - together(one, tool))
  const other = others.reduce((a, b) => (rank(b) > rank(a) ? b : a))
  const isWithOther = (tool: string) =>
    tool === other || (tool !== one && together(other, tool) > together(one, tool))
  return [group.filter((tool) => !isWithOther(tool)), group.filter(isWithOther)]
}

function keyOf({ server, tool }: Step): string {
  return `${server}\0${tool}`
}
