import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bootIdOf } from '../../src/core/daemon/journal.ts'
import { startWatcher } from '../../src/core/daemon/watcher.ts'
import { identityOf, rowOf } from '../../src/core/process.ts'
import { verifies } from '../requirements.ts'
import {
  compileProgram,
  isGone,
  killAfterTest,
  pidsWorkingIn,
  serverFile,
  shortDirectory,
  startTalker,
  until,
  WATCHER,
} from './programs.ts'

const forgetful = compileProgram('forgetful')
const toyDaemon = compileProgram('toy-daemon')

/** Every shell here that could be somebody's /bin/sh. */
const SHELLS = ['dash', 'bash', 'busybox'].flatMap((name) => {
  const path = spawnSync('/bin/sh', ['-c', 'command -v "$1"', '-', name]).stdout.toString().trim()
  return path === '' ? [] : [{ name, path }]
})

/** A path under which the program acts as sh. */
function asSh(path: string): string {
  const link = join(shortDirectory(), 'sh')
  symlinkSync(path, link)
  return link
}

interface DaemonOptions {
  readonly shell?: string
  readonly source?: 'proc' | 'ps'
  readonly servers?: readonly (readonly string[])[]
}

/** A toy daemon with its upstreams up; `pids` are theirs and their grandchildren's. */
async function startDaemon({ shell = '/bin/sh', source = 'proc', servers = [] }: DaemonOptions) {
  const commands = servers.map(([name = '', ...args]) =>
    JSON.stringify([process.execPath, serverFile(name), ...args]),
  )
  const run = realpathSync(shortDirectory())
  const daemon = startTalker(toyDaemon, [run, WATCHER, shell, source, ...commands])
  const watcher = (await daemon.heard('watcher')) as number
  const said = () => daemon.messages.filter((message) => 'upstream' in message)
  await until('every server says its pids', () => said().length >= servers.length)
  const pids = said().flatMap(({ upstream }) => Object.values(upstream as Record<string, number>))
  killAfterTest(watcher, ...pids)
  const snapshots = daemon.messages.filter((message) => 'snapshot' in message).length
  const seen = () => daemon.messages.filter((message) => 'snapshot' in message).length > snapshots + 1
  return { daemon, run, watcher, pids, snapshotTaken: () => until('a snapshot', seen) }
}

/** All that is left of a daemon's upstreams: they and their descendants work in its directory, whatever else they hide. */
const left = (run: string, pids: readonly number[]) => [
  ...pids.filter((pid) => !isGone(pid)),
  ...pidsWorkingIn(run),
]

/** Every way to be stubborn: with a grandchild in a session of its own, without environment, left behind, born late. */
const STUBBORN: readonly (readonly string[])[] = [
  ['stubborn', '--alone'],
  ['stubborn'],
  ['stubborn', '--clear-env'],
  ['stubborn', '--same-session', '--clear-env'],
  ['stubborn', '--exit-on-eof'],
  ['stubborn', '--exit-on-eof', '--clear-env'],
  ['stubborn', '--late', '--exit-on-eof'],
  ['stubborn', '--late', '--clear-env'],
]

describe.each(SHELLS)('after SIGKILL of the daemon, with $name', ({ path }) => {
  it('nothing is left of servers and grandchildren that are stubborn in every way', async () => {
    verifies('POOL-3')
    const { daemon, run, watcher, pids, snapshotTaken } = await startDaemon({
      shell: asSh(path),
      servers: STUBBORN,
    })
    await snapshotTaken()
    process.kill(daemon.pid, 'SIGKILL')
    await daemon.ended
    await until('all are gone', () => left(run, pids).length === 0, 5_000)
    await until('the watcher is gone', () => isGone(watcher), 3_000)
  })

  it('nothing is left of a descendant that is a new process every 20 ms', async () => {
    verifies('POOL-3')
    const beat = join(shortDirectory(), 'beat')
    const { daemon, run, watcher, pids } = await startDaemon({
      shell: asSh(path),
      servers: [['forker', beat]],
    })
    await until('it hops', () => (statSync(beat, { throwIfNoEntry: false })?.size ?? 0) > 3)
    process.kill(daemon.pid, 'SIGKILL')
    await until('the watcher is gone', () => isGone(watcher), 8_000)
    expect(left(run, pids)).toEqual([])
  })
})

it('with facts from ps instead of /proc nothing is left either', async () => {
  verifies('POOL-3')
  const { daemon, run, pids } = await startDaemon({
    source: 'ps',
    servers: [['stubborn'], ['stubborn', '--same-session', '--clear-env'], ['stubborn', '--clear-env']],
  })
  // Only by marker and kinship: the start times that were recorded are not those of ps.
  process.kill(daemon.pid, 'SIGKILL')
  await until('all are gone', () => left(run, pids).length === 0, 10_000)
})

it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGABRT', 'SIGSEGV'] as const)(
  'nothing is left after %s of the daemon',
  async (signal) => {
    verifies('POOL-3')
    const { daemon, run, pids } = await startDaemon({ servers: [['stubborn']] })
    process.kill(daemon.pid, signal)
    await daemon.ended
    await until('all are gone', () => left(run, pids).length === 0, 3_000)
  },
)

it('the upstreams of another daemon are left alone', async () => {
  const other = await startDaemon({ servers: [['stubborn']] })
  const { daemon, run, pids, watcher } = await startDaemon({ servers: [['stubborn']] })
  process.kill(daemon.pid, 'SIGKILL')
  await until('the watcher is gone', () => isGone(watcher))
  expect(left(run, pids)).toEqual([])
  expect(other.pids.map(isGone)).toEqual([false, false])
})

it('it ends without harm on an orderly stop', async () => {
  const { daemon, watcher } = await startDaemon({})
  const bystander = await startDaemon({ servers: [['stubborn']] })
  daemon.send('stop')
  await daemon.ended
  await until('the watcher is gone', () => isGone(watcher), 1_000)
  expect(bystander.pids.map(isGone)).toEqual([false, false])
})

it('a recorded pid that another process has now is not touched', async () => {
  const bystander = await startDaemon({ servers: [['stubborn', '--alone']] })
  const [victim = 0] = bystander.pids
  const child = spawnSync('/bin/sh', ['-c', WATCHER, 'mycelium-watcher', 'no-such-life', 'proc'], {
    input: `+ ${victim} 1\n+ ${process.pid} 1\n+ 1 1\n`,
    env: { PATH: '/usr/bin:/bin' },
  })
  expect(child.status).toBe(0)
  expect(isGone(victim)).toBe(false)
})

it('what was forgotten is not touched', async () => {
  const bystander = await startDaemon({ servers: [['stubborn', '--alone']] })
  const { pid, startTime } = identityOf(bystander.pids[0]!)!
  const many = Array.from({ length: 1_000 }, (_, i) => `+ ${5_000_000 + i} 1\n- ${5_000_000 + i}\n`).join('')
  spawnSync('/bin/sh', ['-c', WATCHER, 'mycelium-watcher', 'no-such-life', 'proc'], {
    input: `+ ${pid} ${startTime}\n${many}- ${pid}\n`,
    env: { PATH: '/usr/bin:/bin' },
  })
  expect(isGone(pid)).toBe(false)
})

it('it ignores HUP, INT, TERM, QUIT and comes back when it is killed, knowing everything', async () => {
  verifies('POOL-3')
  const { daemon, run, watcher, pids } = await startDaemon({ servers: [['stubborn', '--clear-env']] })
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGQUIT'] as const) process.kill(watcher, signal)
  process.kill(watcher, 'SIGKILL')
  expect(await daemon.heard('lost')).toBe('exit SIGKILL')
  const next = await daemon.heard('watcher', (pid) => pid !== watcher && pid !== undefined)
  killAfterTest(next as number)
  process.kill(daemon.pid, 'SIGKILL')
  await until('all are gone', () => left(run, pids).length === 0, 3_000)
})

it('it holds nothing of the daemon but the pipe, sits in a session of its own, and costs next to nothing', async () => {
  const watcher = await startWatcher({ script: WATCHER, bootId: 'life' })
  onTestFinished(() => watcher.stop())
  const pid = watcher.pid!
  watcher.note(identityOf(process.pid)!)
  const fds = readdirSync(`/proc/${pid}/fd`).filter((fd) => Number(fd) < 10)
  expect(fds.map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/\d+/, 'N'))).toEqual([
    'socket:[N]',
    '/dev/null',
    '/dev/null',
  ])
  expect(rowOf(pid)!.session).toBe(pid)
  expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  if (readlinkSync(`/proc/${pid}/exe`).endsWith('dash')) {
    expect(Number(/VmRSS:\s+(\d+)/.exec(status)![1])).toBeLessThan(2_048)
  }
  watcher.forget(identityOf(process.pid)!)
})

it('a process that has nothing more to do ends, watcher or not, and its upstream with it', async () => {
  verifies('POOL-3')
  const child = spawn(process.execPath, [forgetful, WATCHER], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = await once(child.stdout, 'data')
  const pids = String(text).trim().split(' ').map(Number)
  killAfterTest(...pids)
  if (child.exitCode === null) await once(child, 'exit')
  expect(child.exitCode).toBe(0)
  expect(pids).toHaveLength(2)
  await until('both are gone', () => pids.every(isGone), 3_000)
})

it('a shell that does not exist is an error', async () => {
  const paths = { run: shortDirectory() }
  const bootId = bootIdOf(paths, identityOf(process.pid)!)
  await expect(startWatcher({ script: WATCHER, bootId, shell: '/no/sh' })).rejects.toMatchObject({
    code: 'ENOENT',
  })
})
