import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { undo } from '../../src/core/clients/undo.ts'
import { packageRoot } from '../../src/core/config/package-root.ts'
import { connect, stopDaemon } from '../../src/core/daemon/connect.ts'
import { identityOf } from '../../src/core/process.ts'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'
import { type DaemonHome, daemonHome, PROBE, until } from '../fixtures/daemon-home.ts'
import { type LaunchedAgent, launchAgent, writeLauncher } from '../fixtures/launched-agent.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
let agents: LaunchedAgent[] = []
afterEach(async () => {
  for (const agent of agents) agent.kill()
  agents = []
  await home.close()
})

const mycelium = (...args: string[]): Promise<Ended> =>
  ended(process.execPath, [builtCli(), ...args], { ...home.env, MYCELIUM_HOME: home.paths.root })

function launched(launcher: string): LaunchedAgent {
  const agent = launchAgent(launcher, home.env, home.dir)
  agents.push(agent)
  return agent
}

const isGone = (pid: number): boolean => identityOf(pid) === undefined

/** A launcher that no undo finds. */
function strayLauncher(id: string): string {
  const stray = join(home.dir, 'stray')
  copyFileSync(writeLauncher(home.paths, id, [process.execPath, PROBE]), stray)
  return stray
}

const undoAll = (stop: () => Promise<boolean>) =>
  undo([], { env: home.env, cwd: home.dir, platform: process.platform, home: home.dir }, home.paths, stop)

test('an agent that reconnects while undo stops the daemon gets its original server, and no new daemon starts', async () => {
  verifies('LAUNCH-1')
  home = daemonHome()
  home.define({ name: 'all' })
  await home.start()
  const launcher = strayLauncher('all')
  const { removed } = await undoAll(async () => {
    const stopped = await stopDaemon(home.paths)
    const agent = launched(launcher)
    await agent.initialize()
    expect(await agent.call('echo', { text: 'direct' })).toBe('direct')
    expect(agent.stderr).toHaveLength(1)
    return stopped
  })
  expect(removed).toBe(true)
  expect(await connect(home.paths)).toBeUndefined()
  expect(existsSync(home.paths.root)).toBe(false)
})

test('a daemon that undo overlooked ends with its sessions as soon as the registry is gone, and leaves nothing', async () => {
  verifies('LAUNCH-1', 'POOL-3')
  home = daemonHome()
  home.define({ name: 'all' })
  const agent = launched(strayLauncher('all'))
  await agent.initialize()
  const server = Number(await agent.call('pid'))
  const { pid } = await home.status()
  await undoAll(async () => false)
  await until('daemon and server are gone', () => isGone(pid) && isGone(server))
  await until('nothing is left', () => !existsSync(home.paths.root))
})

test('a launcher that is run long after undo leaves no daemon and no file behind', async () => {
  verifies('LAUNCH-1', 'LAUNCH-5')
  home = daemonHome()
  const stray = strayLauncher('all')
  rmSync(home.paths.root, { recursive: true })
  const agent = launched(stray)
  await agent.initialize()
  expect(await agent.call('echo', { text: 'direct' })).toBe('direct')
  expect(agent.stderr.join()).toContain('unknown_server')
  await until('nothing is left', () => !existsSync(home.paths.root), 15_000)
  expect(await agent.call('echo', { text: 'still' })).toBe('still')
}, 20_000)

test('a lost registry beside launchers costs no log', async () => {
  verifies('LAUNCH-1')
  home = daemonHome()
  home.define({ name: 'all' })
  writeLauncher(home.paths, 'all', [process.execPath, PROBE])
  const { pid } = await home.status()
  rmSync(home.paths.registry)
  await until('the daemon is gone', () => isGone(pid))
  expect(existsSync(join(home.paths.log, 'daemon.log'))).toBe(true)
})

test('a daemon that has handed over is shown by status and ended by stop, with its servers', async () => {
  verifies('LAUNCH-4', 'POOL-3')
  home = daemonHome()
  home.define({ name: 'all' })
  const kept = await home.agent('all')
  await kept.initialize()
  const server = Number(await kept.call('pid'))
  const { pid: old, watcherPid } = await home.status()
  expect((await mycelium('daemon', 'restart')).stdout).toContain(`pid ${old} goes on`)
  const { pid } = await home.status()
  expect((await mycelium('daemon', 'status')).stdout).toMatch(
    new RegExp(`^running: pid ${pid}.*\ndraining: pid ${old} `),
  )
  expect(JSON.parse((await mycelium('daemon', 'status', '--json')).stdout).drainingPids).toEqual([old])
  const { code, stdout } = await mycelium('daemon', 'stop')
  expect([code, stdout]).toEqual([0, expect.stringMatching(new RegExp(`pid ${pid},.*\n.*pid ${old},`))])
  expect([old, pid, server].filter((one) => !isGone(one))).toEqual([])
  await until('the watcher is gone', () => isGone(watcherPid as number))
  expect(readdirSync(home.paths.run).filter((name) => name.startsWith('draining'))).toEqual([])
  expect(readdirSync(join(home.paths.run, 'upstreams'))).toEqual([])
})

test('undo ends a daemon that has handed over when no other runs', async () => {
  verifies('LAUNCH-1', 'POOL-3')
  home = daemonHome()
  home.define({ name: 'all' })
  const kept = await home.agent('all')
  await kept.initialize()
  const server = Number(await kept.call('pid'))
  const { pid } = await home.ask<{ pid: number }>('handover')
  expect((await mycelium('daemon', 'status')).stdout).toMatch(
    new RegExp(`^not running.*\ndraining: pid ${pid} `),
  )
  const { code, stdout } = await mycelium('undo')
  expect([code, stdout]).toEqual([0, expect.stringContaining('daemon stopped')])
  expect([pid, server].filter((one) => !isGone(one))).toEqual([])
  expect(existsSync(home.paths.root)).toBe(false)
})

test('the record of a daemon that has handed over goes when it ends by itself', async () => {
  verifies('LAUNCH-4')
  home = daemonHome()
  home.define({ name: 'all' })
  const kept = await home.agent('all')
  await kept.initialize()
  const { pid } = await home.ask<{ pid: number }>('handover')
  const record = join(home.paths.run, `draining-${pid}`)
  expect(existsSync(record)).toBe(true)
  kept.kill()
  await until('the daemon is gone', () => isGone(pid))
  expect(existsSync(record)).toBe(false)
})

test('a session that is closed is owed nothing: an initialize on its way and a batch half answered get their errors', async () => {
  verifies('PROTO-1')
  home = daemonHome()
  home.define({ name: 'slow', argv: [process.execPath, PROBE, '--init-ms=6000'] }, { name: 'probe' })
  const greeting = await home.agent('slow')
  const initialize = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'x', version: '1' },
  }
  greeting.raw(JSON.stringify({ jsonrpc: '2.0', id: 'init-1', method: 'initialize', params: initialize }))
  greeting.raw('{"jsonrpc":"2.0","id":"list-1","method":"tools/list"}')
  const batching = await home.agent('probe', { protocolVersion: '2025-03-26' })
  await batching.initialize()
  const call = (id: number, name: string, args: object) => ({
    ...{ jsonrpc: '2.0', id, method: 'tools/call' },
    params: { name, arguments: args },
  })
  batching.raw(JSON.stringify([call(101, 'echo', { text: 'x' }), call(102, 'sleep', { ms: 20_000 })]))
  await until(
    'one of the two is answered',
    async () =>
      (await home.servers()).find(({ id }) => id === 'probe')?.pools[0]?.upstreams[0]?.inFlight === 1,
  )
  await stopDaemon(home.paths)
  const ids = (line: string) => [JSON.parse(line)].flat().map(({ id, error }) => [id, error?.code])
  expect(greeting.lines.flatMap(ids)).toEqual([
    ['init-1', -32012],
    ['list-1', -32012],
  ])
  expect(batching.lines.slice(1).flatMap(ids)).toEqual([
    [101, undefined],
    [102, -32012],
  ])
}, 30_000)

test('a one-time socket whose server is gone by then ends that connection alone', async () => {
  verifies('POOL-4')
  home = daemonHome()
  home.define({ name: 'probe' }, { name: 'going' })
  const bystander = await home.agent('probe')
  await bystander.initialize()
  const hello = ['server=going', 'client=t', 'cwd=/', 'relay=nc', 'pid=1', ''].join('\0')
  const asking = createConnection(home.paths.socket)
  asking.write(`mycelium-ticket 1 ${Buffer.from(hello).toString('hex')}\n`)
  const word = await new Promise<string>((resolve) => asking.once('data', (data) => resolve(String(data))))
  const registry = JSON.parse(readFileSync(home.paths.registry, 'utf8'))
  registry.servers = registry.servers.filter(({ id }: { id: string }) => id !== 'going')
  writeFileSync(home.paths.registry, JSON.stringify(registry))
  const ticket = createConnection(word.trim().split(' ')[1]!)
  await new Promise((resolve) => ticket.once('close', resolve))
  expect(await bystander.call('echo', { text: 'still here' })).toBe('still here')
})

test('connections beyond what descriptors allow are not let in, and those that are go on', async () => {
  verifies('POOL-4')
  home = daemonHome()
  home.define({ name: 'probe' })
  const daemon = spawn(
    '/bin/sh',
    [
      '-c',
      'ulimit -n 100; exec "$0" "$@"',
      process.execPath,
      join(packageRoot(), 'dist/daemon.js'),
      'run',
      home.paths.root,
    ],
    { env: home.env, stdio: 'ignore' },
  )
  await until('it listens', () => existsSync(home.paths.socket))
  const bystander = await home.agent('probe')
  await bystander.initialize()
  const crowd = Array.from({ length: 150 }, () => createConnection(home.paths.socket).on('error', () => {}))
  await until('some were turned away', () => crowd.filter(({ closed }) => closed).length > 50)
  // Longer than any round of its clock, each of which opens files.
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect(await bystander.call('echo', { text: 'still here' })).toBe('still here')
  for (const one of crowd) one.destroy()
  expect(daemon.exitCode).toBeNull()
}, 20_000)
