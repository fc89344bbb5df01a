/** Shares of calls whose tool was the first, among the first three and among the first five. */
export interface NextToolHits {
  readonly n: number
  readonly hit1: number
  readonly hit3: number
  readonly hit5: number
}

/** Shares of first uses of a server for which it was the first of the unused ones, or among the first three. */
export interface NewServerHits {
  readonly n: number
  readonly hit1: number
  readonly hit3: number
}

/** How often the likeliest tool was right where it was sure enough, and for which share of the calls it was. */
export interface Gate {
  readonly threshold: number
  readonly precision: number
  readonly coverage: number
}

/** Predictions of one stretch of probability, and how often they came true. */
export interface Reliability {
  readonly from: number
  readonly to: number
  readonly n: number
  readonly predicted: number
  readonly observed: number
}

/** The likeliest tool of one prediction. */
export interface Topmost {
  readonly probability: number
  readonly atLeast: number
  readonly isRight: boolean
}

/** From here on a prediction is acted upon. */
export const GATE = 0.7
const STRETCHES = 10

/** Shares by ranks, 0 the first; −1 where it was not among those looked at. */
export function hits(
  tools: readonly number[],
  servers: readonly number[],
): { readonly nextTool: NextToolHits; readonly newServer: NewServerHits } {
  return {
    nextTool: { n: tools.length, hit1: within(tools, 1), hit3: within(tools, 3), hit5: within(tools, 5) },
    newServer: { n: servers.length, hit1: within(servers, 1), hit3: within(servers, 3) },
  }
}

/** Precision and coverage at the gate, which asks for the lower bound. Precision is 0 where nothing passes. */
export function gateOf(topmost: readonly Topmost[]): Gate {
  const passed = topmost.filter(({ atLeast }) => atLeast >= GATE)
  return {
    threshold: GATE,
    precision: share(passed.filter(({ isRight }) => isRight).length, passed.length),
    coverage: share(passed.length, topmost.length),
  }
}

/** How probabilities and what came of them agree, by tenths; tenths without predictions are left out. */
export function reliabilityOf(topmost: readonly Topmost[]): readonly Reliability[] {
  return Array.from({ length: STRETCHES }, (_, i) => {
    const part = topmost.filter(
      ({ probability }) => Math.min(STRETCHES - 1, Math.floor(probability * STRETCHES)) === i,
    )
    return {
      from: i / STRETCHES,
      to: (i + 1) / STRETCHES,
      n: part.length,
      predicted: share(
        part.reduce((sum, { probability }) => sum + probability, 0),
        part.length,
      ),
      observed: share(part.filter(({ isRight }) => isRight).length, part.length),
    }
  }).filter(({ n }) => n > 0)
}

function within(ranks: readonly number[], first: number): number {
  return share(ranks.filter((rank) => rank >= 0 && rank < first).length, ranks.length)
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
