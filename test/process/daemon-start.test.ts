import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { findOrStart } from '../../src/core/daemon/start.ts'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'
import { type DaemonHome, daemonHome } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

const mycelium = (cli: string, ...args: string[]): Promise<Ended> =>
  ended(process.execPath, [cli, ...args], { ...home.env, MYCELIUM_HOME: home.paths.root })

/** The package with another daemon in it. */
function packageWith(daemon: string): string {
  const whole = dirname(dirname(builtCli()))
  const copy = join(home.dir, 'package')
  for (const part of ['bin', 'dist', 'templates', 'package.json'])
    cpSync(join(whole, part), join(copy, part), { recursive: true })
  writeFileSync(join(copy, 'dist', 'daemon.js'), daemon)
  return join(copy, 'bin', 'mycelium.js')
}

test('a daemon that dies as it starts: the reason at once, and daemon logs shows the rest', async () => {
  verifies('LAUNCH-4')
  home = daemonHome()
  const cli = packageWith(`throw new TypeError('broken on purpose')`)
  const sinceMs = performance.now()
  const { code, stderr } = await mycelium(cli, 'daemon', 'start')
  expect(performance.now() - sinceMs).toBeLessThan(5_000)
  expect([code, stderr]).toEqual([1, expect.stringContaining('TypeError: broken on purpose')])
  expect(existsSync(join(home.paths.log, 'daemon.log'))).toBe(false)
  expect((await mycelium(cli, 'daemon', 'logs')).stdout).toContain('broken on purpose')
})

test('a daemon that refuses to start says why', async () => {
  verifies('LAUNCH-4')
  home = daemonHome()
  writeFileSync(home.paths.settings, '{ broken')
  const { code, stderr } = await mycelium(builtCli(), 'daemon', 'start')
  expect([code, stderr]).toEqual([1, expect.stringContaining('config.json')])
  rmSync(home.paths.settings)
})

test('starts without the variables that change how node starts', async () => {
  verifies('LAUNCH-4')
  home = daemonHome()
  const env = { ...home.env, NODE_OPTIONS: '--max-old-space-size=77', LD_LIBRARY_PATH: '/none', KEPT: 'yes' }
  const connection = await findOrStart(home.paths, env)
  const { pid } = await connection.ask<{ pid: number }>('status')
  connection.close()
  if (process.platform !== 'linux') return
  const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0')
  expect(variables).toContain('KEPT=yes')
  expect(variables.filter((line) => /^(NODE|LD)_/.test(line))).toEqual([])
})

test('run beside a daemon fails and names it', async () => {
  verifies('LAUNCH-3')
  home = daemonHome()
  home.define({ name: 'all' })
  const { pid } = await home.status()
  const { code, stderr } = await mycelium(builtCli(), 'daemon', 'run')
  expect([code, stderr]).toEqual([1, expect.stringContaining(`a daemon runs already: pid ${pid}\n`)])
})

test('several starts at once all find the one daemon', async () => {
  verifies('LAUNCH-3')
  home = daemonHome()
  home.define({ name: 'all' })
  const all = await Promise.all(
    Array.from({ length: 5 }, () => mycelium(builtCli(), 'daemon', 'start', '--json')),
  )
  expect(all.map(({ code, stderr }) => [code, stderr])).toEqual(all.map(() => [0, '']))
  expect(new Set(all.map(({ stdout }) => JSON.parse(stdout).pid)).size).toBe(1)
})
