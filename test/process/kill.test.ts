import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { endUpstream, endUpstreams, killNow, killTrees, treeFinder } from '../../src/core/pool/kill.ts'
import { markerOf, spawnUpstream, type UpstreamProcess } from '../../src/core/pool/spawn.ts'
import { rememberTrees } from '../../src/core/pool/tree.ts'
import { identityOf, MARKER } from '../../src/core/process.ts'
import { verifies } from '../requirements.ts'
import { isGone, killAfterTest, pidsWithEnvironment, serverFile, shortDirectory, until } from './programs.ts'

interface Pids {
  readonly root: number
  readonly grandchild?: number
}

function start(command: readonly string[], cwd = shortDirectory()): Promise<UpstreamProcess> {
  const [file = '', ...args] = command
  const env = { PATH: process.env.PATH ?? '' }
  return spawnUpstream({ file, args, cwd, env, marker: markerOf(`test.${process.pid}`) })
}

async function startServer(name: string, ...args: string[]) {
  const upstream = await start([process.execPath, serverFile(name), ...args])
  onTestFinished(() => killNow([upstream]))
  const announced: Pids[] = []
  createInterface({ input: upstream.stderr }).on('line', (line) => announced.push(JSON.parse(line)))
  await until('it says its pids', () => announced.length > 0)
  killAfterTest(upstream.pid, ...announced.flatMap((pids) => pids.grandchild ?? []))
  return { upstream, announced }
}

describe('endUpstream', () => {
  it('lets a polite server end by itself: no signal, no waiting out of the grace', async () => {
    const upstream = await start(['/bin/sh', '-c', 'trap "echo signalled" TERM; cat; exit 7'])
    const said: string[] = []
    createInterface({ input: upstream.stdout }).on('line', (line) => said.push(line))
    const startedAtMs = performance.now()
    expect(await endUpstream(upstream, { eofMs: 5_000 })).toEqual([])
    expect(performance.now() - startedAtMs).toBeLessThan(4_000)
    expect(await upstream.exited).toEqual({ code: 7, signal: null })
    expect(said).toEqual([])
  })

  it('sends SIGTERM once to a server that ignores the end of its input, and gives it time to tidy up', async () => {
    const dir = shortDirectory()
    const script = `let n = 0; process.on('SIGTERM', () => { n++; setTimeout(() => { require('fs').writeFileSync('n', String(n)); process.exit(3) }, 200) }); process.stderr.write('{}\\n'); setInterval(() => {}, 1000)`
    const upstream = await start([process.execPath, '-e', script], dir)
    await once(upstream.stderr, 'data')
    await endUpstream(upstream, { eofMs: 50 })
    expect(await upstream.exited).toEqual({ code: 3, signal: null })
    expect(readFileSync(join(dir, 'n'), 'utf8')).toBe('1')
  })

  it.each([
    ['in a session of its own', []],
    ['in a session of its own and without environment', ['--clear-env']],
    ['in the server’s session without environment', ['--same-session', '--clear-env']],
    ['left behind by a server that ends politely', ['--exit-on-eof']],
    ['left behind without environment by a server that ends politely', ['--exit-on-eof', '--clear-env']],
    ['started only after the end of input', ['--late', '--exit-on-eof']],
    ['started only after the end of input, without environment', ['--late', '--clear-env']],
  ])('kills a server that ignores everything, and its grandchild %s', async (_, flags) => {
    verifies('POOL-3')
    const { upstream, announced } = await startServer('stubborn', ...flags)
    expect(await endUpstream(upstream, { eofMs: 150, graceMs: 100 })).toEqual([])
    const pids = announced.flatMap(({ root, grandchild }) => [root, ...(grandchild ? [grandchild] : [])])
    expect(pids.length).toBeGreaterThan(1)
    expect(pids.filter((pid) => !isGone(pid))).toEqual([])
    expect(pidsWithEnvironment(upstream.marker)).toEqual([])
  })

  it('kills what a crashed server left, also when it was only seen while the server lived', async () => {
    verifies('POOL-3')
    const { upstream, announced } = await startServer('stubborn', '--clear-env')
    rememberTrees([upstream])
    process.kill(upstream.pid, 'SIGKILL')
    expect(await upstream.exited).toEqual({ code: null, signal: 'SIGKILL' })
    expect(isGone(announced[0]!.grandchild!)).toBe(false)
    await endUpstream(upstream, { graceMs: 50 })
    expect(isGone(announced[0]!.grandchild!)).toBe(true)
  })

  it.each([
    ['its server’s session', []],
    ['ever new sessions', ['--own-session']],
  ])('catches a descendant that is a new process every 20 ms, in %s', async (_, flags) => {
    verifies('POOL-3')
    const beat = join(shortDirectory(), 'beat')
    const { upstream } = await startServer('forker', ...flags, beat)
    await until('it hops', () => (statSync(beat, { throwIfNoEntry: false })?.size ?? 0) > 3)
    await endUpstream(upstream, { eofMs: 100, graceMs: 100 })
    expect(pidsWithEnvironment(upstream.marker)).toEqual([])
  })

  it('ends many at once, and leaves the others alone', async () => {
    const ended = await Promise.all(Array.from({ length: 5 }, () => startServer('stubborn')))
    const kept = await startServer('stubborn')
    await endUpstreams(
      ended.map(({ upstream }) => upstream),
      { eofMs: 100, graceMs: 100 },
    )
    const pids = ended.flatMap(({ announced }) => [announced[0]!.root, announced[0]!.grandchild!])
    expect(pids.filter((pid) => !isGone(pid))).toEqual([])
    expect(isGone(kept.announced[0]!.root)).toBe(false)
    expect(isGone(kept.announced[0]!.grandchild!)).toBe(false)
  })

  it('does not touch a process that has got the pid of one that ended', async () => {
    const bystander = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
    onTestFinished(() => {
      bystander.kill('SIGKILL')
    })
    const recycled = { pid: bystander.pid!, startTime: '1' }
    const find = treeFinder([recycled], () => false)
    expect(await killTrees(find, systemClock)).toEqual([])
    expect(identityOf(bystander.pid!)).toBeDefined()
  })

  it('returns while a pipe is held open by nobody but us, and closes it', async () => {
    const { upstream } = await startServer('stubborn', '--same-session')
    await endUpstream(upstream, { eofMs: 10, graceMs: 10 })
    await until('its pipes are closed', () => upstream.stdout.destroyed && upstream.stderr.destroyed)
  })
})

it('killNow kills the whole tree before it returns', async () => {
  verifies('POOL-3')
  const { upstream, announced } = await startServer('stubborn', '--clear-env')
  killNow([upstream])
  await until('both are gone', () => [upstream.pid, announced[0]!.grandchild!].every(isGone), 1_000)
})

describe('spawnUpstream', () => {
  it('gives a session, exactly the environment said and the marker, and nothing of ours', async () => {
    const upstream = await spawnUpstream({
      file: '/bin/cat',
      args: [],
      cwd: '/',
      env: { ONE: '1', [MARKER]: 'of-an-outer-daemon:1' },
      marker: 'life:2',
    })
    onTestFinished(() => killNow([upstream]))
    const environment = readFileSync(`/proc/${upstream.pid}/environ`, 'utf8').split('\0').filter(Boolean)
    expect(environment.sort()).toEqual(['MYCELIUM_UPSTREAM=life:2', 'ONE=1'])
    const session = readFileSync(`/proc/${upstream.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[3]
    expect(Number(session)).toBe(upstream.pid)
    expect(upstream.identity).toEqual(identityOf(upstream.pid))
  })

  it('a write to a server that has gone is no crash', async () => {
    const upstream = await start(['/bin/sh', '-c', 'exit 0'])
    await upstream.exited
    upstream.stdin.write('hello\n')
    await until('the pipe is broken', () => upstream.stdin.destroyed)
  })

  it('says which of command, interpreter and directory is missing or forbidden', async () => {
    const dir = shortDirectory()
    writeFileSync(join(dir, 'script'), '#!/no/such/interpreter\n', { mode: 0o755 })
    writeFileSync(join(dir, 'plain'), 'text')
    chmodSync(join(dir, 'plain'), 0o644)
    mkdirSync(join(dir, 'sub'))
    const failure = (file: string, cwd = dir) =>
      start([file], cwd).then(
        () => 'started',
        ({ code, message }) => `${code}: ${message}`,
      )
    expect(await failure('no-such-command')).toBe(
      'server_command_missing: no-such-command is in no directory of PATH',
    )
    expect(await failure('/no/such')).toBe('server_command_missing: /no/such does not exist')
    expect(await failure('./script')).toBe(
      `server_command_missing: ${join(dir, 'script')}: the interpreter named in its first line does not exist`,
    )
    expect(await failure('/bin/cat', '/no/dir')).toBe(
      'server_start_failed: /bin/cat: working directory /no/dir does not exist',
    )
    expect(await failure('./plain')).toBe('server_start_failed: ./plain is not executable')
    expect(await failure('bad\0name')).toMatch(/^server_start_failed: /)
  })
})
