/** What a person said of one pair, and what the gate says of it. */
export interface Rating {
  /** Of the pair: handle and candidate. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly handle: string
  /** What was turned round in the candidate; null where it is what the agent got. */
  readonly planted: string | null
  /** The candidate may stand for the original. */
  readonly person: boolean
  readonly gate: boolean
  /** Which tier the gate judged by. */
  readonly tier: string
}

/** How far people and the gate agree. */
export interface Agreement {
  readonly n: number
  /** Of the pairs, those of which both say the same; null without any. */
  readonly share: number | null
  /** Cohen's kappa (Educational and Psychological Measurement 20, 1960): agreement beyond chance, 1 at most; null where one of the two always says the same. */
  readonly kappa: number | null
  readonly both: { readonly pass: number; readonly fail: number }
  /** The person passes what the gate refuses, and the other way round. */
  readonly onlyPerson: number
  readonly onlyGate: number
  /** Of candidates with something turned round: how many, and who saw it. */
  readonly planted: { readonly n: number; readonly seenByPerson: number; readonly seenByGate: number }
}

/** Pure. */
export function agreementOf(ratings: readonly Rating[]): Agreement {
  const n = ratings.length
  const count = (of: (rating: Rating) => boolean) => ratings.filter(of).length
  const pass = count(({ person, gate }) => person && gate)
  const fail = count(({ person, gate }) => !person && !gate)
  const onlyPerson = count(({ person, gate }) => person && !gate)
  const onlyGate = n - pass - fail - onlyPerson
  const share = (pass + fail) / n
  const chance = ((pass + onlyPerson) * (pass + onlyGate) + (fail + onlyGate) * (fail + onlyPerson)) / (n * n)
  return {
    n,
    share: n === 0 ? null : share,
    kappa: n === 0 || chance === 1 || isConstant(ratings) ? null : (share - chance) / (1 - chance),
    both: { pass, fail },
    onlyPerson,
    onlyGate,
    planted: {
      n: count(({ planted }) => planted !== null),
      seenByPerson: count(({ planted, person }) => planted !== null && !person),
      seenByGate: count(({ planted, gate }) => planted !== null && !gate),
    },
  }
}

/** Of somebody who always says the same no agreement beyond chance can be told. */
function isConstant(ratings: readonly Rating[]): boolean {
  const same = (of: (rating: Rating) => boolean) => new Set(ratings.map(of)).size < 2
  return same(({ person }) => person) || same(({ gate }) => gate)
}
