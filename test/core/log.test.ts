import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { StderrLog } from '../../src/core/daemon/stderr-log.ts'
import { openLog } from '../../src/core/log.ts'
import { verifies } from '../requirements.ts'

const directory = mkdtempSync(join(tmpdir(), 'my-log-'))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

it('a log is four files of at most 10 MiB each, the newest lines in the one without a number', () => {
  verifies('POOL-2')
  const log = openLog(directory, systemClock)
  const lines = Array.from({ length: 1_000 }, () => 'x'.repeat(1_000))
  for (let i = 0; i < 60; i++) log.server('big', lines)
  log.server('big', ['the newest'])
  expect(readdirSync(directory).sort()).toEqual(['', '.1', '.2', '.3'].map((n) => `server-big.log${n}`))
  for (const name of readdirSync(directory))
    expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(10 * 1024 * 1024)
  expect(readFileSync(join(directory, 'server-big.log'), 'utf8')).toContain('the newest')
})

it('of a line that is left out in part nothing is kept, so that no half of a secret is', () => {
  verifies('POOL-2')
  const due: (() => void)[] = []
  const after = (_: number, run: () => void) => {
    due.push(run)
    return () => {}
  }
  const clock: Clock = { ...systemClock, after }
  const kept: string[] = []
  const log = { event: () => {}, server: (_: string, lines: readonly string[]) => kept.push(...lines) }
  const said = new StderrLog({ server: 's', secrets: ['secret-value'] }, clock, log)
  said.push(Buffer.from(`first secret-value\nhalf of secret-`))
  const flood = 'e\n'.repeat(10_000)
  said.push(Buffer.from(`value is redacted\n${flood}cut sec`))
  said.push(Buffer.from('ret-va'))
  for (const run of due.splice(0)) run()
  said.push(Buffer.from('lue\nwhole again\n'))
  said.end()
  expect(kept.filter((line) => line !== 'e' && !line.includes('left out'))).toEqual([
    'first [redacted]',
    'half of [redacted] is redacted',
    'whole again',
  ])
})
