/** A directed graph with weights, by rows: the edges of node i are those from offsets[i] up to offsets[i + 1]. */
export interface Graph {
  readonly nodes: number
  readonly offsets: Int32Array
  readonly targets: Int32Array
  readonly weights: Float64Array
  /** Of the edges of each node. */
  readonly totals: Float64Array
}

/** One edge by the places of its ends. */
export interface PlacedEdge {
  readonly from: number
  readonly to: number
  readonly weight: number
}

/** Lays edges out by rows. Weights must be positive. */
export function graphOf(nodes: number, edges: readonly PlacedEdge[]): Graph {
  const offsets = new Int32Array(nodes + 1)
  for (const { from } of edges) offsets[from + 1]! += 1
  for (let i = 0; i < nodes; i += 1) offsets[i + 1]! += offsets[i]!
  const next = offsets.slice(0, nodes)
  const targets = new Int32Array(edges.length)
  const weights = new Float64Array(edges.length)
  for (const { from, to, weight } of edges) {
    const at = next[from]!
    next[from] = at + 1
    targets[at] = to
    weights[at] = weight
  }
  const totals = new Float64Array(nodes)
  for (const { from, weight } of edges) totals[from]! += weight
  return { nodes, offsets, targets, weights, totals }
}

const DAMPING = 0.85
const MAX_ROUNDS = 100
const TOLERANCE = 1e-8

/**
 * Personalised PageRank by power iteration: the share of time that a reader spends at each node who follows an edge with probability 0.85, by
 * weight, and else starts again at a seed. Sums to 1. From a node without edges the reader starts again. Seeds are weights by node, all the same
 * when none is positive. Ends when a round moves less than 1e-8 in all, or after `rounds`.
 * Source: Page, Brin, Motwani, Winograd, The PageRank Citation Ranking, 1999, §2 and §6.
 */
export function pageRank(graph: Graph, seeds?: ArrayLike<number>, rounds = MAX_ROUNDS): Float64Array {
  const { nodes, offsets, targets, weights, totals } = graph
  if (nodes === 0) return new Float64Array(0)
  const start = teleport(nodes, seeds)
  let rank = start.slice()
  let next = new Float64Array(nodes)
  for (let round = 0; round < rounds; round += 1) {
    next.fill(0)
    let lost = 0
    for (let i = 0; i < nodes; i += 1) {
      const here = rank[i]!
      if (here === 0) continue
      if (totals[i] === 0) {
        lost += here
        continue
      }
      const flow = (DAMPING * here) / totals[i]!
      for (let e = offsets[i]!; e < offsets[i + 1]!; e += 1) next[targets[e]!]! += flow * weights[e]!
    }
    const again = 1 - DAMPING + DAMPING * lost
    let moved = 0
    for (let i = 0; i < nodes; i += 1) {
      next[i]! += again * start[i]!
      moved += Math.abs(next[i]! - rank[i]!)
    }
    const before = rank
    rank = next
    next = before
    if (moved < TOLERANCE) break
  }
  return rank
}

function teleport(nodes: number, seeds: ArrayLike<number> | undefined): Float64Array {
  const start = new Float64Array(nodes)
  let sum = 0
  for (let i = 0; i < nodes; i += 1) {
    start[i] = Math.max(0, seeds?.[i] ?? 0)
    sum += start[i]!
  }
  if (!(sum > 0)) return start.fill(1 / nodes)
  for (let i = 0; i < nodes; i += 1) start[i]! /= sum
  return start
}
