import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Batch, Scratch } from '../../src/core/events/batch.ts'
import { KIND_ORDER, KINDS } from '../../src/core/events/event.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Segments outlive the version that wrote them: kinds and columns are only ever added at the end. */
const COLUMNS = {
  call: 'at time, session text, clientSession text, client text, project text, server text, method text, tool text, mode text, via text, toolUse label, bytesIn count, bytesOut count, queueUs count, upstreamUs count, outcome text, code text, effect text, savedBytes count',
  session:
    'at time, session text, clientSession text, client text, project text, server text, mode text, via text, event text, warm flag, durationUs count, calls count, because text',
  process:
    'at time, server text, pid count, mode text, event text, durationUs count, calls count, because text',
  sample:
    'at time, server text, pid count, processes count, rssKb count, pssKb known, cpuMs count, sessions count',
  schema: 'at time, client text, server text, tool text, bytes count, tokens known, hash label, source text',
  decision:
    'at time, policy text, server text, action text, accepted flag, because text, clientSession text, savedTokens count',
  hook: 'at time, client text, clientSession text, project text, agent text, event text, tool text, toolUse label, bytesIn count, bytesOut count, durationUs known, outcome text',
  response:
    'at time, client text, clientSession text, project text, agent text, agentType text, model text, message label, inputTokens count, outputTokens count, cacheWrite5mTokens count, cacheWrite1hTokens count, cacheReadTokens count, reasoningTokens count, clientCostUsd cost',
  toolUse:
    'at time, client text, clientSession text, project text, agent text, agentType text, model text, message label, toolUse label, server text, tool text, bytesIn count, bytesOut known, failed flag, durationUs known, file label',
  clientCost:
    'at time, client text, clientSession text, project text, model text, inputTokens count, outputTokens count, cacheWriteTokens count, cacheReadTokens count, costUsd cost',
  progress:
    'at time, client text, path label, identity label, offset count, records count, skipped count, broken count, state label',
  compression:
    'at time, session text, clientSession text, client text, project text, server text, tool text, toolUse label, handle label, strategies text, outcome text, tier text, lossless flag, tokensBefore count, tokensAfter count, shownTokens count, similarity known, lost count, durationUs count, because text',
  expansion:
    'at time, session text, clientSession text, client text, project text, handle label, tokens count, via text',
  guess:
    'at time, server text, client text, clientSession text, project text, event text, cause text, chance count, coldUs count, memoryKb count, heldUs count, savedUs count, costUs count, because text',
  allowance:
    'at time, client text, clientSession text, project text, agent text, agentType text, workflow text, action text, grantedTokens count, spentTokens count, savedTokens count',
}

const FRAME = [
  '4d594531673e9cf882010000020000000013000002000038bbd70219430000e8',
  '0301000000010000000100000073000000000000000000010000000000000000',
  '0000000000000000000000000100000001000000010000006300000000000000',
  '00000100000002000000020000002f7000000000000000000001000000010000',
  '000100000067000000000000000000010000000a0000000a000000746f6f6c73',
  '2f63616c6c0000000000000000000200000003000000010000000300000074c3',
  'bc01000000000000000000010100000006000000060000007368617265640000',
  '0000000000000001000000010000000100000063000000000000000000020000',
  '0004000000020000000400000075317532010000000000000000000101000000',
  '00000024400005000000000000c0724000000000000000144004000000000000',
  'f03f6f110100000000000100000002000000020000006f6b0000000000000000',
  '0001000000000000000000000000000000000000000001000000000000000000',
  '000000000000000000000001000000000000f0bf0100',
].join('')

describe('a segment', () => {
  it('has the kinds and columns that it always had, in that order', () => {
    const columns = KIND_ORDER.map((kind) => [
      kind,
      Object.entries(KINDS[kind])
        .map(([name, type]) => `${name} ${type}`)
        .join(', '),
    ])
    expect(columns).toEqual(Object.entries(COLUMNS))
  })

  it('has the bytes that it always had', () => {
    const call = {
      at: 1_760_000_000_000_000,
      session: 's',
      clientSession: '',
      client: 'c',
      project: '/p',
      server: 'g',
      method: 'tools/call',
      tool: 't',
      mode: 'shared',
      via: 'c',
      toolUse: 'u1',
      bytesIn: 10,
      bytesOut: 300,
      queueUs: 5,
      upstreamUs: 70_000,
      outcome: 'ok',
      code: '',
      effect: '',
      savedBytes: 0,
    }
    const batch = new Batch('call', new Scratch())
    batch.add(call)
    const other = { at: call.at + 1000, tool: 'ü', toolUse: 'u2', bytesIn: 15, upstreamUs: 1, savedBytes: -1 }
    batch.add({ ...call, ...other })
    expect(batch.take().toString('hex')).toBe(FRAME)
  })
})

it('docs/usage-database.md says what the database says', () => {
  execFileSync(process.execPath, [`${root}scripts/database-doc.mjs`, '--check'], { stdio: 'pipe' })
})
