import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addScores, bagOf, bm25, postingsOf } from '../../src/core/bm25.ts'
import { backtest } from '../../src/core/policy/markov/backtest.ts'
import { calibrate, calibrated, wilsonLower } from '../../src/core/policy/markov/calibration.ts'
import { Contexts } from '../../src/core/policy/markov/contexts.ts'
import { learn } from '../../src/core/policy/markov/model.ts'
import { predictorOf } from '../../src/core/policy/markov/predictor.ts'
import { splitsOf } from '../../src/core/policy/markov/split.ts'
import { modelOf, modelText } from '../../src/core/policy/markov/stored-model.ts'
import type { Session } from '../../src/core/policy/markov/traffic.ts'
import { verdictOf } from '../../src/core/policy/markov/verdict.ts'
import { habitualSessions, TEXTS } from '../fixtures/sequences.ts'
import { verifies } from '../requirements.ts'

const SYMBOLS = 6
const sequences = fc.array(fc.array(fc.nat(SYMBOLS - 1), { maxLength: 12 }), { maxLength: 8 })
const anySessions: fc.Arbitrary<readonly Session[]> = fc
  .array(
    fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.option(fc.string({ maxLength: 20 }))), {
      minLength: 1,
      maxLength: 8,
    }),
    {
      maxLength: 8,
    },
  )
  .map((all) =>
    all.map((calls, i) => ({
      id: `s${i}`,
      calls: calls.map(([server, tool, prompt]) => ({
        server: `server${server}`,
        tool: `tool${tool}`,
        ...(prompt !== null && { prompt }),
      })),
    })),
  )

function shares(contexts: Contexts, history: readonly number[]): Float64Array {
  const p = new Float64Array(SYMBOLS).fill(1 / SYMBOLS)
  const logs = p.map(Math.log)
  const path = new Int32Array(8)
  const depth = contexts.path(history, path)
  for (let k = 0; k < depth; k++) contexts.refine(path[k]!, p, logs)
  for (const [i, log] of logs.entries()) expect(log).toBeCloseTo(Math.log(p[i]!), 9)
  return p
}

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0)

describe('counts of contexts', () => {
  it('give probabilities: each above 0, together 1, with their logarithms', () => {
    fc.assert(
      fc.property(sequences, fc.array(fc.nat(SYMBOLS - 1), { maxLength: 5 }), (all, history) => {
        const contexts = new Contexts(3)
        for (const one of all) contexts.add(one, 0.5)
        const p = shares(contexts, history)
        expect(sum(p)).toBeCloseTo(1, 9)
        expect(Math.min(...p)).toBeGreaterThan(0)
      }),
    )
  })

  it('are as before when what was added is taken away, and after they were stored', () => {
    fc.assert(
      fc.property(sequences, fc.array(fc.nat(SYMBOLS - 1), { maxLength: 9 }), (all, other) => {
        const contexts = new Contexts(3)
        for (const one of all) contexts.add(one, 1)
        const before = shares(contexts, other)
        contexts.add(other, 0.7)
        contexts.add(other, -0.7)
        const again = Contexts.from(JSON.parse(JSON.stringify(contexts.store(1_000))))
        for (const [i, p] of shares(contexts, other).entries()) expect(p).toBeCloseTo(before[i]!, 6)
        for (const [i, p] of shares(again, other).entries()) expect(p).toBeCloseTo(before[i]!, 6)
      }),
    )
  })
})

describe('calibration', () => {
  it('is monotone, within 0 and 1, and its bound is no higher than its probability', () => {
    const guess = fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), isRight: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(guess, { maxLength: 300 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        (guesses, asked) => {
          const calibration = calibrate(guesses)
          const told = asked.sort((a, b) => a - b).map((score) => calibrated(calibration, score))
          for (const [i, { probability, atLeast }] of told.entries()) {
            expect(atLeast).toBeLessThanOrEqual(probability)
            expect(atLeast).toBeGreaterThanOrEqual(0)
            expect(probability).toBeLessThanOrEqual(1)
            if (i > 0) expect(probability).toBeGreaterThanOrEqual(told[i - 1]!.probability)
          }
        },
      ),
    )
  })

  it("bounds a share as Wilson's interval does", () => {
    // 8 of 10 at z = 1.96: Wilson (1927) gives 0.4902.
    expect(wilsonLower(0.8, 10, 1.96)).toBeCloseTo(0.4902, 4)
  })
})

describe('predictions', () => {
  it('come of a sound model alone: what is broken inside is none', () => {
    const model = learn(habitualSessions(20), { texts: TEXTS })
    const sound = JSON.parse(modelText(model, {}))
    const parts = ['servers', 'tools', 'texts', 'contexts', 'weights', 'calibration']
    const junk = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom([null], [{}], [[1, 2, 3]], { tools: 'x', servers: 1 }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...parts), junk, (part, value) => {
        const read = modelOf({ ...sound, [part]: value })
        if (read === undefined) return
        const predictor = predictorOf(read)
        const course = predictor.open()
        predictor.hear(course, 'which one')
        predictor.predict(course, 10)
      }),
    )
  })

  it('are probabilities, best first, the same each time, whatever the sessions were', () => {
    fc.assert(
      fc.property(anySessions, anySessions, (past, now) => {
        const model = learn(past, { texts: TEXTS })
        const tell = () => {
          const predictor = predictorOf(modelOf(JSON.parse(modelText(model, {})))!)
          return now.map(({ calls }) => {
            const course = predictor.open()
            return calls.map(({ server, tool, prompt }) => {
              predictor.hear(course, prompt)
              const prediction = predictor.predict(course, 1_000)
              predictor.step(course, server, tool)
              return prediction
            })
          })
        }
        const told = tell()
        expect(tell()).toEqual(told)
        for (const { tools, servers, newServers } of told.flat()) {
          const p = tools.map(({ probability }) => probability)
          expect(p).toEqual([...p].sort((a, b) => b - a))
          expect(sum(p)).toBeLessThanOrEqual(1 + 1e-9)
          expect(sum(servers.map(({ probability }) => probability))).toBeCloseTo(sum(p), 9)
          for (const { server } of newServers)
            expect(servers.find((one) => one.server === server)?.isNew).toBe(true)
        }
      }),
      { numRuns: 25 },
    )
  })

  it('name a tool that was never called by a text alone, when a session starts', () => {
    verifies('PRE-1')
    const predictor = predictorOf(learn(habitualSessions(60), { texts: TEXTS }))
    const course = predictor.open()
    predictor.hear(course, 'Please plan a route from one town to the other')
    const { tools, newServers } = predictor.predict(course)
    expect(tools[0]).toMatchObject({ server: 'maps', tool: 'plan_route' })
    expect(newServers[0]?.server).toBe('maps')
  })
})

describe('a backtest', () => {
  it('beats simple rules where there are habits and texts, and then the verdict is yes', () => {
    verifies('PRE-1')
    const test = backtest(habitualSessions(120), { texts: TEXTS, now: () => 0 })
    for (const simple of Object.values(test.baselines)) {
      expect(test.nextTool.hit1).toBeGreaterThanOrEqual(simple.nextTool.hit1)
      expect(test.newServer.hit3).toBeGreaterThanOrEqual(simple.newServer.hit3)
    }
    expect(test.nextTool.hit1).toBeGreaterThan(test.baselines.markov1.nextTool.hit1)
    expect(test.gate.precision).toBeGreaterThan(0.8)
    expect(test.gate.coverage).toBeGreaterThan(0.1)
    expect(verdictOf(test).use).toBe(true)
  })

  it('says no where a simple rule is as good, where it was sure and wrong, and where too little was tested', () => {
    verifies('PRE-1')
    const figures = (hit3: number, n = 500) => ({
      nextTool: { n, hit1: 0.3, hit3, hit5: 0.9 },
      newServer: { n: 0, hit1: 0, hit3: 0 },
    })
    const simple = { frequency: figures(0.2), mru: figures(0.6), markov1: figures(0.5) }
    const gate = { threshold: 0.7, precision: 0.9, coverage: 0.3 }
    expect(verdictOf({ ...figures(0.61), gate, baselines: simple }).use).toBe(true)
    expect(verdictOf({ ...figures(0.6), gate, baselines: simple }).use).toBe(false)
    expect(verdictOf({ ...figures(0.8), gate: { ...gate, precision: 0.6 }, baselines: simple }).use).toBe(
      false,
    )
    expect(verdictOf({ ...figures(0.8, 50), gate, baselines: simple }).use).toBe(false)
  })

  it('tests no session with a model that was taught it, and by time with none that was taught what came later', () => {
    const sessions = habitualSessions(40)
    for (const { train, test } of splitsOf(sessions).splits)
      expect(train.filter((one) => test.includes(one))).toEqual([])
    const timed = sessions.map((one, i) => ({
      ...one,
      atMs: i * 1_000,
      calls: one.calls.map((call, k) => ({ ...call, atMs: i * 1_000 + k * 400 })),
    }))
    const { kind, splits } = splitsOf(timed)
    expect(kind).toBe('time')
    for (const { train, test, nowMs } of splits) {
      expect(Math.min(...test.map(({ atMs }) => atMs!))).toBe(nowMs)
      expect(Math.max(...train.flatMap(({ calls }) => calls.map(({ atMs }) => atMs!)))).toBeLessThan(nowMs!)
    }
  })
})

describe('BM25', () => {
  it('scores the same from postings as from the documents', () => {
    const text = fc
      .array(fc.constantFrom('red', 'green', 'blue', 'cyan'), { maxLength: 9 })
      .map((words) => words.join(' '))
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), text, (documents, query) => {
        const bags = documents.map(bagOf)
        const scores = new Float64Array(bags.length)
        addScores(postingsOf(bags), bagOf(query).counts.keys(), scores)
        for (const [i, score] of bm25(bagOf(query), bags).entries()) expect(scores[i]).toBeCloseTo(score, 9)
      }),
    )
  })
})
