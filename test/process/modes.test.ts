import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { type DaemonHome, daemonHome, PROBE, until } from '../fixtures/daemon-home.ts'
import { defineServer } from '../fixtures/probe-log.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

const INTERACTIVE = { elicitation: {}, sampling: {} }

function starts(log: string): number {
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"start"')).length
}

test('in session mode each session has a process of its own, and it ends with the session', async () => {
  verifies('POOL-1')
  home = daemonHome()
  home.define({ name: 'own' })
  const [a, b] = [await home.agent('own'), await home.agent('own')]
  await Promise.all([a.initialize(), b.initialize()])
  const [pidA, pidB] = await Promise.all([a.call('pid'), b.call('pid')])
  expect(pidA).not.toBe(pidB)
  a.kill()
  await until('the process of the ended session is gone', () => !alive(Number(pidA)))
  expect(await b.call('pid')).toBe(pidB)
})

test('a session takes the spare that was started and greeted ahead', async () => {
  verifies('POOL-1')
  home = daemonHome()
  const log = join(home.dir, 'probe.log')
  home.define({ name: 'own', envNames: ['PROBE_LOG', 'PROBE_START_MS'] })
  const env = { ...home.env, PROBE_LOG: log, PROBE_START_MS: '700' }
  const first = await home.agent('own', { env })
  await first.initialize()
  const spare = await until(
    'there is a spare',
    async () => (await home.servers())[0]?.pools[0]?.upstreams.find((one) => one.state === 'spare')?.pid,
  )
  const second = await home.agent('own', { env })
  const before = performance.now()
  await second.initialize()
  expect(await second.call('pid')).toBe(String(spare))
  expect(performance.now() - before).toBeLessThan(600)
})

test('there is at most one spare per server, and it ends when nobody takes it', async () => {
  verifies('POOL-1')
  home = daemonHome({ spareMs: 2_500 })
  home.define({ name: 'own' })
  const agents = [await home.agent('own'), await home.agent('own'), await home.agent('own', { cwd: '/tmp' })]
  await Promise.all(agents.map((agent) => agent.initialize()))
  const spares = async (): Promise<number> =>
    (await home.servers())[0]!.pools.flatMap((pool) => pool.upstreams).filter((one) => one.state === 'spare')
      .length
  await until('a spare', async () => (await spares()) === 1)
  expect((await home.servers())[0]!.processes).toBe(4)
  await until('the spare is gone', async () => (await spares()) === 0)
})

test('in shared mode all sessions use one process, one by one and all at once', async () => {
  verifies('POOL-1')
  home = daemonHome()
  home.define({ name: 'all', mode: 'shared' })
  const agents = await Promise.all(Array.from({ length: 8 }, () => home.agent('all')))
  await Promise.all(agents.map((agent) => agent.initialize()))
  const pids = await Promise.all(
    agents.flatMap((agent) => Array.from({ length: 8 }, () => agent.call('pid'))),
  )
  expect(new Set(pids).size).toBe(1)
})

test('in call mode a process belongs to one session while it has calls in flight, and the pool grows while others wait', async () => {
  verifies('POOL-1', 'PROTO-3')
  home = daemonHome({ processesPerPool: 2 })
  home.define({ name: 'lease', mode: 'call' })
  const agents = await Promise.all(
    Array.from({ length: 4 }, () => home.agent('lease', { capabilities: INTERACTIVE })),
  )
  await Promise.all(agents.map((agent) => agent.initialize()))
  expect((await home.servers())[0]!.processes).toBe(1)
  await Promise.all(agents.map((agent) => agent.call('sleep', { ms: 300 })))
  const pids = await Promise.all(agents.map((agent) => agent.call('pid')))
  expect(new Set(pids).size).toBeLessThanOrEqual(2)
  expect((await home.servers())[0]!.processes).toBe(2)
})

test('in call mode an agent that can be asked nothing shares like shared', async () => {
  verifies('POOL-1')
  home = daemonHome()
  home.define({ name: 'lease', mode: 'call' })
  const agents = await Promise.all([home.agent('lease'), home.agent('lease')])
  await Promise.all(agents.map((agent) => agent.initialize()))
  const before = performance.now()
  await Promise.all(agents.map((agent) => agent.call('sleep', { ms: 300 })))
  expect(performance.now() - before).toBeLessThan(580)
  expect((await home.servers())[0]!.processes).toBe(1)
})

test('sessions with another declared variable, directory, argument or capability never share a process', async () => {
  verifies('POOL-1')
  home = daemonHome()
  home.define({ name: 'all', mode: 'shared', envNames: ['ACCOUNT'] })
  const variants = [
    {},
    { env: { ...home.env, ACCOUNT: 'b' } },
    { env: { ...home.env, UNDECLARED: 'c' } },
    { cwd: '/tmp' },
    { argv: [process.execPath, PROBE, 'other'] },
    { protocolVersion: '2025-06-18' },
    { capabilities: { experimental: { x: {} } } },
  ]
  const agents = await Promise.all(variants.map((options) => home.agent('all', options)))
  await Promise.all(agents.map((agent) => agent.initialize()))
  const pids = await Promise.all(agents.map((agent) => agent.call('pid')))
  expect(new Set(pids).size).toBe(variants.length)
  const twin = await home.agent('all', { env: { ...home.env, TERM_SESSION_ID: 'w0t1', SHLVL: '3' } })
  await twin.initialize()
  expect(await twin.call('pid')).toBe(pids[0])
})

test('a process that nobody is attached to ends after its idle time, and the next session starts another', async () => {
  verifies('POOL-1')
  home = daemonHome({ idleMs: 1_200 })
  home.define({ name: 'all', mode: 'shared' })
  const a = await home.agent('all')
  await a.initialize()
  const pid = Number(await a.call('pid'))
  a.kill()
  await until('the idle process is gone', () => !alive(pid))
  const b = await home.agent('all')
  await b.initialize()
  expect(Number(await b.call('pid'))).not.toBe(pid)
})

test('a pool that grew shrinks again when the load is gone', async () => {
  verifies('POOL-1')
  home = daemonHome({ shrinkAfterMs: 1_000, processesPerPool: 3 })
  home.define({ name: 'lease', mode: 'call' })
  const agents = await Promise.all(
    Array.from({ length: 3 }, () => home.agent('lease', { capabilities: INTERACTIVE })),
  )
  await Promise.all(agents.map((agent) => agent.initialize()))
  await Promise.all(agents.map((agent) => agent.call('sleep', { ms: 600 })))
  expect((await home.servers())[0]!.processes).toBe(3)
  await until('one process is left', async () => (await home.servers())[0]!.processes === 1)
})

test('the last process for some roots is not surplus because others have two', async () => {
  verifies('POOL-1')
  home = daemonHome({ shrinkAfterMs: 1_000, processesPerPool: 3 })
  home.define({ name: 'lease', mode: 'call' })
  const agentWith = async (root: string) => {
    const agent = await home.agent('lease', { capabilities: { ...INTERACTIVE, roots: {} } })
    agent.answer = () => ({ roots: [{ uri: `file:///${root}` }] })
    await agent.initialize()
    return agent
  }
  const [quiet, a, b] = [await agentWith('y'), await agentWith('x'), await agentWith('x')]
  const pid = await quiet.call('pid')
  for (let i = 0; i < 7; i++)
    await Promise.all([a, b].map((agent) => agent.call('sleep', { ms: 400, steps: 1 })))
  expect((await home.servers())[0]!.processes).toBe(3)
  expect(await quiet.call('pid')).toBe(pid)
})

test('a process past its lifetime is replaced at once for those who use it', async () => {
  verifies('POOL-1', 'PROTO-4')
  home = daemonHome({ lifetimeMs: 1_500 })
  const log = defineServer(home, 'old', 'shared')
  const agent = await home.agent('old')
  await agent.initialize()
  await agent.request('resources/subscribe', { uri: 'probe://a' })
  const first = await agent.call('pid')
  const again = await log.seen('the next process is subscribed', 'message', ({ pid, message }) => {
    return String(pid) !== first && message.method === 'resources/subscribe'
  })
  expect(again.message.params.uri).toBe('probe://a')
})

test('a shared process with a crowd of calls that wait for long gets a second one beside it, which takes calls', async () => {
  verifies('POOL-1')
  home = daemonHome({ processesPerPool: 2, shrinkAfterMs: 2_000 })
  home.define({ name: 'all', mode: 'shared' })
  const a = await home.agent('all')
  await a.initialize()
  const pid = await a.call('pid')
  const long = Array.from({ length: 8 }, () => a.call('sleep', { ms: 6_000 }))
  await until('another process answers', async () => (await a.call('pid')) !== pid, 8_000)
  expect((await home.servers())[0]!.processes).toBe(2)
  expect((await Promise.all(long)).every((answer) => answer === 'slept 6000')).toBe(true)
  // A session stays where its last call was; once one process has been enough for a while all go back to the older.
  await until('all calls go to the older one', async () => (await a.call('pid')) === pid)
  await until('the younger one is gone', async () => {
    expect(await a.call('pid')).toBe(pid)
    return (await home.servers())[0]!.processes === 1
  })
}, 30_000)

test('a server of which only one can run at a time is not lost, nor any other, when a crowd calls for a second one', async () => {
  verifies('POOL-1', 'POOL-2')
  home = daemonHome({ processesPerPool: 2 })
  const once = `mkdir '${join(home.dir, 'taken')}' || exit 1; exec "$@"`
  home.define({
    name: 'once',
    mode: 'shared',
    argv: ['/bin/sh', '-c', once, 'once', process.execPath, PROBE],
  })
  home.define({ name: 'other', mode: 'shared' })
  const [a, other] = [await home.agent('once'), await home.agent('other')]
  await Promise.all([a.initialize(), other.initialize()])
  const pid = await other.call('pid')
  const long = await Promise.all(Array.from({ length: 8 }, () => a.call('sleep', { ms: 10_000 })))
  expect(new Set(long)).toEqual(new Set(['slept 10000']))
  expect(await other.call('pid')).toBe(pid)
}, 30_000)

test('pause holds new calls, resume lets them go, drain and restart replace the process between calls', async () => {
  verifies('POOL-1')
  home = daemonHome()
  home.define({ name: 'all', mode: 'shared' })
  const a = await home.agent('all')
  await a.initialize()
  const pid = await a.call('pid')
  await home.ask('pause', { names: ['all'] })
  let answered = false
  const held = a.call('pid').then((text) => {
    answered = true
    return text
  })
  await until('the call waits', async () => (await home.servers())[0]!.pools[0]!.waiting === 1)
  expect(answered).toBe(false)
  await home.ask('resume', { names: ['all'] })
  expect(await held).toBe(pid)
  const slow = a.call('sleep', { ms: 400 })
  await until(
    'the call is in flight',
    async () => (await home.servers())[0]!.pools[0]!.upstreams[0]?.inFlight === 1,
  )
  await home.ask('restart', { names: ['all'] })
  const next = await a.call('pid')
  expect(next).not.toBe(pid)
  expect(await slow).not.toContain('error')
  expect(a.notifications.map((one) => one.method)).toContain('notifications/tools/list_changed')
})

test('many sessions that come at once to a cold server start one process', async () => {
  verifies('LAUNCH-3')
  home = daemonHome()
  const log = join(home.dir, 'probe.log')
  home.define({ name: 'all', mode: 'shared', envNames: ['PROBE_LOG', 'PROBE_START_MS'] })
  const env = { ...home.env, PROBE_LOG: log, PROBE_START_MS: '300' }
  const agents = await Promise.all(Array.from({ length: 64 }, () => home.agent('all', { env })))
  await Promise.all(agents.map((agent) => agent.initialize()))
  expect(new Set(await Promise.all(agents.map((agent) => agent.call('pid')))).size).toBe(1)
  expect(starts(log)).toBe(1)
})

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z')
  } catch {
    return false
  }
}

test('after a restart new sessions are greeted by the new version, also where the old one was still starting', async () => {
  verifies('POOL-1')
  home = daemonHome()
  const version = join(home.dir, 'version')
  const write = (name: string, initMs: number) => writeFileSync(version, `${name} ${initMs}`)
  const program = `const [name, ms] = require('fs').readFileSync(${JSON.stringify(version)}, 'utf8').split(' ')
process.argv.push('', '--name=' + name, '--init-ms=' + ms); import(${JSON.stringify(pathToFileURL(PROBE).href)})`
  home.define({ name: 'versions', mode: 'shared', argv: [process.execPath, '-e', program] })
  const nameOf = async (): Promise<string> =>
    (await (await home.agent('versions')).initialize()).result.serverInfo.name
  write('first', 0)
  expect(await nameOf()).toBe('first')
  write('second', 60_000)
  await home.ask('restart', { names: ['versions'] })
  const third = nameOf()
  await until('the second is being greeted', async () =>
    (await home.servers())[0]?.pools[0]?.upstreams.some(({ state }) => state === 'greeting'),
  )
  write('third', 0)
  await home.ask('restart', { names: ['versions'] })
  expect(await third).toBe('third')
  expect(await nameOf()).toBe('third')
})
