import { calibrated } from './calibration.ts'
import { softmax, utilities } from './choice.ts'
import { type Course, freshCourse, hear, step } from './course.ts'
import { type Scratch, scratchFor, serverFeatures, toolFeatures } from './features.ts'
import { indexOf } from './knowledge.ts'
import type { Model } from './model.ts'

/** A tool that may be called next. */
export interface LikelyTool {
  readonly server: string
  readonly tool: string
  readonly probability: number
  /** Of the likeliest tool: what the probability is at least, at 95 %. Of others 0. */
  readonly atLeast: number
}

/** A server that may be called next. */
export interface LikelyServer {
  readonly server: string
  readonly probability: number
  /** Not used in this session yet. */
  readonly isNew: boolean
}

/** What is expected of a session. */
export interface Prediction {
  /** Likeliest first. */
  readonly tools: readonly LikelyTool[]
  /** By their tools, likeliest first. */
  readonly servers: readonly LikelyServer[]
  /** Servers that the session did not use yet, by how likely each is the next of them. */
  readonly newServers: readonly { readonly server: string; readonly probability: number }[]
}

/** Follows sessions and says what they call next. Not shared between models; one serves any number of sessions. */
export interface Predictor {
  open(): Course
  /** A text was written in the session. */
  hear(course: Course, text: string | undefined): void
  /** A call was made. A tool that was not known is from now on. */
  step(course: Course, server: string, tool: string): void
  predict(course: Course, limit?: number): Prediction
}

const DEFAULT_LIMIT = 10

/** A predictor by this model, whose vocabulary grows with what the sessions call. */
export function predictorOf(model: Model): Predictor {
  const { knowledge, weights, calibration, texts } = model
  const { vocabulary } = knowledge
  let index = indexOf(vocabulary, texts)
  let room = roomFor(vocabulary.tools.length, vocabulary.servers.length)

  const grow = () => {
    if (room.tools.length === vocabulary.tools.length) return
    index = indexOf(vocabulary, texts)
    room = roomFor(vocabulary.tools.length, vocabulary.servers.length)
  }
  return {
    open: freshCourse,
    hear: (course, text) => {
      grow()
      hear(course, text, index)
    },
    step: (course, server, tool) => {
      const id = vocabulary.add(server, tool)
      step(course, id, vocabulary.serverOf[id]!)
    },
    predict: (course, limit = DEFAULT_LIMIT) => {
      grow()
      if (vocabulary.tools.length === 0) return { tools: [], servers: [], newServers: [] }
      rehear(course, index, vocabulary.tools.length)
      const { scratch, tools, servers, sums } = room
      toolFeatures(knowledge, course, scratch)
      utilities(scratch.toolRows, tools.length, weights.tools, tools)
      softmax(tools, tools.length)
      const best = bestOf(tools, limit)
      const top = best[0]!
      const { probability, atLeast } = calibrated(calibration, tools[top]!)
      spread(tools, top, probability)
      sums.fill(0)
      for (let i = 0; i < tools.length; i++) sums[vocabulary.serverOf[i]!]! += tools[i]!
      serverFeatures(knowledge, course, scratch)
      utilities(scratch.serverRows, servers.length, weights.servers, servers)
      for (const server of course.debuts) servers[server] = Number.NEGATIVE_INFINITY
      if (course.debuts.length < servers.length) {
        softmax(servers, servers.length)
        mix(servers, sums, course.debuts)
      }
      return {
        tools: best.map((id) => ({
          server: vocabulary.servers[vocabulary.serverOf[id]!]!,
          tool: vocabulary.tools[id]!.name,
          probability: tools[id]!,
          atLeast: id === top ? atLeast : 0,
        })),
        servers: bestOf(sums, limit).map((id) => ({
          server: vocabulary.servers[id]!,
          probability: sums[id]!,
          isNew: !course.debuts.includes(id),
        })),
        newServers: bestOf(servers, limit)
          .filter((id) => !course.debuts.includes(id))
          .map((id) => ({ server: vocabulary.servers[id]!, probability: servers[id]! })),
      }
    },
  }
}

interface Room {
  readonly scratch: Scratch
  readonly tools: Float64Array
  readonly servers: Float64Array
  readonly sums: Float64Array
}

function roomFor(tools: number, servers: number): Room {
  return {
    scratch: scratchFor(tools, servers),
    tools: new Float64Array(tools),
    servers: new Float64Array(servers),
    sums: new Float64Array(servers),
  }
}

/** A text that was heard before tools became known is held against those too. */
function rehear(course: Course, index: Parameters<typeof hear>[2], tools: number): void {
  const { prompt } = course
  if (prompt === undefined || prompt.whole.tools.length === tools) return
  course.prompt = undefined
  hear(course, prompt.text, index)
  course.prompt!.age = prompt.age
}

/** The numbers of the largest values, largest first; of equal ones the lower number. */
function bestOf(values: Float64Array, limit: number): readonly number[] {
  const best: number[] = []
  for (let i = 0; i < values.length; i++) {
    if (best.length === limit && values[i]! <= values[best[limit - 1]!]!) continue
    let at = best.length
    while (at > 0 && values[best[at - 1]!]! < values[i]!) at -= 1
    best.splice(at, 0, i)
    if (best.length > limit) best.pop()
  }
  return best
}

/** Gives the likeliest its probability and the others what is left, in proportion; none of them gets more than the likeliest. */
function spread(tools: Float64Array, top: number, probability: number): void {
  const rest = 1 - tools[top]!
  const scale = rest <= 0 ? 0 : (1 - probability) / rest
  for (let i = 0; i < tools.length; i++)
    tools[i] = i === top ? probability : Math.min(tools[i]! * scale, probability)
}

/** Two opinions on which server is the next that was not used yet, to halves: its own, and that of its tools. */
function mix(servers: Float64Array, byTools: Float64Array, used: readonly number[]): void {
  let sum = 0
  for (let i = 0; i < servers.length; i++) if (!used.includes(i)) sum += byTools[i]!
  if (sum <= 0) return
  for (let i = 0; i < servers.length; i++)
    if (!used.includes(i)) servers[i] = (servers[i]! + byTools[i]! / sum) / 2
}
