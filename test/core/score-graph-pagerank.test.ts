import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { graphOf, type PlacedEdge, pageRank } from '../../src/core/score/graph/pagerank.ts'
import { verifies } from '../requirements.ts'

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0)

const drawn = fc.integer({ min: 1, max: 30 }).chain((nodes) =>
  fc.record({
    nodes: fc.constant(nodes),
    edges: fc.array(
      fc.record({
        from: fc.nat(nodes - 1),
        to: fc.nat(nodes - 1),
        weight: fc.double({ min: 0.01, max: 5, noNaN: true }),
      }),
      { maxLength: 80 },
    ),
    seeds: fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { maxLength: nodes }),
  }),
)

/** By the definition: solves r = (1 − d) s + d (r P + lost · s) with dense matrices, to the end. */
function dense(nodes: number, edges: readonly PlacedEdge[], seeds: readonly number[]): readonly number[] {
  const total = sum(seeds)
  const start = Array.from({ length: nodes }, (_, i) => (total > 0 ? (seeds[i] ?? 0) / total : 1 / nodes))
  const out = start.map((_, i) => sum(edges.filter((e) => e.from === i).map((e) => e.weight)))
  let rank = start
  for (let round = 0; round < 400; round += 1) {
    const lost = sum(rank.filter((_, i) => out[i] === 0))
    const next = start.map((s) => (0.15 + 0.85 * lost) * s)
    for (const { from, to, weight } of edges) next[to]! += (0.85 * rank[from]! * weight) / out[from]!
    rank = next
  }
  return rank
}

describe('PageRank', () => {
  it('sums to 1 and is what the definition says', () => {
    verifies('SCORE-2')
    fc.assert(
      fc.property(drawn, ({ nodes, edges, seeds }) => {
        const rank = pageRank(graphOf(nodes, edges), seeds)
        expect(sum(rank)).toBeCloseTo(1, 9)
        for (const [i, value] of dense(nodes, edges, seeds).entries()) expect(rank[i]).toBeCloseTo(value, 6)
      }),
      { numRuns: 60 },
    )
  })

  it('keeps to what can be reached from the seeds', () => {
    const edge = (from: number, to: number) => ({ from, to, weight: 1 })
    const rank = pageRank(graphOf(4, [edge(0, 1), edge(2, 3)]), [1, 0, 0, 0])
    expect([...rank].map((value) => value > 0)).toEqual([true, true, false, false])
  })

  it('of nothing is nothing', () => {
    expect(pageRank(graphOf(0, []))).toEqual(new Float64Array(0))
  })
})
