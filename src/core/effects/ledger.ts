import type { DuckDBConnection } from '@duckdb/node-api'
import { type Difference, differenceEstimate, type Estimate, totalEstimate, unknown } from './estimate.ts'

/** What shortening tool results came to, with sign. Tokens are estimates; US dollars by the price table. */
export interface Ledger {
  /** Sessions of clients in which results were looked at for shortening, and those that were left whole as controls. */
  readonly sessions: number
  readonly controls: number
  readonly results: {
    readonly shortened: number
    readonly refused: number
    readonly held: number
    readonly failed: number
  }
  readonly tokens: {
    readonly before: number
    /** Of these, what the client would not have shown: no saving of anybody's. */
    readonly cutByClient: number
    readonly kept: number
    /** Of what was kept, by steps from which the original can be told. */
    readonly lossless: number
    readonly expanded: number
    readonly own: number
    readonly saved: Estimate
  }
  readonly expansions: number
  readonly factsLost: number
  /** Sums of the sessions that a transcript is known of; null where it is of none. */
  readonly usd: {
    readonly priced: number
    readonly kept: number | null
    readonly expansions: number | null
    readonly own: number | null
    readonly saved: Estimate
  }
  /** US dollars for a turn, of sessions in which results were shortened less that of controls: negative where shortening is cheaper. */
  readonly holdout: Difference
}

interface Row {
  readonly is_control: boolean
  readonly [column: string]: unknown
}

/** Reads it of sessions that were seen since then (microseconds since the epoch), of one client session where it is named. */
export async function readLedger(
  connection: DuckDBConnection,
  { sinceUs, session }: { readonly sinceUs: number; readonly session?: string },
): Promise<Ledger> {
  const mine = session === undefined ? '' : 'AND client_session = $session'
  const rows = (
    await connection.runAndReadAll(
      `SELECT * REPLACE (first_seen::VARCHAR AS first_seen, last_seen::VARCHAR AS last_seen),
         (SELECT avg(cost_usd) FROM turns t WHERE t.client_session = l.client_session AND t.client = l.client) AS usd_turn
       FROM savings_ledger l WHERE last_seen >= make_timestamp(${Math.round(sinceUs)}) ${mine}
       ORDER BY l.last_seen DESC, l.client_session`,
      session === undefined ? {} : { session },
    )
  ).getRowObjectsJS() as unknown as readonly Row[]
  return ledgerOf(rows)
}

/** Adds it up; pure. */
export function ledgerOf(rows: readonly Row[]): Ledger {
  const treated = rows.filter(({ is_control }) => !is_control)
  const controls = rows.filter(({ is_control }) => is_control)
  const sum = (column: string, of: readonly Row[] = treated) =>
    of.reduce((total, row) => total + Number(row[column] ?? 0), 0)
  const priced = treated.filter((row) => row.saved_usd !== null && row.saved_usd !== undefined)
  const usd = (column: string) => (priced.length === 0 ? null : sum(column, priced))
  const perTurn = (of: readonly Row[]) =>
    of.flatMap(({ usd_turn }) => (usd_turn === null || usd_turn === undefined ? [] : [Number(usd_turn)]))
  return {
    sessions: treated.length,
    controls: controls.length,
    results: {
      shortened: sum('shortened'),
      refused: sum('refused'),
      held: sum('held', rows),
      failed: sum('failed'),
    },
    tokens: {
      before: sum('tokens_before'),
      cutByClient: sum('cut_by_client'),
      kept: sum('kept_tokens'),
      lossless: sum('lossless_tokens'),
      expanded: sum('expanded_tokens'),
      own: sum('own_tokens'),
      saved: totalEstimate(treated.map((row) => Number(row.saved_tokens))),
    },
    expansions: sum('expansions'),
    factsLost: sum('facts_lost'),
    usd: {
      priced: priced.length,
      kept: usd('kept_usd'),
      expansions: usd('expansions_usd'),
      own: usd('own_usd'),
      saved:
        priced.length === 0
          ? unknown('no transcript of these sessions is known, or their models have no price')
          : totalEstimate(priced.map((row) => Number(row.saved_usd))),
    },
    // Controls have something that would have been shortened, by which they are known: so must those that they are compared with.
    holdout: differenceEstimate(
      perTurn(treated.filter(({ shortened }) => Number(shortened) > 0)),
      perTurn(controls),
    ),
  }
}
