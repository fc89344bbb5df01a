import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Paths, preparePaths } from '../../src/core/config/paths.ts'
import type { LauncherParts } from '../../src/core/launch/render.ts'
import { verifies } from '../requirements.ts'
import {
  agent,
  isHere,
  listen,
  makeLauncher,
  ORIGINAL,
  RELAYS,
  type Relay,
  readBytes,
} from './launcher-rig.ts'

/** What a run with "hello" on stdin gives when the original server answered: it must find every byte. */
async function runDirectly(file: string, relay: Relay | 'direct', command: readonly string[] = ORIGINAL) {
  const client = agent([file, '--client=test', '--', ...command], { relay })
  client.child.stdin.end('hello\n')
  const { code, stdout, stderr } = await client.done
  return { code, stdout: stdout.toString(), stderr }
}

const served = (why: string) => ({
  code: 0,
  stdout: 'direct 0\nhello\n',
  stderr: expect.stringMatching(new RegExp(`^mycelium: ${why}; running toy directly\\n$`)),
})

/** A daemon that notes its start and dies of an error. */
function brokenDaemon(paths: Paths): string {
  const file = join(paths.root, 'broken.mjs')
  const note = `import fs from 'node:fs'; fs.appendFileSync('${paths.root}/starts', 'x')`
  writeFileSync(file, `${note}; throw Error('on purpose')`)
  return file
}

describe.each(RELAYS.filter(isHere))('with the %s relay', (relay) => {
  const cases: [string, string | null, Partial<LauncherParts>, string][] = [
    ['answers no', 'no unknown_server\n', {}, 'the daemon refused the session: unknown_server'],
    ['closes', '', {}, 'the daemon (closed the connection|did not answer)'],
    ['stays silent', null, { ackSeconds: 1 }, 'the daemon did not answer( within 1 s)?'],
  ]
  it.each(cases)('a daemon that %s leaves the original server to run', async (_, answer, over, why) => {
    verifies('LAUNCH-5')
    const { file, paths } = makeLauncher(over)
    await listen(paths, () => {}, answer)
    expect(await runDirectly(file, relay)).toEqual(served(why))
  })

  it('a package that is gone leaves the original server to run', async () => {
    verifies('LAUNCH-5')
    const { file } = makeLauncher({ daemonScript: '/none/daemon.js' })
    expect(await runDirectly(file, relay)).toEqual(served('the daemon is not running and .*'))
  })

  it('a daemon that dies as it starts does so too, and is not tried again for 10 s', async () => {
    verifies('LAUNCH-5')
    const { paths } = makeLauncher()
    const { file } = makeLauncher({ paths, daemonScript: brokenDaemon(paths) })
    const could = served('the daemon could not be started \\(see .*/daemon.log\\)')
    expect(await runDirectly(file, relay)).toEqual(could)
    expect(await runDirectly(file, relay)).toEqual(could)
    expect(readFileSync(join(paths.root, 'starts'), 'utf8')).toBe('x')
    expect(readFileSync(join(paths.run, 'start-failed'), 'utf8')).toBe(
      'the daemon ended before it listened\n',
    )
    expect(readFileSync(join(paths.log, 'daemon.log'), 'utf8')).toContain('Error: on purpose')
  })

  it('a directory of sockets that others could have made is not trusted', async () => {
    verifies('LAUNCH-5')
    const { file, paths } = makeLauncher()
    await listen(paths, (stream) => stream.end('stolen'))
    const elsewhere = `${paths.run}-elsewhere`
    for (const mode of [0o777, 0o720, 0o1777]) {
      chmodSync(paths.run, mode)
      expect(await runDirectly(file, relay)).toEqual(served('.* is not a directory of this user alone .*'))
    }
    rmSync(paths.run, { recursive: true })
    mkdirSync(elsewhere, { mode: 0o700 })
    symlinkSync(elsewhere, paths.run)
    expect(await runDirectly(file, relay)).toEqual(served('.* is not a directory of this user alone .*'))
  })

  it('a directory of sockets that others can only look into is closed to them, and used', async () => {
    verifies('LAUNCH-2')
    const { file, paths } = makeLauncher()
    await listen(paths, (stream) => stream.end('served'))
    for (const mode of [0o755, 0o750, 0o711]) {
      chmodSync(paths.run, mode)
      const client = agent([file, '--', '/bin/false'], { relay })
      await readBytes(client, 'served'.length)
      client.child.stdin.end()
      const { stdout, stderr } = await client.done
      expect([stdout.toString(), stderr]).toEqual(['served', ''])
      expect(statSync(paths.run).mode & 0o777).toBe(0o700)
    }
  })

  it('an original command that does not exist ends with 127 and its name', async () => {
    verifies('LAUNCH-5')
    const { file } = makeLauncher({ daemonScript: '/none/daemon.js' })
    const { code, stderr } = await runDirectly(file, relay, ['no-such-server'])
    expect(code).toBe(127)
    expect(stderr).toMatch(/\nmycelium: cannot run no-such-server: .+\n$/)
  })

  it('the original server gets the variables that the relay itself must not see', async () => {
    verifies('LAUNCH-5')
    const { file } = makeLauncher({ daemonScript: '/none/daemon.js' })
    const env = {
      NODE_OPTIONS: '--no-warnings',
      NODE_EXTRA_CA_CERTS: '/none',
      PERL5OPT: '-w',
      LC_ALL: 'C.UTF-8',
    }
    const client = agent([file, '--', 'env'], { relay, env })
    const names = (await client.done).stdout.toString().split('\n')
    for (const [name, value] of Object.entries(env)) expect(names).toContain(`${name}=${value}`)
    expect(names.filter((line) => /^mycelium/i.test(line))).toEqual([])
  })
})

describe('a failed start', () => {
  it.each(RELAYS.filter(isHere))(
    'younger than 10 s is not repeated by %s, an older one is, and one that is dated in the future',
    async (relay) => {
      verifies('LAUNCH-5')
      const { paths } = makeLauncher()
      const { file } = makeLauncher({ paths, daemonScript: brokenDaemon(paths) })
      preparePaths(paths)
      const mark = join(paths.run, 'start-failed')
      writeFileSync(mark, 'because\n')
      expect(await runDirectly(file, relay)).toEqual(served('the daemon could not be started .*'))
      expect(existsSync(join(paths.root, 'starts'))).toBe(false)
      const long = Date.now() / 1000 - 11
      utimesSync(mark, long, long)
      expect(await runDirectly(file, relay)).toEqual(served('the daemon could not be started .*'))
      expect(readFileSync(join(paths.root, 'starts'), 'utf8')).toBe('x')
      const future = Date.now() / 1000 + 86_400
      utimesSync(mark, future, future)
      expect(await runDirectly(file, relay)).toEqual(served('the daemon could not be started .*'))
      expect(readFileSync(join(paths.root, 'starts'), 'utf8')).toBe('xx')
    },
  )
})

it('direct can be asked for', async () => {
  verifies('LAUNCH-5')
  const { file, paths } = makeLauncher()
  await listen(paths)
  expect(await runDirectly(file, 'direct')).toEqual(served('MYCELIUM_RELAY=direct'))
})

it.each((['c', 'perl'] as const).filter(isHere))(
  'of 16 launchers at once that meet a broken daemon one tries, and all serve, by %s',
  async (relay) => {
    verifies('LAUNCH-3', 'LAUNCH-5')
    const { paths } = makeLauncher()
    const { file } = makeLauncher({ paths, daemonScript: brokenDaemon(paths) })
    const ends = await Promise.all(Array.from({ length: 16 }, () => runDirectly(file, relay)))
    for (const end of ends) expect(end).toEqual(served('the daemon could not be started .*'))
    expect(readFileSync(join(paths.root, 'starts'), 'utf8')).toBe('x')
  },
)
