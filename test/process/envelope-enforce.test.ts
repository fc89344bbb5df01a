import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { runEnvelopeApply } from '../../src/commands/envelope-apply.ts'
import { runUndo } from '../../src/commands/undo.ts'
import { ladderHere } from '../../src/core/bounds/here.ts'
import type { Mechanism } from '../../src/core/bounds/rung.ts'
import { stopDaemon } from '../../src/core/daemon/connect.ts'
import { groupPrefix } from '../../src/core/daemon/records.ts'
import type { Enforcement } from '../../src/core/daemon/wire-envelopes.ts'
import { machineMemoryMb } from '../../src/core/machine-memory.ts'
import { capturedIo } from '../fixtures/captured-io.ts'
import { type DaemonHome, daemonHome, SERVERS, until } from '../fixtures/daemon-home.ts'
import { keepLimits, ownGroups } from '../fixtures/kept-limits.ts'
import { verifies } from '../requirements.ts'
import { isGone } from './programs.ts'

let home: DaemonHome
afterEach(() => home?.close())

const LEAKY = [process.execPath, join(SERVERS, 'leaky.mjs')]
const best = ladderHere({ given: '', from: 'best' }).rungs[0]!.mechanism
const groups = best.startsWith('cgroup') ? [best] : []
if (groups.length === 0) console.warn(`skipped here: control groups; the best of this machine is ${best}`)

/** Where the system counts ends, that is looked at too. */
const weighed: Mechanism = groups[0] ?? 'polling'

const set = (settings: Record<string, unknown>) =>
  writeFileSync(home.paths.settings, JSON.stringify(settings))
const log = () =>
  readFileSync(join(home.paths.log, 'daemon.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const logged = (event: string) => log().filter((one) => one.event === event)
const enforcement = () => home.ask<Enforcement>('enforcement')
const held = async (name: string) => (await enforcement()).servers.find(({ server }) => server === name)

/** Two servers under limits that the machine, or looking, holds them to. Nothing is lent unless settings say so. */
function begin(mechanism: Mechanism, hardMb = 150, settings = {}): void {
  home = daemonHome()
  home.define({ name: 'leaky', argv: LEAKY, mode: 'shared' }, { name: 'probe', mode: 'shared' })
  keepLimits(home.paths, { leaky: { softMb: hardMb - 20, hardMb }, probe: { softMb: 400, hardMb: 500 } })
  set({ 'envelope.enabled': true, 'envelope.lend': false, 'envelope.mechanism': mechanism, ...settings })
}

describe.each<Mechanism>([...groups, 'polling'])('a server that leaks, held by %s', (mechanism) => {
  it('is contained, answers each call once, works again, and its neighbour answers all the time', async () => {
    verifies('ENV-1')
    begin(mechanism)
    const [agent, neighbour] = [await home.agent('leaky'), await home.agent('probe')]
    await Promise.all([agent.initialize(), neighbour.initialize()])
    const probe = (await neighbour.call('pid')) as string
    let isOver = false
    const leak = agent.request('tools/call', { name: 'leak', arguments: { stepMs: 20 } }, '"leak"')
    const beside = agent.request('tools/call', { name: 'leak', arguments: { stepMs: 20 } }, '"beside"')
    void Promise.all([leak, beside]).then(() => {
      isOver = true
    })
    let answers = 0
    while (!isOver) {
      expect(await neighbour.call('echo', { text: String(answers) })).toBe(String(answers))
      answers++
    }
    expect(answers).toBeGreaterThan(10)
    for (const answer of [await leak, await beside])
      expect(answer.error).toMatchObject({
        code: -32004,
        message: expect.stringContaining('out-of-memory, limit 150 MB'),
      })
    expect(await agent.call('echo', { text: 'again' })).toBe('again')
    expect(await neighbour.call('pid')).toBe(probe)
    for (const id of ['"leak"', '"beside"'])
      expect(agent.lines.filter((line) => line.includes(`"id":${id}`))).toHaveLength(1)
    expect(logged('upstream-exited')).toMatchObject([{ server: 'leaky', how: 'out-of-memory, limit 150 MB' }])
    expect((await held('leaky'))?.processes).toMatchObject([{ mechanism, refused: null }])
  })

  it.runIf(mechanism === weighed)('is contained when a child of it leaks', async () => {
    verifies('ENV-1')
    begin(mechanism)
    home.define({ name: 'parent', argv: [...LEAKY, '--child'], mode: 'shared' })
    keepLimits(home.paths, { parent: { softMb: 130, hardMb: 150 } })
    const agent = await home.agent('parent')
    await agent.initialize()
    await agent.call('hold', { mb: 1 })
    void agent.request('tools/call', { name: 'leak', arguments: { stepMs: 20 } })
    await until('the end of the child, or of the server', () =>
      [...logged('memory-kill'), ...logged('memory-ended')].some(({ server }) => server === 'parent'),
    )
    expect(await agent.call('echo', { text: 'again' })).toMatch(/^(again|error -32004)/)
    expect(await agent.call('echo', { text: 'again' })).toBe('again')
  })
})

describe('a server that leaks again', () => {
  it('gets more from the second time on, but twice what was kept at most', async () => {
    verifies('ENV-1')
    begin('polling', 100)
    const agent = await home.agent('leaky')
    await agent.initialize()
    const leak = () => agent.call('leak', { mbPerStep: 60, stepMs: 20 })
    expect(await leak()).toContain('out-of-memory, limit 100 MB')
    expect((await held('leaky'))?.hardMb).toBe(100)
    expect(await leak()).toContain('out-of-memory, limit 100 MB')
    expect((await held('leaky'))?.hardMb).toBe(200)
    expect(await leak()).toContain('out-of-memory, limit 200 MB')
    expect((await held('leaky'))?.hardMb).toBe(200)
    expect(logged('memory-not-raised')).toHaveLength(1)
  })
})

describe.each<Mechanism>([...groups, 'polling'])(
  'a server over its limit where memory is lent, held by %s',
  (mechanism) => {
    it('goes on up to twice the limit, and no further', async () => {
      verifies('ENV-1')
      begin(mechanism, 150, { 'envelope.lend': true })
      const agent = await home.agent('leaky')
      await agent.initialize()
      await home.ask('enforce')
      const pid = await agent.call('pid')
      // Its runtime has some memory of its own beside.
      expect(await agent.call('hold', { mb: 150 })).toBe('150')
      await until('it was weighed', async () => ((await held('leaky'))?.processes[0]?.memoryMb ?? 0) > 150)
      expect(await agent.call('pid')).toBe(pid)
      expect((await held('leaky'))?.because).toBe('as kept, and 150 MB of the ceiling that nobody needs')
      expect(await agent.call('leak', { mbPerStep: 60, stepMs: 20 })).toContain('out-of-memory, limit 300 MB')
    })

    it('is held to its limit where the ceiling has no more', async () => {
      verifies('ENV-1')
      begin(mechanism, 150, { 'envelope.lend': true, 'envelope.ceiling': 400 / machineMemoryMb() })
      const [agent, neighbour] = [await home.agent('leaky'), await home.agent('probe')]
      await Promise.all([agent.initialize(), neighbour.initialize()])
      await home.ask('enforce')
      const both = (await enforcement()).servers.map(({ hardMb }) => hardMb ?? 0)
      expect(both[0]! + both[1]!).toBeLessThanOrEqual(401)
      expect(both[0]!).toBeLessThan(300)
      expect(await agent.call('leak', { mbPerStep: 60, stepMs: 20 })).toContain('out-of-memory')
    })
  },
)

describe('the setting', () => {
  it('off, changes nothing of a server; on, it counts at once, and off again lifts what was set', async () => {
    verifies('ENV-1')
    begin('polling')
    set({ 'envelope.enabled': false, 'envelope.mechanism': best })
    const agent = await home.agent('leaky')
    await agent.initialize()
    expect(await agent.call('options')).toBe('')
    const pid = Number(await agent.call('pid'))
    const group = () => readFileSync(`/proc/${pid}/cgroup`, 'utf8')
    const before = group()
    expect((await enforcement()).servers[0]?.processes).toMatchObject([{ mechanism: null }])
    set({ 'envelope.enabled': true, 'envelope.mechanism': best })
    await home.ask('reload')
    await home.ask('enforce')
    expect((await enforcement()).servers[0]?.processes).toMatchObject([
      { pid, mechanism: best, refused: null },
    ])
    if (groups.length > 0) expect(group()).not.toBe(before)
    set({ 'envelope.enabled': false, 'envelope.mechanism': best })
    await home.ask('reload')
    await home.ask('enforce')
    // Twice what it might have had.
    expect(await agent.call('hold', { mb: 300 })).toBe('300')
    expect(Number(await agent.call('pid'))).toBe(pid)
  })

  it('below what a server needs to start is raised until it starts', async () => {
    verifies('ENV-1')
    home = daemonHome()
    home.define({ name: 'leaky', argv: [...LEAKY, '--needs=180'], mode: 'shared' })
    keepLimits(home.paths, { leaky: { softMb: 40, hardMb: 50 } })
    set({ 'envelope.enabled': true, 'envelope.mechanism': weighed })
    const pid = await until(
      'a call is answered',
      async () => {
        const agent = await home.agent('leaky')
        await agent.initialize()
        const answer = await agent.call('pid')
        agent.kill()
        return /^\d+$/.test(String(answer)) && answer
      },
      30_000,
    )
    expect(pid).toMatch(/^\d+$/)
    const becauses = logged('memory-raised').map(({ because }) => because)
    expect(becauses.length).toBeGreaterThan(1)
    expect(becauses[0]).toBe('150 MB: it died for want of memory before it said anything')
  }, 40_000)

  it('goes by the ceiling where a file says more than there can be', async () => {
    verifies('ENV-1')
    begin(weighed)
    keepLimits(home.paths, {
      leaky: { softMb: 1e300, hardMb: Number.MAX_VALUE },
      probe: { softMb: 400, hardMb: 500 },
    })
    const [agent, neighbour] = [await home.agent('leaky'), await home.agent('probe')]
    await Promise.all([agent.initialize(), neighbour.initialize()])
    expect(await agent.call('options')).toMatch(/^--max-old-space-size=\d+$/)
    await home.ask('enforce')
    // What is nonsense takes nothing from others, nor the mechanism.
    expect((await held('leaky'))!.processes[0]).toMatchObject({ mechanism: weighed, refused: null })
    expect((await held('probe'))!.processes[0]).toMatchObject({ mechanism: weighed, refused: null })
    expect((await held('probe'))!.hardMb).toBeGreaterThan(400)
  })

  it('tells Node what it may have beside what the user told it, and others nothing', async () => {
    verifies('ENV-1')
    begin('polling', 200)
    const plain = await home.agent('leaky', { cwd: '/' })
    await plain.initialize()
    expect(await plain.call('options')).toBe('--max-old-space-size=150')
    set({ 'envelope.enabled': true, 'envelope.mechanism': 'polling', 'envelope.tell_runtimes': false })
    await home.ask('reload')
    await home.ask('drain', { names: ['leaky'] })
    expect(await plain.call('options')).toBe('')
  })
})

describe.each(groups)('control groups (%s)', (mechanism) => {
  const mine = () => {
    const place = groupPrefix(home.paths, { pid: 0, startTime: '' }).replace(/0$/, '')
    return ownGroups().filter((dir) => basename(dir).startsWith(place))
  }
  const hold = async () => {
    begin(mechanism)
    const agent = await home.agent('leaky')
    await agent.initialize()
    await home.ask('enforce')
    expect(mine()).toHaveLength(1)
    return agent
  }
  const killed = (pid: number) => {
    process.kill(pid, 'SIGKILL')
    return until(`the end of ${pid}`, () => isGone(pid))
  }

  it('are gone when the server ends, and when the daemon is stopped', async () => {
    verifies('ENV-1', 'POOL-3')
    await hold()
    await home.ask('drain', { names: ['leaky'] })
    await until('the group is gone', () => mine().length === 0)
    const next = await home.agent('leaky')
    await next.initialize()
    await home.ask('enforce')
    expect(mine()).toHaveLength(1)
    await stopDaemon(home.paths)
    expect(mine()).toEqual([])
  })

  it('are gone soon after the daemon was killed', async () => {
    verifies('ENV-1', 'POOL-3')
    await hold()
    await killed((await home.status()).pid)
    await until('the watcher has removed the group', () => mine().length === 0)
  })

  it.each(['the next daemon', 'undo'])('that nobody could remove go with %s', async (way) => {
    verifies('ENV-1', 'POOL-3')
    const agent = await hold()
    const server = Number(await agent.call('pid'))
    const { pid, watcherPid } = await home.status()
    await killed(watcherPid!)
    await killed(pid)
    agent.kill()
    await until('the server has ended by itself', () => isGone(server))
    expect(mine()).toHaveLength(1)
    if (way === 'undo') {
      const env = { HOME: home.dir, MYCELIUM_HOME: home.paths.root }
      expect(await runUndo(capturedIo(env, home.dir).io, {})).toBe(0)
    } else await home.status()
    await until('it is removed', () => mine().length === 0)
  })
})

describe('mycelium envelope apply', () => {
  const apply = async (names: readonly string[] = [], options = {}) => {
    const { io, said } = capturedIo(
      { HOME: home.dir, MYCELIUM_HOME: home.paths.root, COLUMNS: '100' },
      home.dir,
    )
    await runEnvelopeApply(io, names, options)
    return said()
  }

  it('shows what is held by what, and says what is in the way', async () => {
    verifies('ENV-1')
    home = daemonHome()
    await expect(apply()).rejects.toMatchObject({ code: 'envelope_none' })
    await home.close()
    begin('polling')
    set({ 'envelope.enabled': false })
    await expect(apply()).rejects.toMatchObject({
      code: 'envelope_off',
      hint: 'mycelium config set envelope.enabled=true',
    })
    expect(await apply([], { dryRun: true })).toMatch(
      /^not enforced: .*\n {2}next: .*dry run: nothing was changed/s,
    )
    set({ 'envelope.enabled': true, 'envelope.lend': false, 'envelope.mechanism': 'polling' })
    await expect(apply()).rejects.toMatchObject({ code: 'daemon_not_running' })
    await expect(apply(['leeky'])).rejects.toMatchObject({
      code: 'unknown_server',
      hint: 'did you mean leaky?',
    })
    const agent = await home.agent('leaky')
    await agent.initialize()
    keepLimits(home.paths, { leaky: { softMb: 111, hardMb: 222 } })
    const text = await apply(['leaky'])
    expect(text).toMatch(/^enforced by polling\n/)
    expect(text).toMatch(/\bleaky +111 MB +222 MB +1 +\d+ MB +polling +as kept/)
    const answer = JSON.parse(await apply([], { json: true }))
    expect(Object.keys(answer).sort()).toEqual([
      'ceilingMb',
      'dryRun',
      'enabled',
      'mechanism',
      'refused',
      'servers',
    ])
    expect(answer.servers[0]).toMatchObject({ server: 'leaky', softMb: 111, hardMb: 222, because: 'as kept' })
  })
})
