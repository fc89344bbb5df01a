import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openClaude } from '../../src/core/usage/transcripts/claude.ts'
import { openCodex } from '../../src/core/usage/transcripts/codex.ts'
import { openGemini } from '../../src/core/usage/transcripts/gemini.ts'
import {
  byteText,
  jsonBytes,
  parseLine,
  resultBytes,
  textBytes,
} from '../../src/core/usage/transcripts/json-line.ts'
import { answer, result, use } from '../fixtures/transcripts/claude.ts'
import { emptyKept, type Kept, keep } from '../fixtures/transcripts/home.ts'
import { verifies } from '../requirements.ts'
import { FEWER_RUNS } from './message-text.ts'

type Open = typeof openClaude

const file = {
  client: 'x',
  path: '/rollout-2026-10-01T00-00-00-01a1fd55-0940-7703-9025-000000000001.jsonl',
  bytes: 0,
  mtimeMs: 0,
  bornMs: 0,
  hints: { slug: '-work-p' },
}

/** Reads the lines in parts, each by a reader that knows the last one's state only, as later imports do. */
function read(open: Open, records: readonly object[], cuts: readonly number[]): Kept {
  const kept = emptyKept()
  let state: unknown
  let from = 0
  for (const cut of [...cuts, records.length]) {
    const reader = open(file, state, (kind, event) => keep(kept, kind, event))
    for (const record of records.slice(from, cut)) reader.push(Buffer.from(JSON.stringify(record)))
    reader.flush()
    state = JSON.parse(JSON.stringify(reader.state()))
    from = cut
  }
  return kept
}

const rows = (kept: Kept) => ({
  responses: [...kept.responses.entries()].sort(),
  toolUses: [...kept.toolUses.entries()].sort(),
  costs: kept.costs,
  schemas: kept.schemas,
})

const small = fc.nat(6)
const claudeRecord = fc
  .tuple(small, small, fc.nat(900), fc.boolean(), fc.nat(3))
  .map(([n, tool, output, side, kind]) => {
    const more = side ? { isSidechain: true } : {}
    const entry = { uuid: `u${n}${tool}`, parent: `u${tool}${n}`, second: output, more }
    const id = n === 0 ? undefined : `msg_010000000000000${n}`
    if (kind === 0) return result(`t${tool}`, 'x'.repeat(output), entry)
    if (kind === 1) return { type: 'cost-state', sessionId: 's1', modelUsage: { m: { costUsd: output } } }
    return answer(id, output, kind === 2 ? use(`t${tool}`) : { type: 'text', text: 'x' }, entry)
  })
const codexRecord = fc.tuple(fc.nat(4), small, fc.nat(5)).map(([kind, n, k]) => {
  const usage = { input_tokens: n * 100, cached_input_tokens: n * 10, output_tokens: n }
  const payload = [
    { type: 'token_count', info: { total_token_usage: usage, last_token_usage: usage } },
    { type: 'function_call', name: 'shell', arguments: '{}', call_id: `c${k}` },
    { type: 'function_call_output', call_id: `c${k}`, output: 'x'.repeat(n) },
    { model: `m${k}`, cwd: '/work/p' },
    { id: `thread-${k}`, cwd: '/work/q' },
  ][kind]!
  const type = ['event_msg', 'response_item', 'response_item', 'turn_context', 'session_meta'][kind]!
  return { timestamp: new Date(Date.UTC(2026, 9, 1) + k * 1000).toISOString(), type, payload }
})
const geminiRecord = fc.tuple(fc.nat(2), small, fc.nat(5)).map(([kind, n, k]) => {
  const message = {
    id: `m${k}`,
    type: 'gemini',
    timestamp: new Date(n * 1000).toISOString(),
    tokens: { input: n, output: k },
  }
  return [message, { $set: { messages: [message] } }, { sessionId: `s${k}`, projectHash: 'h' }][kind]!
})

describe('a transcript read in any parts', () => {
  it.each<[string, Open, fc.Arbitrary<object>]>([
    ['Claude Code', openClaude, claudeRecord],
    ['Codex', openCodex, codexRecord],
    ['Gemini CLI', openGemini, geminiRecord],
  ])('gives what it gives in one go: %s', (_, open, record) => {
    verifies('USE-1')
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 40 }),
        fc.array(fc.nat(40), { maxLength: 3 }),
        (records, cuts) => {
          const sorted = cuts.map((cut) => Math.min(cut, records.length)).sort((a, b) => a - b)
          expect(rows(read(open, records, sorted))).toEqual(rows(read(open, records, [])))
        },
      ),
      { numRuns: FEWER_RUNS },
    )
  })
})

describe('a line read as bytes', () => {
  it('keeps every text, and its length in UTF-8', () => {
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const line = Buffer.from(JSON.stringify({ a, parts: [{ text: b }, { other: 1 }], input: { [a]: b } }))
        const { a: read, parts, input } = parseLine(line)
        // Lone halves of a pair have no UTF-8; a writer escapes them.
        if (!/\p{Surrogate}/u.test(a + b)) {
          expect(byteText(read)).toBe(a)
          expect(jsonBytes(input)).toBe(Buffer.byteLength(JSON.stringify({ [a]: b })))
          expect(resultBytes(parts)).toBe(Buffer.byteLength(b))
          expect(textBytes(read)).toBe(Buffer.byteLength(a))
        }
      }),
      { numRuns: FEWER_RUNS },
    )
  })

  it('counts what was escaped as the bytes it stands for', () => {
    const { a } = parseLine(Buffer.from('{"a":"\\u20ac\\ud83d\\ude00x"}'))
    expect([textBytes(a), byteText(a)]).toEqual([8, '€😀x'])
  })

  it('keeps every text however its writer spelled it', () => {
    const escaped = (text: string) =>
      JSON.stringify(text).replace(
        /[\u0080-\uffff]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    const text = fc.string({ unit: 'binary' }).filter((value) => !/\p{Surrogate}/u.test(value))
    fc.assert(
      fc.property(text, text, (a, b) => {
        const mixed = `${escaped(a).slice(0, -1)}${JSON.stringify(b).slice(1)}`
        const { a: read } = parseLine(Buffer.from(`{"a":${mixed}}`))
        expect([byteText(read), textBytes(read)]).toEqual([a + b, Buffer.byteLength(a + b)])
      }),
      { numRuns: FEWER_RUNS },
    )
    const { a } = parseLine(Buffer.from('{"a":"/w/M\\u00fcller/ü \\\\u00fc \\ud800"}'))
    expect(byteText(a)).toBe('/w/Müller/ü \\u00fc \ufffd')
  })

  it.each(['', '[]', '1', 'null', '{"a":', '{} x'])('refuses %j', (line) => {
    expect(() => parseLine(Buffer.from(line))).toThrow()
  })
})
