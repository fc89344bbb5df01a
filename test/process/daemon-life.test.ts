import { existsSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { connect } from '../../src/core/daemon/connect.ts'
import { identityOf, isAlive } from '../../src/core/process.ts'
import { type DaemonHome, daemonHome, PROBE, SERVERS, until } from '../fixtures/daemon-home.ts'
import { type LaunchedAgent, launchAgent, writeLauncher } from '../fixtures/launched-agent.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
let agents: LaunchedAgent[] = []
afterEach(async () => {
  for (const agent of agents) agent.kill()
  agents = []
  await home.close()
})

const STUBBORN = [process.execPath, join(SERVERS, 'stubborn.mjs')]

function launched(id: string, argv = [process.execPath, PROBE], detached = false): LaunchedAgent {
  const agent = launchAgent(writeLauncher(home.paths, id, argv), home.env, home.dir, detached)
  agents.push(agent)
  return agent
}

async function stubbornTree(server: string): Promise<number[]> {
  const file = join(home.paths.log, `server-${server}.log`)
  const line = await until(
    'the stubborn server announced its tree',
    () => existsSync(file) && /\{.*\}/.exec(readFileSync(file, 'utf8'))?.[0],
  )
  const { root, grandchild } = JSON.parse(line) as { root: number; grandchild: number }
  return [root, grandchild]
}

const gone = (pids: readonly number[]): boolean => pids.every((pid) => identityOf(pid) === undefined)

test('64 launchers that find no daemon start one, and one server process', async () => {
  verifies('LAUNCH-3')
  home = daemonHome()
  const log = join(home.dir, 'probe.log')
  home.define({ name: 'all', mode: 'shared', envNames: ['PROBE_LOG'] })
  const launcher = writeLauncher(home.paths, 'all', [process.execPath, PROBE])
  agents = Array.from({ length: 64 }, () => launchAgent(launcher, { ...home.env, PROBE_LOG: log }, home.dir))
  await Promise.all(agents.map((agent) => agent.initialize()))
  const pids = await Promise.all(agents.map((agent) => agent.call('pid')))
  expect(new Set(pids).size).toBe(1)
  expect(readFileSync(log, 'utf8').match(/"start"/g)).toHaveLength(1)
  const starts = readFileSync(join(home.paths.log, 'daemon.log'), 'utf8').match(/"daemon-started"/g)
  expect(starts).toHaveLength(1)
  expect(agents.flatMap((agent) => agent.stderr)).toEqual([])
}, 60_000)

test('nothing of a stubborn server survives the SIGKILL of the daemon by 3 s', async () => {
  verifies('POOL-3')
  home = daemonHome()
  home.define({ name: 'stubborn', argv: STUBBORN })
  const agent = await home.agent('stubborn')
  await agent.initialize()
  const tree = await stubbornTree('stubborn')
  expect(gone(tree)).toBe(false)
  const { pid } = await home.status()
  process.kill(pid, 'SIGKILL')
  await until('the tree is gone', () => gone(tree), 3_000)
})

test('the next daemon ends what one left that was killed together with its watcher', async () => {
  verifies('POOL-3')
  home = daemonHome()
  home.define({ name: 'stubborn', argv: STUBBORN })
  const agent = await home.agent('stubborn')
  await agent.initialize()
  const tree = await stubbornTree('stubborn')
  const { pid, watcherPid } = await home.status()
  process.kill(watcherPid as number, 'SIGKILL')
  process.kill(pid, 'SIGKILL')
  await until('the daemon is gone', () => gone([pid]))
  expect(gone(tree)).toBe(false)
  // The socket takes connections for a moment after the kill, until the last thread has ended.
  await until('the next daemon answers', () => home.status().catch(() => undefined))
  await until('the leftovers are gone', () => gone(tree))
  await until('their records are gone', () => readdirSync(join(home.paths.run, 'upstreams')).length === 0)
})

test('stop ends stubborn servers with their grandchildren and leaves no socket, lock or journal', async () => {
  verifies('POOL-3')
  home = daemonHome()
  home.define({ name: 'stubborn', argv: STUBBORN })
  const agent = await home.agent('stubborn')
  await agent.initialize()
  const tree = await stubbornTree('stubborn')
  const { pid, watcherPid } = await home.status()
  await home.ask('stop')
  expect(gone(tree)).toBe(true)
  await until('daemon and watcher are gone', () => gone([pid, watcherPid as number]))
  expect(
    readdirSync(home.paths.run).filter((name) => !['agents.json', 'upstreams', 'start.lock'].includes(name)),
  ).toEqual([])
  expect(readdirSync(join(home.paths.run, 'upstreams'))).toEqual([])
})

test('a daemon that was killed leaves a lock and a socket that the next launcher heals', async () => {
  verifies('LAUNCH-3')
  home = daemonHome()
  home.define({ name: 'all', mode: 'shared' })
  const first = launched('all')
  await first.initialize()
  process.kill((await home.status()).pid, 'SIGKILL')
  const second = launched('all')
  await second.initialize()
  expect(await second.call('echo', { text: 'back' })).toBe('back')
  expect(second.stderr).toEqual([])
})

test("the daemon survives the death of the launcher's process group and of all its descendants", async () => {
  verifies('LAUNCH-4')
  home = daemonHome()
  home.define({ name: 'all', mode: 'shared' })
  const agent = launched('all', undefined, true)
  await agent.initialize()
  const { pid } = await home.status()
  const daemon = identityOf(pid)
  process.kill(-(agent.child.pid as number), 'SIGKILL')
  await new Promise((resolve) => agent.child.once('exit', resolve))
  expect(daemon && isAlive(daemon)).toBe(true)
  // Neither its parent nor its session leads back to the launcher.
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
  expect(stat[1]).toBe('1')
  expect(stat[3]).toBe(String(pid))
})

test('a daemon with nothing to do ends by itself', async () => {
  verifies('LAUNCH-4')
  home = daemonHome({ daemonIdleMs: 500 })
  home.define({ name: 'all' })
  const { pid } = await home.status()
  await until('the daemon is gone', () => gone([pid]))
  expect(await connect(home.paths)).toBeUndefined()
})

test('a restart keeps open sessions on the old daemon, new ones go to the new, and the old one ends with its last session', async () => {
  verifies('LAUNCH-4')
  home = daemonHome()
  home.define({ name: 'all', mode: 'shared' })
  const kept = await home.agent('all')
  await kept.initialize()
  const serverPid = await kept.call('pid')
  const old = (await home.ask<{ pid: number }>('handover')).pid
  const fresh = await home.agent('all')
  await fresh.initialize()
  expect((await home.status()).pid).not.toBe(old)
  expect(await fresh.call('pid')).not.toBe(serverPid)
  expect(await kept.call('pid')).toBe(serverPid)
  kept.kill()
  await until('the old daemon is gone', () => gone([old]))
  expect(await fresh.call('echo', { text: 'on' })).toBe('on')
})

test('a socket file that somebody removed is put back', async () => {
  verifies('LAUNCH-4')
  home = daemonHome()
  home.define({ name: 'all', mode: 'shared' })
  const { pid } = await home.status()
  unlinkSync(home.paths.socket)
  await until('the socket is back', () => existsSync(home.paths.socket))
  expect((await home.status()).pid).toBe(pid)
})

test('socket and directory are for this user only', async () => {
  verifies('LAUNCH-3')
  home = daemonHome()
  await home.start()
  const { statSync } = await import('node:fs')
  expect(statSync(home.paths.socket).mode & 0o777).toBe(0o600)
  expect(statSync(home.paths.run).mode & 0o777).toBe(0o700)
})

test('with a daemon that cannot run, the launcher becomes the server and says why in one line', async () => {
  verifies('LAUNCH-5')
  home = daemonHome()
  home.define({ name: 'all', mode: 'shared' })
  // Something that is no settings file makes the daemon refuse to start.
  writeFileSync(home.paths.settings, '{ broken')
  const agent = launched('all')
  await agent.initialize()
  expect(await agent.call('echo', { text: 'direct' })).toBe('direct')
  expect(agent.stderr.length).toBe(1)
  expect(agent.stderr[0]).toContain('all')
  rmSync(home.paths.settings)
})

test('a server that was never set up is refused by the daemon, and the launcher becomes it', async () => {
  verifies('LAUNCH-5')
  home = daemonHome()
  home.define({ name: 'all', mode: 'shared' })
  await home.start()
  const agent = launched('stranger')
  await agent.initialize()
  expect(await agent.call('echo', { text: 'direct' })).toBe('direct')
  expect(agent.stderr).toHaveLength(1)
})
