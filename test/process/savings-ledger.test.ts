import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pathsOf } from '../../src/core/config/paths.ts'
import { type Ledger, readLedger } from '../../src/core/effects/ledger.ts'
import { Batch, Scratch } from '../../src/core/events/batch.ts'
import { openDatabase } from '../../src/core/events/db.ts'
import type { EventOf, Kind } from '../../src/core/events/event.ts'
import { askStore } from '../../src/core/events/store.ts'
import { compressionOf, responseOf } from '../fixtures/event-values.ts'
import { verifies } from '../requirements.ts'
import { shortDirectory } from './programs.ts'

const T0 = 1_760_000_000_000_000
const SECOND = 1_000_000
/** US dollars for a million tokens. */
const PRICE = { input: 3, output: 15, write: 3.75, read: 0.3 }

type Laid = readonly { readonly [K in Kind]: readonly [K, EventOf<K>] }[Kind][]

/** The ledger of a store with these events and one model that has a price. */
async function ledgerOf(events: Laid, session?: string): Promise<Ledger> {
  const paths = pathsOf(shortDirectory())
  mkdirSync(paths.events, { recursive: true })
  const kinds = [...new Set(events.map(([kind]) => kind))]
  for (const [i, kind] of kinds.entries()) {
    const batch = new Batch(kind, new Scratch())
    for (const [of, event] of events) if (of === kind) batch.add(event as EventOf<Kind>)
    const file = join(paths.events, `shared-1-00000000000${i}.seg`)
    writeFileSync(file, batch.take())
    utimesSync(file, 0, 0)
  }
  await askStore(paths, async () => {})
  const database = await openDatabase({ file: paths.database, write: true })
  try {
    await database.connection.run(
      `INSERT INTO prices BY NAME SELECT 'priced' AS model, ${PRICE.input} AS input, ${PRICE.output} AS output,
       ${PRICE.write} AS cache_write_5m, ${PRICE.write} AS cache_write_1h, ${PRICE.read} AS cache_read`,
    )
    return await readLedger(database.connection, { sinceUs: 0, ...(session !== undefined && { session }) })
  } finally {
    database.close()
  }
}

/** An answer of the model at a second: so many tokens of context, the new ones written to the cache. */
function turn(second: number, contextTokens: number, values: Partial<EventOf<'response'>> = {}) {
  const event = {
    ...responseOf('m', second),
    at: T0 + second * SECOND,
    model: 'priced',
    inputTokens: 0,
    outputTokens: 100,
    cacheWrite5mTokens: 1_000,
    cacheReadTokens: contextTokens - 1_000,
    ...values,
  }
  return ['response', event] as const
}

function shortened(second: number, values: Partial<EventOf<'compression'>> = {}) {
  return ['compression', compressionOf(second, { at: T0 + second * SECOND, ...values })] as const
}

function expanded(second: number, tokens: number) {
  const event = {
    at: T0 + second * SECOND,
    session: '',
    clientSession: 'one',
    client: 'claude-code',
    project: '/p',
    handle: 'my:1',
    tokens,
    via: 'tool',
  }
  return ['expansion', event] as const
}

describe('the savings ledger', () => {
  it('counts a token once as new and again with each later turn, until the context is compacted', async () => {
    verifies('SAVE-1')
    const { tokens, usd } = await ledgerOf([
      turn(10, 20_000),
      shortened(15),
      turn(20, 21_000),
      turn(30, 22_000),
      turn(40, 23_000),
      // Compacted: what was shortened is gone.
      turn(50, 5_000),
      shortened(55, { tokensBefore: 300, tokensAfter: 200, shownTokens: 300 }),
      turn(60, 6_000),
    ])
    expect(tokens).toMatchObject({ before: 1_300, kept: 500, cutByClient: 0, saved: { value: 500 } })
    const first = (400 * (PRICE.write + 2 * PRICE.read)) / 1e6
    expect(usd.saved.value).toBeCloseTo(first + (100 * PRICE.write) / 1e6, 12)
  })

  it('counts no more than the client would have shown, and what grew as a loss', async () => {
    const { tokens } = await ledgerOf([
      shortened(1, { tokensBefore: 600_000, shownTokens: 25_000, tokensAfter: 2_000 }),
      shortened(2, { tokensBefore: 100, shownTokens: 100, tokensAfter: 130, lossless: false }),
    ])
    expect(tokens).toMatchObject({ cutByClient: 575_000, kept: 23_000 - 30, lossless: 23_000 })
  })

  it('takes off what was asked for after all, with the turn that it took, and may end below nothing', async () => {
    const { tokens, usd, expansions } = await ledgerOf([
      turn(10, 20_000),
      shortened(15),
      turn(20, 21_000),
      expanded(25, 1_000),
      turn(30, 22_000),
    ])
    const kept = (400 * (PRICE.write + PRICE.read)) / 1e6
    const turnUsd = (1_000 * PRICE.write + 21_000 * PRICE.read + 100 * PRICE.output) / 1e6
    const again = (1_000 * PRICE.write) / 1e6 + turnUsd
    expect(expansions).toBe(1)
    expect(tokens.saved.value).toBe(-600)
    expect(usd.kept).toBeCloseTo(kept, 12)
    expect(usd.expansions).toBeCloseTo(again, 12)
    expect(usd.saved.value).toBeCloseTo(kept - again, 12)
    expect(usd.saved.value).toBeLessThan(0)
  })

  it('takes off the definitions of the own server', async () => {
    const { tokens, usd } = await ledgerOf([
      [
        'schema',
        {
          at: T0,
          client: 'claude-code',
          server: 'mycelium',
          tool: 'expand',
          bytes: 400,
          tokens: 90,
          hash: 'h',
          source: 'daemon',
        },
      ],
      turn(10, 20_000),
      shortened(15),
      turn(20, 21_000),
    ])
    expect(tokens).toMatchObject({ own: 90, saved: { value: 310 } })
    expect(usd.own).toBeCloseTo((90 * (PRICE.write + PRICE.read)) / 1e6, 12)
  })

  it('does not take a result of a sub-agent for one of the main thread', async () => {
    const inAgent = { agent: 'a1', agentType: 'explore' }
    const { usd } = await ledgerOf([
      [
        'toolUse',
        {
          at: T0 + 14 * SECOND,
          client: 'claude-code',
          clientSession: 'one',
          project: '/p',
          ...inAgent,
          model: 'priced',
          message: 'x',
          toolUse: 'use-15',
          server: 'github',
          tool: 'list_issues',
          bytesIn: 1,
          bytesOut: 1,
          failed: false,
          durationUs: 1,
          file: '',
        },
      ],
      turn(10, 20_000),
      shortened(15),
      turn(16, 3_000, { ...inAgent, message: 'sub' }),
      turn(20, 21_000),
      turn(30, 22_000),
    ])
    expect(usd.saved.value).toBeCloseTo((400 * PRICE.write) / 1e6, 12)
  })

  it('keeps controls apart, and has no figure in dollars without a transcript', async () => {
    const { sessions, controls, results, usd, holdout, tokens } = await ledgerOf([
      shortened(1),
      shortened(2, { clientSession: 'two', outcome: 'held' }),
      shortened(3, { clientSession: 'two', outcome: 'held' }),
    ])
    expect({ sessions, controls }).toEqual({ sessions: 1, controls: 1 })
    expect(results).toEqual({ shortened: 1, refused: 0, held: 2, failed: 0 })
    expect(tokens.kept).toBe(400)
    expect(usd).toMatchObject({ priced: 0, kept: null, saved: { value: null } })
    expect(holdout.difference.value).toBeNull()
  })

  it('holds against controls only sessions that had something to shorten, as controls had', async () => {
    verifies('SAVE-1')
    const { holdout } = await ledgerOf([
      turn(0, 20_000),
      shortened(1),
      turn(0, 20_000, { clientSession: 'two', message: 'two' }),
      shortened(2, { clientSession: 'two', outcome: 'held' }),
      turn(0, 90_000, { clientSession: 'three', message: 'three' }),
      shortened(3, { clientSession: 'three', outcome: 'whole' }),
    ])
    expect([holdout.treated.n, holdout.control.n]).toEqual([1, 1])
    expect(holdout.difference.value).toBe(0)
  })

  it('tells of one session where it is asked for one', async () => {
    const events = [shortened(1), shortened(2, { clientSession: 'two' })]
    expect((await ledgerOf(events, 'two')).sessions).toBe(1)
    expect((await ledgerOf(events)).sessions).toBe(2)
  })
})
