import { summaryOf } from '../../src/core/bench/statistics.ts'
import { learn } from '../../src/core/policy/markov/model.ts'
import { predictorOf } from '../../src/core/policy/markov/predictor.ts'
import { modelText } from '../../src/core/policy/markov/stored-model.ts'
import type { Call, Session, ToolText } from '../../src/core/policy/markov/traffic.ts'
import type { Context } from '../context.ts'
import type { RowResult } from '../result.ts'

const EVENTS = 1_000_000
const SERVERS = 50
const TOOLS_OF_SERVER = 10
const CALLS_OF_SESSION = 20
const TRAININGS = 3
const PREDICTIONS = 2_000
const MUST = { trainMs: 5_000, predictMs: 0.2, modelMb: 5 }
const WORDS =
  'list read write search file issue branch table query page text image mail event user group task note price chart map route tag item'.split(
    ' ',
  )

/** Training on a million calls of 500 tools, one prediction among them, and the model as it is stored. */
export async function prewarm(context: Context): Promise<RowResult> {
  const random = randomFrom(7)
  const texts = toolTexts(random)
  const sessions = sessionsOf(texts, random)
  const options = { texts, nowMs: sessions.length * 60_000, halfLifeMs: 30 * 86_400_000 }
  const trainMs: number[] = []
  let model = learn(sessions.slice(0, 100), options)
  for (let i = 0; i < (context.runs ?? TRAININGS); i++) {
    context.progress(`prewarm ${i + 1}/${context.runs ?? TRAININGS}`)
    await context.quiet()
    const since = performance.now()
    model = learn(sessions, options)
    trainMs.push(performance.now() - since)
  }
  const predictor = predictorOf(model)
  const times = { silent: [] as number[], told: [] as number[] }
  await context.quiet()
  for (const isTold of [false, true]) {
    const into = isTold ? times.told : times.silent
    for (let i = 0; into.length < PREDICTIONS; i++) {
      const course = predictor.open()
      for (const call of sessions[i]!.calls.slice(0, 10)) {
        const text = `${sentence(random, 25)} ${i}`
        const since = performance.now()
        if (isTold) predictor.hear(course, text)
        predictor.predict(course)
        into.push(performance.now() - since)
        predictor.step(course, call.server, call.tool)
      }
    }
  }
  const bytes = Buffer.byteLength(modelText(model, {}))
  const own = (what: string, value: number, unit: 'ms' | 'MB', must: number) => ({
    what,
    contender: 'mycelium',
    value,
    unit,
    must,
  })
  const [train, silent, told] = [summaryOf(trainMs), summaryOf(times.silent), summaryOf(times.told)]
  return {
    headlines: [
      own(`training on ${EVENTS / 1e6} million calls, p50`, train.p50, 'ms', MUST.trainMs),
      own(`one prediction among ${SERVERS * TOOLS_OF_SERVER} tools, p50`, silent.p50, 'ms', MUST.predictMs),
      own('the same with a new text of 25 words, p50', told.p50, 'ms', MUST.predictMs),
      own('the stored model', bytes / 1e6, 'MB', MUST.modelMb),
    ],
    details: [
      { contender: 'mycelium', what: 'training', unit: 'ms', summary: train },
      { contender: 'mycelium', what: 'prediction, no new text', unit: 'ms', summary: silent },
      { contender: 'mycelium', what: 'prediction, new text', unit: 'ms', summary: told },
    ],
  }
}

function toolTexts(random: () => number): readonly ToolText[] {
  return Array.from({ length: SERVERS * TOOLS_OF_SERVER }, (_, i) => ({
    server: `server${Math.floor(i / TOOLS_OF_SERVER)}`,
    tool: `${pick(WORDS, random)}_${pick(WORDS, random)}_${i}`,
    description: sentence(random, 20),
  }))
}

/** Each session works with a few servers; of the tools of each some follow each other more often. */
function sessionsOf(texts: readonly ToolText[], random: () => number): readonly Session[] {
  return Array.from({ length: EVENTS / CALLS_OF_SESSION }, (_, i) => {
    const atMs = i * 60_000
    const calls: Call[] = []
    let server = Math.floor(SERVERS * random() ** 2)
    let tool = 0
    for (let k = 0; k < CALLS_OF_SESSION; k++) {
      if (random() < 0.15) server = Math.floor(SERVERS * random() ** 2)
      tool = random() < 0.6 ? (tool * 7 + 3) % TOOLS_OF_SERVER : Math.floor(TOOLS_OF_SERVER * random())
      const { server: name, tool: word } = texts[server * TOOLS_OF_SERVER + tool]!
      calls.push({ server: name, tool: word, atMs: atMs + k * 1_000 })
    }
    return { id: String(i), atMs, calls }
  })
}

function sentence(random: () => number, words: number): string {
  return Array.from({ length: words }, () => pick(WORDS, random)).join(' ')
}

function pick(words: readonly string[], random: () => number): string {
  return words[Math.floor(words.length * random())]!
}

/** The same numbers in each run: mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
