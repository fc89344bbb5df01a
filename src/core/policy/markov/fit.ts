import type { ToolIndex } from '../text/tool-index.ts'
import { type Choice, utilities } from './choice.ts'
import { freshCourse, hear, step } from './course.ts'
import { scratchFor, serverFeatures, toolFeatures } from './features.ts'
import { count, type Knowledge, type Trace } from './knowledge.ts'

/** The likeliest candidates that a choice is made among, and how many stand for all the rest. */
const LIKELY = 24
const REST = 8
/** Tools that the session used last are always among them. */
const RECENT = 8

/** What each session chose, and among what. */
export interface Choices {
  readonly tools: readonly (readonly Choice[])[]
  readonly servers: readonly (readonly Choice[])[]
}

/** What each feature counts: of tools as in TOOL_FEATURES, of servers as in SERVER_FEATURES. */
export interface Weights {
  readonly tools: readonly number[]
  readonly servers: readonly number[]
}

/**
 * Plays sessions again, those from a place on, each against what all the others taught: its own counts are taken away meanwhile. `prior` says which candidates are
 * likely enough to be among those that are looked at one by one.
 */
export function choicesOf(
  knowledge: Knowledge,
  index: ToolIndex,
  traces: readonly Trace[],
  prior: Weights,
  from = 0,
): Choices {
  const { vocabulary } = knowledge
  const [toolCount, serverCount] = [vocabulary.tools.length, vocabulary.servers.length]
  const scratch = scratchFor(toolCount, serverCount)
  const draw = { tools: drawFrom(toolCount), servers: drawFrom(serverCount) }
  const play = (trace: Trace) => {
    const course = freshCourse()
    const tools: Choice[] = []
    const servers: Choice[] = []
    for (const [i, tool] of trace.tools.entries()) {
      hear(course, trace.prompts[i], index)
      const server = trace.servers[i]!
      if (i > 0) {
        toolFeatures(knowledge, course, scratch)
        tools.push(
          draw.tools(scratch.toolRows, prior.tools, tool, course.tools.slice(-RECENT), [], trace.weight),
        )
      }
      if (!course.debuts.includes(server) && (i > 0 || course.prompt !== undefined)) {
        serverFeatures(knowledge, course, scratch)
        servers.push(draw.servers(scratch.serverRows, prior.servers, server, [], course.debuts, trace.weight))
      }
      step(course, tool, server)
    }
    return { tools, servers }
  }
  const played = byGroup(traces, from).flatMap(({ played, alike }) => {
    for (const trace of alike) count(knowledge, trace, -1)
    const choices = played.map(play)
    for (const trace of alike) count(knowledge, trace)
    return choices
  })
  return { tools: played.map(({ tools }) => tools), servers: played.map(({ servers }) => servers) }
}

/** More sessions that are alike are not taken away: enough of them is a habit. */
const MAX_ALIKE = 40
/** Shorter sessions are alike by chance. */
const MIN_ALIKE_CALLS = 3

/**
 * The traces from a place on, with those that are taken away while they are played: of the same group, or with the same tools in the same
 * order. A copy of a session would teach that long contexts are always right, and nothing would be as sure when there is no copy.
 */
function byGroup(traces: readonly Trace[], from: number) {
  const groups = new Map<string | Trace, { played: Trace[]; alike: Trace[] }>()
  for (let i = traces.length - 1; i >= 0; i--) {
    const trace = traces[i]!
    const isLong = trace.tools.length >= MIN_ALIKE_CALLS
    const key = trace.group ?? (isLong ? trace.tools.join() : trace)
    const group = groups.get(key)
    if (i >= from) {
      if (group === undefined) groups.set(key, { played: [trace], alike: [trace] })
      else {
        group.played.push(trace)
        group.alike.push(trace)
      }
    } else if (group !== undefined && group.alike.length < MAX_ALIKE) group.alike.push(trace)
  }
  return [...groups.values()]
}

/**
 * Draws the candidates of a choice out of `n`: the chosen one first, those named, the likeliest, and of the rest a few that each stand for
 * many. Source of the correction: McFadden, Modelling the choice of residential location, 1978.
 */
function drawFrom(n: number) {
  const values = new Float64Array(n)
  const sorted = new Float64Array(n)
  const taken = new Uint8Array(n)
  return (
    rows: Float64Array,
    weights: readonly number[],
    chosen: number,
    named: readonly number[],
    out: readonly number[],
    weight: number,
  ): Choice => {
    const width = weights.length
    utilities(rows, n, weights, values)
    for (const i of out) values[i] = Number.NEGATIVE_INFINITY
    sorted.set(values)
    sorted.sort()
    const bar = n > LIKELY ? sorted[n - LIKELY]! : Number.NEGATIVE_INFINITY
    taken.fill(0)
    const kept: number[] = []
    const take = (i: number) => {
      if (taken[i] === 0) kept.push(i)
      taken[i] = 1
    }
    take(chosen)
    for (const i of named) take(i)
    for (const i of out) taken[i] = 1
    const rest: number[] = []
    for (let i = 0; i < n; i++) {
      if (taken[i] !== 0) continue
      if (values[i]! >= bar && kept.length < LIKELY + RECENT) take(i)
      else rest.push(i)
    }
    const some = Math.min(REST, rest.length)
    const first = kept.length
    // Spread over the rest by number, which says nothing of how likely they are.
    for (let j = 0; j < some; j++) kept.push(rest[Math.floor(((j + 0.5) * rest.length) / some)]!)
    const own = new Float64Array(kept.length * width)
    const offsets = new Float64Array(kept.length)
    for (const [j, i] of kept.entries()) own.set(rows.subarray(i * width, (i + 1) * width), j * width)
    if (some > 0) offsets.fill(Math.log(rest.length / some), first)
    return { rows: own, offsets, chosen: 0, weight }
  }
}
