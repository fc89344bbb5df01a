import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/core/bench/statistics.ts'
import { bagOf, bm25 } from '../../src/core/bm25.ts'
import type { Commit, History } from '../../src/core/score/history/history.ts'
import { FEATURES, featureMatrix } from '../../src/core/score/importance/features.ts'
import { fitWeights } from '../../src/core/score/importance/fit.ts'
import { fitLogistic } from '../../src/core/score/importance/logistic.ts'
import { keptWithin, orderBy, recallAt } from '../../src/core/score/importance/order.ts'
import { newPast } from '../../src/core/score/importance/past.ts'
import { rankTree } from '../../src/core/score/importance/rank.ts'
import { percentiles, type TreeFile, treeSignals } from '../../src/core/score/importance/tree-signals.ts'
import { DEFAULT_WEIGHTS } from '../../src/core/score/importance/weights.ts'
import { verifies } from '../requirements.ts'

function file(path: string, more: Partial<TreeFile> = {}): TreeFile {
  return {
    path,
    language: 'typescript',
    imports: [],
    exports: [],
    nature: 'source',
    tokens: 100,
    cyclomatic: 1,
    cognitive: 0,
    ...more,
  }
}

function commitOf(i: number, paths: readonly string[], message = `commit ${i}`): Commit {
  const files = paths.map((path) => ({ path, pathThen: path, change: 'edited' as const }))
  return { id: `${i}`.padStart(40, '0'), at: 1_700_000_000 + i * 3600, author: `${i % 3}`, message, files }
}

const historyOf = (commits: readonly Commit[]): History => ({ commits, renames: [] })
const importances = (ranked: ReturnType<typeof rankTree>) =>
  new Map(ranked.files.map((f) => [f.path, f.importance]))

const drawnCommits = fc.array(
  fc.uniqueArray(
    fc.nat(19).map((n) => `d${n % 3}/f${n}.ts`),
    { minLength: 1, maxLength: 6 },
  ),
  { minLength: 1, maxLength: 30 },
)
const twenty = Array.from({ length: 20 }, (_, n) => file(`d${n % 3}/f${n}.ts`, { tokens: 50 + 7 * n }))

/** Paths, the most important first. */
const byImportance = (ranked: ReturnType<typeof rankTree>): readonly string[] =>
  ranked.files.toSorted((a, b) => b.importance - a.importance).map(({ path }) => path)

describe('features', () => {
  it('are 0 to 1 and do not see what comes later', () => {
    verifies('SCORE-2')
    fc.assert(
      fc.property(drawnCommits, drawnCommits, (before, after) => {
        const tree = treeSignals(twenty)
        const past = newPast()
        for (const [i, paths] of before.entries()) past.tell(commitOf(i, paths))
        const now = featureMatrix(tree, past)
        expect(now.every((value) => value >= 0 && value <= 1)).toBe(true)
        const longer = newPast()
        const seen: Float32Array[] = []
        for (const [i, paths] of [...before, ...after].entries()) {
          if (i === before.length) seen.push(featureMatrix(tree, longer))
          longer.tell(commitOf(i, paths))
        }
        expect(seen[0]).toEqual(now)
      }),
      { numRuns: 40 },
    )
  })

  it('of some files are those rows of all', () => {
    const past = newPast()
    past.tell(commitOf(0, ['d0/f0.ts', 'd1/f1.ts']))
    const tree = treeSignals(twenty)
    const all = featureMatrix(tree, past)
    const width = FEATURES.length
    expect(featureMatrix(tree, past, { places: [1, 7] })).toEqual(
      Float32Array.from([...all.subarray(width, 2 * width), ...all.subarray(7 * width, 8 * width)]),
    )
  })

  it('say little of a commit of everything', () => {
    const paths = Array.from({ length: 300 }, (_, n) => `f${n}.ts`)
    const past = newPast()
    past.tell(commitOf(0, paths))
    expect(past.file('f0.ts')!.total).toBeCloseTo(0.1)
    expect(past.file('f0.ts')!.partners.size).toBe(0)
    expect(past.recent().size).toBe(0)
  })

  it('percentiles share a place among equals', () => {
    expect([...percentiles([5, 1, 5, 9])]).toEqual([0.5, 0, 0.5, 1])
    expect([...percentiles([3, 3])]).toEqual([0.5, 0.5])
    expect([...percentiles([3])]).toEqual([0.5])
  })
})

describe('recall within a budget', () => {
  it('does not fall when the budget grows, and no budget is exceeded', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ tokens: fc.nat(2000), odds: fc.double({ min: -5, max: 5, noNaN: true }) }), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (files, perToken) => {
          const tokens = files.map((f) => f.tokens)
          const kept = keptWithin(
            orderBy(
              files.map((f) => f.odds),
              tokens,
              perToken,
            ),
            tokens,
          )
          const recall = recallAt(kept, [...tokens.keys()])
          expect(recall).toEqual([...recall].sort((a, b) => a - b))
          const total = tokens.reduce((a, b) => a + b, 0)
          for (const [b, share] of [0.1, 0.25, 0.5].entries())
            expect(tokens.filter((_, i) => kept[i]! <= b).reduce((a, t) => a + t, 0)).toBeLessThanOrEqual(
              share * total,
            )
        },
      ),
    )
  })

  it('passes over what does not fit', () => {
    expect([...keptWithin([0, 1, 2], [90, 10, 100], [0.1, 0.5])]).toEqual([1, 0, 2])
  })
})

describe('logistic regression', () => {
  it('finds the weights that made the data, and stays at the prior when told to', () => {
    const random = seededRandom(3)
    const x = Float32Array.from({ length: 8000 }, () => random())
    const y = Uint8Array.from({ length: 4000 }, (_, r) =>
      Number(random() < 1 / (1 + Math.exp(-(3 * x[2 * r]! - 2 * x[2 * r + 1]! - 0.5)))),
    )
    const examples = { width: 2, x, y, weight: new Float64Array(4000).fill(1) }
    const { weights, bias } = fitLogistic(examples, [0, 0], 0)
    expect(weights[0]).toBeCloseTo(3, 0)
    expect(weights[1]).toBeCloseTo(-2, 0)
    expect(bias).toBeCloseTo(-0.5, 0)
    expect(fitLogistic(examples, [7, 7], 1e6).weights[0]).toBeCloseTo(7, 2)
  })

  it('ends also where a line parts the classes', () => {
    const examples = {
      width: 1,
      x: Float32Array.from([0, 1]),
      y: Uint8Array.from([0, 1]),
      weight: Float64Array.from([1, 1]),
    }
    expect(fitLogistic(examples, [0], 0.001).weights[0]).toBeGreaterThan(3)
  })
})

describe('a fit', () => {
  /** One file after the other in turn: what was edited last is what will not be edited next, which is not what the default expects. */
  function planted(): { files: readonly TreeFile[]; commits: readonly Commit[] } {
    const files = Array.from({ length: 60 }, (_, n) => file(`d${n % 8}/f${n}.x`, { tokens: 100 + (n % 7) }))
    const commits = Array.from({ length: 300 }, (_, i) =>
      commitOf(
        i,
        [0, 20, 40].map((n) => files[(i + n) % 60]!.path),
      ),
    )
    return { files, commits }
  }

  it('learns what a history repeats', () => {
    const { files, commits } = planted()
    const weights = fitWeights(treeSignals(files), commits)
    expect(weights.source).toBe('fitted')
    const turn = (ranked: ReturnType<typeof rankTree>): readonly number[] =>
      [0, 20, 40].map((n) => byImportance(ranked).indexOf(files[(commits.length + n) % 60]!.path))
    const fitted = turn(rankTree({ files, history: historyOf(commits), weights }))
    const standard = turn(rankTree({ files, history: historyOf(commits), weights: DEFAULT_WEIGHTS }))
    const sum = (places: readonly number[]): number => places.reduce((a, b) => a + b, 0)
    expect(sum(fitted)).toBeLessThan(sum(standard) / 2)
  })

  it('is not made from a short history', () => {
    const { files, commits } = planted()
    const weights = fitWeights(treeSignals(files), commits.slice(0, 40))
    expect(weights).toMatchObject({ source: 'default', commits: 0 })
    expect(weights.because).toMatch(/^32 usable commits, 50 are needed/)
    expect(fitWeights(treeSignals(files), []).because).toBe('no history to learn from')
  })
})

describe('a ranking', () => {
  const commits = [
    commitOf(0, ['old.ts', 'old.test.ts']),
    ...Array.from({ length: 20 }, (_, i) => commitOf(i + 1, ['hot.ts'])),
    commitOf(21, ['old.ts', 'old.test.ts']),
    commitOf(22, ['new.ts']),
  ]
  const files = ['old.ts', 'old.test.ts', 'hot.ts', 'new.ts', 'never.ts', 'lib.ts'].map((path) =>
    file(
      path,
      path === 'never.ts'
        ? { imports: [{ specifier: './lib.ts', line: 1, kind: 'import', typeOnly: true, names: [] }] }
        : {},
    ),
  )

  it('is the same each time, 0 to 1, and says what it was made of', () => {
    const ranked = rankTree({ files, history: historyOf(commits) })
    expect(rankTree({ files, history: historyOf(commits) })).toEqual(ranked)
    for (const { importance } of ranked.files) {
      expect(importance).toBeGreaterThanOrEqual(0)
      expect(importance).toBeLessThanOrEqual(1)
    }
    const byPath = new Map(ranked.files.map((f) => [f.path, f]))
    expect(byPath.get('hot.ts')!.importance).toBeGreaterThan(byPath.get('never.ts')!.importance)
    expect(byPath.get('new.ts')!.because.recency).toBe(1)
    expect(byPath.get('new.ts')).toMatchObject({ commitsAgo: 0, lastCommitAt: commits[22]!.at })
    expect(byPath.get('never.ts')).toMatchObject({ commitsAgo: Infinity, lastCommitAt: 0 })
    expect(byPath.get('lib.ts')).toMatchObject({ importedBy: 1, typesImported: true })
  })

  it('puts what is focused, changed or read higher, and what belongs to it', () => {
    const plain = importances(rankTree({ files, history: historyOf(commits) }))
    const focused = importances(
      rankTree({ files, history: historyOf(commits), seeds: { focus: new Map([['never.ts', 1]]) } }),
    )
    expect(Math.max(...focused.values())).toBe(focused.get('never.ts'))
    const odds = (p: number): number => Math.log(p / (1 - p))
    const imported = (map: ReadonlyMap<string, number>): number =>
      odds(map.get('lib.ts')!) - odds(map.get('hot.ts')!)
    expect(imported(focused)).toBeGreaterThan(imported(plain))
    const read = rankTree({
      files,
      history: historyOf(commits),
      seeds: {
        read: new Map([
          ['never.ts', 1],
          ['__proto__', 9],
        ]),
      },
    })
    expect(read.files.find((f) => f.path === 'never.ts')!.because.read).toBe(1)
  })

  it('does without any history, and without files', () => {
    const ranked = rankTree({ files, history: historyOf([]), seeds: { changed: new Map([['never.ts', 1]]) } })
    expect(byImportance(ranked)[0]).toBe('never.ts')
    expect(importances(ranked).get('lib.ts')).toBeGreaterThan(importances(ranked).get('old.ts')!)
    expect(rankTree({ files: [], history: historyOf(commits) }).files).toEqual([])
  })

  it('goes by the words of a task when there are any', () => {
    const bags = files.map((f) => bagOf(`${f.path} ${f.path === 'never.ts' ? 'parseRetryAfter' : 'other'}`))
    const words = bm25(bagOf('honour Retry-After'), bags)
    const ranked = rankTree({ files, history: historyOf(commits), words })
    expect(byImportance(ranked)[0]).toBe('never.ts')
  })
})

describe('BM25', () => {
  it('is what the formula says for a case worked by hand', () => {
    // N = 2, n = 1: idf = ln(1 + 1.5 / 1.5) = ln 2; tf = 2, length 4 beside a mean of 3.
    const bags = [bagOf('cat cat dog fox'), bagOf('dog fox')]
    const expected = (Math.LN2 * 2 * 2.2) / (2 + 1.2 * (0.25 + (0.75 * 4) / 3))
    expect([...bm25(bagOf('cat'), bags)]).toEqual([expect.closeTo(expected, 12), 0])
  })

  it('reads identifiers whole and in their parts', () => {
    expect([...bagOf('parseHTTPRequest snake_case2').counts.keys()]).toEqual([
      'parsehttprequest',
      'parse',
      'http',
      'request',
      'snake_case2',
      'snake',
      'case',
    ])
  })
})
