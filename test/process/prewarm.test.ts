import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtCli, ended } from '../fixtures/built-cli.ts'
import { PROBE } from '../fixtures/daemon-home.ts'
import { callOf } from '../fixtures/event-values.ts'
import { segmentWriter } from '../fixtures/events.ts'
import { habitualSessions, sequenceLines, TEXTS } from '../fixtures/sequences.ts'
import { verifies } from '../requirements.ts'

// The real command over a real store.

const home = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
const root = join(home, '.mycelium')
const model = join(root, 'models/prewarm.json')
const sessions = habitualSessions(120)
let bin: string

beforeAll(() => {
  bin = builtCli()
  writeFileSync(join(home, 'calls.jsonl'), sequenceLines(sessions))
  writeFileSync(join(home, 'timed.jsonl'), sequenceLines(sessions, Date.UTC(2026, 0, 1)))
  writeFileSync(join(home, 'tools.json'), JSON.stringify(TEXTS))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const run = (...args: string[]) =>
  ended(process.execPath, [bin, 'prewarm', ...args], { HOME: home, PATH: process.env.PATH, COLUMNS: '80' })

describe('mycelium prewarm evaluate', () => {
  it('replays a file in folds of whole sessions, or by time where it has times', async () => {
    verifies('PRE-1')
    const { code, stdout, stderr } = await run(
      'evaluate',
      '--sequences',
      'calls.jsonl',
      '--tools',
      'tools.json',
      '--json',
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const told = JSON.parse(stdout)
    expect(Object.keys(told)).toEqual([
      'nextTool',
      'newServer',
      'gate',
      'baselines',
      'brier',
      'reliability',
      'split',
      'predictUs',
      'trainMs',
    ])
    expect(Object.keys(told.baselines)).toEqual(['frequency', 'mru', 'markov1'])
    expect(told.nextTool.n).toBe(sessions.reduce((n, { calls }) => n + calls.length - 1, 0))
    expect(told.nextTool.hit3).toBeGreaterThan(told.baselines.markov1.nextTool.hit3)
    expect(told.split).toBe('folds')
    const timed = JSON.parse((await run('evaluate', '--sequences', 'timed.jsonl', '--json')).stdout)
    expect(timed.split).toBe('time')
    expect(timed.nextTool.n).toBeLessThan(told.nextTool.n)
  })

  it('replays a trace of idle times, and not together with calls', async () => {
    verifies('PRE-2')
    const header = ['a', 'b', 'c', ...Array.from({ length: 60 }, (_, i) => `minute_${i + 1}`)].join(',')
    const row = ['x', 'y', 'z', ...Array.from({ length: 60 }, (_, i) => (i % 20 === 0 ? 1 : 0))].join(',')
    writeFileSync(join(home, 'uses.csv'), `${header}\n${row}\n`)
    const told = await run('evaluate', '--idle-trace', 'uses.csv', '--json')
    expect({ code: told.code, stderr: told.stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(told.stdout)).toMatchObject({
      coldMinutesShare: expect.any(Number),
      warmMinutes: expect.any(Number),
      baselines: { fixed20: { coldMinutesShare: 0 } },
    })
    const both = await run('evaluate', '--idle-trace', 'uses.csv', '--sequences', 'calls.jsonl')
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be used with') })
  })

  it('ends at Ctrl-C, however long it reckons', async () => {
    const minutes = 20_000
    const row = Array.from({ length: minutes }, (_, i) => (i % 7 === 0 ? 1 : 0)).join(',')
    const names = Array.from({ length: minutes }, (_, i) => `m${i}`).join(',')
    writeFileSync(join(home, 'long.csv'), `a,b,c,${names}\n${`x,y,z,${row}\n`.repeat(400)}`)
    const child = spawn(process.execPath, [bin, 'prewarm', 'evaluate', '--idle-trace', 'long.csv'], {
      env: { HOME: home, PATH: process.env.PATH },
      cwd: home,
      stdio: 'ignore',
    })
    setTimeout(() => child.kill('SIGINT'), 2_000)
    const how = await new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)))
    expect(['SIGINT', 130]).toContain(how)
  }, 15_000)

  it('counts lines that are no calls, and refuses a file without any', async () => {
    writeFileSync(join(home, 'broken.jsonl'), `{oh\n${sequenceLines(sessions.slice(0, 10))}{"session":"x"}\n`)
    const some = await run('evaluate', '--sequences', 'broken.jsonl', '--json')
    expect(some.code).toBe(0)
    expect(some.stderr).toBe('2 lines of broken.jsonl are no calls and were left out, the first is line 1\n')
    writeFileSync(join(home, 'none.jsonl'), 'nothing\n')
    for (const file of ['none.jsonl', 'absent.jsonl', '.']) {
      const none = await run('evaluate', '--sequences', file)
      expect(none.code).toBe(1)
      expect(none.stderr).toMatch(/^mycelium: .*\n {2}next: /)
    }
    const one = await run('evaluate', '--sequences', 'calls.jsonl', '--tools', 'calls.jsonl')
    expect(one.code).toBe(1)
  })
})

describe('mycelium prewarm train', () => {
  it('says so where nothing was recorded, and what to do where nothing was trained', async () => {
    const { code, stderr } = await run('train')
    expect(code).toBe(1)
    expect(stderr).toContain('no call was recorded yet')
    const status = await run('status')
    expect(status.code).toBe(1)
    expect(status.stderr).toContain('next: mycelium prewarm train')
    expect((await run('predict', '--after', 'a/b')).code).toBe(1)
  })

  it('learns from the store, tells how good that is, and predicts by it', async () => {
    verifies('PRE-1')
    mkdirSync(join(root, 'events'), { recursive: true })
    const writer = segmentWriter(join(root, 'events'))
    let step = 0
    for (const { id, calls } of sessions)
      for (const { server, tool } of calls)
        writer.append('call', { ...callOf('w', step++), session: id, clientSession: id, server, tool })
    writer.close()
    const train = await run('train', '--json')
    expect({ code: train.code, stderr: train.stderr }).toEqual({ code: 0, stderr: '' })
    const told = JSON.parse(train.stdout)
    expect(told).toMatchObject({
      calls: step,
      sessions: sessions.length,
      halfLifeDays: 30,
      servers: 3,
      tools: 5,
    })
    expect(told.modelBytes).toBeLessThan(5_000_000)
    const worth = (hits: { hit1: number; hit3: number }) => hits.hit1 + hits.hit3
    const { nextTool, baselines } = told.heldOut
    const simple = Object.values<{ nextTool: { hit1: number; hit3: number } }>(baselines)
    expect(told.verdict.use).toBe(simple.every((one) => worth(nextTool) > worth(one.nextTool)))
    const { guesses, ...status } = JSON.parse((await run('status', '--json')).stdout)
    expect(status).toEqual(told)
    expect(guesses).toMatchObject({ started: 0, hits: 0, latest: { n: 0 }, paused: null })
    expect((await run('status')).stdout).toContain('Nothing was started by it yet')
    const { stdout } = await run('predict', '--after', 'store/describe_rows', '--json')
    expect(JSON.parse(stdout).tools[0]).toMatchObject({ server: 'store', tool: 'query_rows' })
    const bySession = await run('predict', '--session', sessions[0]!.id, '--json')
    expect(JSON.parse(bySession.stdout).after).toHaveLength(sessions[0]!.calls.length)
    expect((await run('predict', '--session', 'nobody')).code).toBe(1)
    expect((await run('predict', '--after', 'nonsense')).code).toBe(2)
    const byText = await run('predict', '--prompt', 'plan the route', '--tools', 'tools.json', '--json')
    expect(JSON.parse(byText.stdout).newServers[0].server).toBe('maps')
  }, 60_000)

  it('run has the daemon start what is more likely than not, by a model that is good enough', async () => {
    verifies('PRE-1')
    mkdirSync(join(home, '.cursor'))
    const entry = { command: process.execPath, args: [PROBE] }
    writeFileSync(join(home, '.cursor/mcp.json'), JSON.stringify({ mcpServers: { store: entry } }))
    const env = { HOME: home, PATH: process.env.PATH }
    expect((await ended(process.execPath, [bin, 'init', '--yes'], env)).code).toBe(0)
    const stored = JSON.parse(readFileSync(model, 'utf8'))
    const judged = (use: boolean) => {
      stored.training.verdict = { use, because: 'the test says so' }
      writeFileSync(model, JSON.stringify(stored))
    }
    try {
      judged(true)
      const told = JSON.parse((await run('run', '--after', 'store/describe_rows', '--json')).stdout)
      expect(told).toMatchObject({
        used: true,
        servers: [
          {
            server: 'store',
            probability: expect.any(Number),
            state: expect.stringMatching(/^(warm|started)$/),
          },
        ],
      })
      judged(false)
      expect(await run('run', '--after', 'store/describe_rows')).toMatchObject({
        code: 0,
        stdout: 'nothing was started: the test says so\n',
      })
    } finally {
      await ended(process.execPath, [bin, 'daemon', 'stop'], env)
    }
  }, 20_000)

  it('asks for a new training where the model is of another version or broken, and undo removes it', async () => {
    const stored = JSON.parse(readFileSync(model, 'utf8'))
    for (const text of [
      JSON.stringify({ ...stored, version: 99 }),
      '{"version":1',
      '[]',
      '{"version":1,"tools":[[7,"x"]]}',
    ]) {
      writeFileSync(model, text)
      const { code, stderr } = await run('status')
      expect({ code, next: stderr.includes('mycelium prewarm train') }).toEqual({ code: 1, next: true })
    }
    await ended(process.execPath, [bin, 'undo', '--yes'], { HOME: home, PATH: process.env.PATH })
    expect(existsSync(model)).toBe(false)
  })
})
