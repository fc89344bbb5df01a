import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runIdleEvaluate } from '../../src/commands/prewarm-idle.ts'
import { capturedIo } from '../fixtures/captured-io.ts'
import { traceText } from '../fixtures/idle-traces.ts'
import { verifies } from '../requirements.ts'

const dir = mkdtempSync(join(tmpdir(), 'mycelium-idle-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** A timer of 3 minutes and one use, over 24 minutes. */
const USES = [[0, 3, 6, 9, 12, 15, 18, 21], [13]]

async function said(text: string | Buffer, options = {}): Promise<string> {
  writeFileSync(join(dir, 'trace.csv'), text)
  const { io, said: all } = capturedIo({ COLUMNS: '80' }, dir)
  await runIdleEvaluate(io, 'trace.csv', options)
  return all()
}

describe('an evaluation of idle times', () => {
  it('says as JSON how often a policy was cold and how long it was warm', async () => {
    verifies('PRE-2')
    const answer = JSON.parse(await said(traceText(24, USES), { json: true }))
    expect(Object.keys(answer)).toEqual([
      'coldMinutes',
      'coldMinutesShare',
      'warmMinutes',
      'budgetWindow',
      'baselines',
      'pareto',
      'functions',
      'minutes',
      'judgedFrom',
      'invokedMinutes',
      'skippedRows',
    ])
    expect(Object.keys(answer.baselines)).toEqual([
      'fixed1',
      'fixed5',
      'fixed10',
      'fixed20',
      'fixed60',
      'fixed240',
      'hybrid10',
      'hybrid240',
    ])
    // From minute 12 on: uses at 12, 15, 18 and 21, a minute warm after each; the other at 13.
    expect(answer.baselines.fixed1).toEqual({ coldMinutes: 5, coldMinutesShare: 1, warmMinutes: 10 })
    expect(answer.baselines.fixed5).toEqual({ coldMinutes: 1, coldMinutesShare: 0.2, warmMinutes: 18 })
    expect(Object.keys(answer.pareto[0])).toEqual([
      'budgetWindow',
      'coldMinutes',
      'coldMinutesShare',
      'warmMinutes',
    ])
    const { functions, minutes, judgedFrom, invokedMinutes, skippedRows, budgetWindow } = answer
    expect({ functions, minutes, judgedFrom, invokedMinutes, skippedRows, budgetWindow }).toEqual({
      functions: 2,
      minutes: 24,
      judgedFrom: 12,
      invokedMinutes: 5,
      skippedRows: 0,
      budgetWindow: 20,
    })
  })

  it('counts lines that are no rows and says so; line ends of Windows and a missing last one are nothing', async () => {
    verifies('PRE-2')
    const lines = traceText(24, USES).trimEnd().split('\n')
    const odd = [
      'a,b,c,1',
      `a,b,c,${Array(24).fill('x')}`,
      `a,b,c,${Array(24).fill(-1)}`,
      `a,b,c,${Array(24).fill('')}`,
    ]
    const text = [...lines, ...odd, lines[1], 'z'.repeat(5_000_000)].join('\r\n')
    const answer = JSON.parse(await said(text, { json: true }))
    expect([answer.functions, answer.skippedRows]).toEqual([3, 5])
    expect(await said(text)).toContain('5 lines left out')
  })

  it('fits a table into the terminal, with a verdict that may go either way', async () => {
    const text = await said(traceText(24, USES))
    expect(text).toMatch(/fixed 20 min/)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(await said(traceText(24, [[1]]))).toContain('nothing to compare')
    // One use for each function: there is nothing to learn.
    expect(await said(traceText(24, [[14], [15]]))).toContain('do not beat')
  })

  it.each([
    ['nothing', ''],
    ['a header alone', traceText(24, [])],
    ['rows without a header', traceText(24, USES).split('\n').slice(1).join('\n')],
    ['other columns', 'a,b,c,mean,most\n1,2,3,4,5\n'],
    ['too few columns', 'a,b,c\n1,2,3\n'],
    ['rows that are none', 'a,b,c,1,2\nx\ny\n'],
    ['bytes', Buffer.from([0, 1, 2, 255, 254, 10, 0, 0, 44, 44, 44, 44])],
    ['a header without end', 'a,'.repeat(3_000_000)],
  ])('refuses %s and says what a trace is', async (_, text) => {
    verifies('PRE-2')
    await expect(said(text)).rejects.toMatchObject({ code: 'idle_trace_invalid' })
  })

  it('names a file that is not there, and does not wait for what is no file', async () => {
    const { io } = capturedIo({}, dir)
    await expect(runIdleEvaluate(io, 'none.csv', {})).rejects.toMatchObject({ code: 'path_missing' })
    await expect(runIdleEvaluate(io, '.', {})).rejects.toMatchObject({ code: 'config_unreadable' })
  })
})
