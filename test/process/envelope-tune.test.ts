import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runEnvelopeReset, runEnvelopeShow, runEnvelopeTune } from '../../src/commands/envelope.ts'
import { removeOurFiles } from '../../src/core/clients/our-files.ts'
import { type Paths, pathsOf, preparePaths } from '../../src/core/config/paths.ts'
import { readEnvelopes } from '../../src/core/policy/envelope/file.ts'
import { capturedIo } from '../fixtures/captured-io.ts'
import { segmentWriter } from '../fixtures/events.ts'
import { verifies } from '../requirements.ts'

let home: string
let paths: Paths
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
  paths = pathsOf(join(home, '.mycelium'))
  preparePaths(paths)
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const MINUTE = 60_000
const startMs = Date.now() - 120 * MINUTE

interface Recorded {
  readonly server: string
  readonly mb: (minute: number) => number
  readonly pids?: readonly number[]
  readonly diedAt?: number
  readonly because?: string
}

/** Two hours of what the daemon writes down of servers. */
async function record(...servers: readonly Recorded[]): Promise<void> {
  const writer = segmentWriter(paths.events)
  for (const { server, mb, pids = [7], diedAt, because = 'signal SIGKILL' } of servers) {
    for (let minute = 0; minute < 120; minute++)
      for (const pid of pids) {
        const kb = Math.round(mb(minute) * 1024)
        writer.append('sample', {
          at: (startMs + minute * MINUTE) * 1000,
          server,
          pid,
          processes: 1,
          rssKb: 2 * kb,
          pssKb: kb,
          cpuMs: 0,
          sessions: 1,
        })
      }
    if (diedAt !== undefined)
      writer.append('process', {
        at: (startMs + diedAt * MINUTE) * 1000,
        server,
        pid: 7,
        mode: 'shared',
        event: 'ended',
        durationUs: 1,
        calls: 0,
        because,
      })
  }
  await writer.close()
}

type Command = (io: ReturnType<typeof capturedIo>['io']) => Promise<void>

async function said(command: Command): Promise<string> {
  const { io, said } = capturedIo({ HOME: home, COLUMNS: '100' }, home)
  await command(io)
  return said()
}

const tune = async (options = {}) =>
  JSON.parse(await said((io) => runEnvelopeTune(io, { json: true, ...options })))
const wave = (minute: number) => 80 + 5 * (minute % 2)

describe('mycelium envelope tune', () => {
  it('keeps limits from what the store has, and show says the same', async () => {
    verifies('ENV-1')
    await record({ server: 'fs', mb: wave }, { server: 'mycelium', mb: () => 60 })
    const answer = await tune()
    expect(Object.keys(answer)).toEqual([
      'tunedAt',
      'kept',
      'ceilingMb',
      'guaranteesFit',
      'servers',
      'resets',
      'enforcement',
    ])
    expect(answer.enforcement).toMatchObject({ enabled: false, mechanism: expect.any(String) })
    expect(answer).toMatchObject({ kept: true, guaranteesFit: true, resets: {} })
    const [fs, ...rest] = answer.servers
    expect(rest).toEqual([])
    expect(Object.keys(fs)).toEqual([
      'server',
      'softMb',
      'hardMb',
      'guaranteeMb',
      'asideMb',
      'confidence',
      'because',
      'since',
      'processes',
    ])
    expect(fs.hardMb).toBeGreaterThan(85)
    expect(fs.hardMb).toBeLessThan(110)
    expect(fs.softMb).toBeLessThanOrEqual(fs.hardMb)
    expect(fs).toMatchObject({ server: 'fs', processes: 1 })
    expect(JSON.parse(await said((io) => runEnvelopeShow(io, { json: true })))).toEqual(answer)
    const text = await said((io) => runEnvelopeShow(io, {}))
    expect(text).toMatch(/^1 server; hard limits of all processes come to \d+ MB of /)
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
    expect(statSync(paths.envelopes).mode & 0o777).toBe(0o600)
  })

  it('keeps nothing when it is only tried', async () => {
    verifies('ENV-1')
    await record({ server: 'fs', mb: wave })
    expect(await tune({ dryRun: true })).toMatchObject({ kept: false })
    expect(existsSync(paths.envelopes)).toBe(false)
    await expect(said((io) => runEnvelopeShow(io, {}))).rejects.toMatchObject({ code: 'envelope_none' })
  })

  it('gives more after a process ended by SIGKILL, and says so', async () => {
    verifies('ENV-1')
    await record({ server: 'killed', mb: wave, diedAt: 119 }, { server: 'other', mb: wave })
    const [killed, other] = (await tune()).servers
    expect(killed.hardMb).toBeGreaterThan(other.hardMb + 50)
    expect(killed.because).toContain('for want of memory')
  })

  it('knows of a death by a limit of ours what the process had', async () => {
    verifies('ENV-1')
    const because = 'out-of-memory, limit 300 MB'
    await record({ server: 'held', mb: wave, diedAt: 119, because })
    const [held] = (await tune()).servers
    expect(held.hardMb).toBeGreaterThanOrEqual(400)
    expect(held.because).toContain('for want of memory')
  })

  it('stays within the ceiling for all processes, and says what was cut', async () => {
    verifies('ENV-1')
    await record({ server: 'one', mb: wave, pids: [1, 2, 3] }, { server: 'two', mb: wave })
    const ceilingMb = 0.01
    const answer = await tune({ config: [`envelope.ceiling=${ceilingMb}`] })
    const total = answer.servers.reduce(
      (sum: number, one: { hardMb: number; processes: number }) => sum + one.hardMb * one.processes,
      0,
    )
    expect(answer.servers[0].processes).toBe(3)
    expect(total).toBeLessThanOrEqual(answer.ceilingMb)
    const wanted = (await tune({ dryRun: true, config: ['envelope.ceiling=1'] })).servers
    if (answer.ceilingMb < 380)
      expect(answer.servers[0].because).toMatch(/^cut by the ceiling: \d+ MB were wanted$/)
    expect(wanted[0].hardMb).toBeGreaterThan(85)
  })

  it('says that nothing was recorded, and leaves what was kept', async () => {
    verifies('ENV-1')
    expect(await tune()).toMatchObject({ kept: false, servers: [] })
    expect(existsSync(paths.envelopes)).toBe(false)
    const kept = JSON.stringify({
      version: 1,
      tunedAt: '2026-01-01T00:00:00Z',
      ceilingMb: 100,
      guaranteesFit: true,
      servers: {},
      resets: { fs: '2026-01-01T00:00:00Z' },
    })
    mkdirSync(paths.models)
    writeFileSync(paths.envelopes, kept)
    await record({ server: 'mycelium', mb: () => 60 })
    expect(await said((io) => runEnvelopeTune(io, {}))).toMatch(/^the memory of no server was recorded/)
    expect(readFileSync(paths.envelopes, 'utf8')).toBe(kept)
  })

  it.each(['', '{', '[]', 'null', '{"version":2}', '{"version":1,"servers":{"a":{}}}'])(
    'takes a damaged file (%j) for none, and writes it anew',
    async (text) => {
      verifies('ENV-1')
      mkdirSync(paths.models)
      writeFileSync(paths.envelopes, text)
      expect(readEnvelopes(paths)).toBeUndefined()
      await record({ server: 'fs', mb: wave })
      await tune()
      expect(readEnvelopes(paths)?.servers).toHaveProperty('fs')
    },
  )
})

describe('mycelium envelope reset', () => {
  it('forgets one server, and what was recorded of it so far', async () => {
    verifies('ENV-1')
    await record({ server: 'fs', mb: wave }, { server: 'git', mb: wave })
    await tune()
    await said((io) => runEnvelopeReset(io, 'fs', {}))
    expect(Object.keys(readEnvelopes(paths)!.servers)).toEqual(['git'])
    const { servers } = await tune()
    expect(servers.map(({ server }: { server: string }) => server)).toEqual(['git'])
  })

  it('names the server that was meant', async () => {
    verifies('ENV-1')
    await expect(said((io) => runEnvelopeReset(io, 'fs', {}))).rejects.toMatchObject({
      code: 'envelope_none',
    })
    await record({ server: 'github', mb: wave })
    await tune()
    await expect(said((io) => runEnvelopeReset(io, 'githb', {}))).rejects.toMatchObject({
      code: 'unknown_server',
      hint: 'did you mean github?',
    })
  })
})

it('undo takes the limits away, and what a killed write left of them', async () => {
  verifies('ENV-1')
  await record({ server: 'fs', mb: wave })
  await tune()
  writeFileSync(`${paths.envelopes}.12.0123abcd.tmp`, '')
  removeOurFiles(paths, { launchers: new Set(), backups: new Set(), usage: false })
  expect(existsSync(paths.root)).toBe(false)
})
