import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runEnvelopeEvaluate } from '../../src/commands/envelope-evaluate.ts'
import { capturedIo } from '../fixtures/captured-io.ts'
import { samplesOf } from '../fixtures/memory-traces.ts'
import { verifies } from '../requirements.ts'

const dir = mkdtempSync(join(tmpdir(), 'mycelium-envelope-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function said(text: string, options = {}): Promise<string> {
  writeFileSync(join(dir, 'trace.csv'), text)
  const { io, said: all } = capturedIo({ COLUMNS: '80' }, dir)
  await runEnvelopeEvaluate(io, { trace: 'trace.csv', ...options })
  return all()
}

const recording = samplesOf('steady', 300, 1)
  .map(({ atMs, mb }) => `fs,${atMs / 1000},${mb.toFixed(2)}\n`)
  .join('')

describe('an evaluation of memory limits', () => {
  it('answers as JSON in a shape that stays', async () => {
    verifies('ENV-1')
    const answer = JSON.parse(await said(`server,time,MB\n${recording}broken\nfs,1,\n`, { json: true }))
    expect(Object.keys(answer)).toEqual([
      'slack',
      'slackByMemory',
      'outOfMemory',
      'peakMb',
      'lent',
      'ceilingMb',
      'peakReduction',
      'baselines',
      'n',
      'whole',
      'judgedFrom',
      'staticMargin',
      'timeUnit',
      'skippedLines',
      'servers',
    ])
    const { n, skippedLines, timeUnit, judgedFrom, staticMargin, baselines } = answer
    expect({ n, skippedLines, timeUnit, judgedFrom, staticMargin }).toEqual({
      n: { servers: 1, samples: 300 },
      skippedLines: 2,
      timeUnit: 's',
      judgedFrom: 0.2,
      staticMargin: 0.2,
    })
    expect(Object.keys(baselines)).toEqual(['static', 'staticBare', 'staticSafe', 'quantile', 'strict'])
    expect(Object.keys(baselines.static)).toEqual(['slack', 'slackByMemory', 'outOfMemory', 'peakMb'])
    expect(answer.outOfMemory).toBe(0)
  })

  it('fits 80 columns for people, and says what was left out', async () => {
    verifies('ENV-1')
    const text = await said(`${recording}broken\n`)
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(text).toContain('1 line left out: not server,time,MB.')
    expect(text).toMatch(/^envelopes +\d+\.\d % +\d+\.\d % +0 +\d+ MB$/m)
  })

  it('takes one sample, and says nothing that it cannot know', async () => {
    verifies('ENV-1')
    expect(JSON.parse(await said('a,1,80\n', { json: true }))).toMatchObject({ slack: 0, outOfMemory: 0 })
  })

  it('names what is wrong with a file', async () => {
    verifies('ENV-1')
    await expect(said('')).rejects.toMatchObject({ code: 'memory_trace_invalid' })
    await expect(said('server,time,MB\n')).rejects.toThrow(/has no samples/)
    await expect(said('a;1;80\nb;2;90\n')).rejects.toThrow(/none of the 2 lines/)
    await expect(said('', { trace: 'none.csv' })).rejects.toMatchObject({ code: 'path_missing' })
    await expect(said('', { trace: '.' })).rejects.toMatchObject({ code: 'config_unreadable' })
  })
})
