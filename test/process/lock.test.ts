import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { acquireLock } from '../../src/core/daemon/lock.ts'
import { identityOf, machineBootId, rowOf } from '../../src/core/process.ts'
import { verifies } from '../requirements.ts'
import { compileProgram, shortDirectory, startTalker, type Talker, until } from './programs.ts'

const racer = compileProgram('lock-racer')
const self = () => identityOf(process.pid)!

function startRacers(count: number, dir: string, suicideShare = 0): Talker[] {
  const logFile = join(dir, 'log')
  writeFileSync(logFile, '')
  return Array.from({ length: count }, () => startTalker(racer, [dir, logFile, String(suicideShare)]))
}

async function winnersOf(racers: readonly Talker[]): Promise<number[]> {
  for (const one of racers) one.send('try')
  const results = await Promise.all(racers.map((one) => one.next()))
  return racers.filter((_, i) => results[i]?.tried === 'won').map((one) => one.pid)
}

/** Everything a lock directory may be left with, none of which is a living holder. */
const LEFTOVERS: Record<string, (dir: string, generation: number) => void | Promise<void>> = {
  'nothing at all': () => {},
  'the lock of a dead process': (dir, n) => write(dir, n, { pid: 4_194_304, startTime: '1' }),
  'the lock of a pid that another process has now': (dir, n) =>
    write(dir, n, { pid: process.pid, startTime: '1' }),
  'the lock of an earlier boot': (dir, n) => write(dir, n, { ...self(), boot: 'earlier' }),
  'the lock of a container that has long gone': (dir, n) => {
    write(dir, n, { ...self(), pids: 'pid:[1]' })
    utimesSync(join(dir, `daemon.${n}`), 1_000, 1_000)
  },
  'half a lock file': (dir, n) => writeFileSync(join(dir, `daemon.${n}`), '{"pid":1'),
  'an empty lock file': (dir, n) => writeFileSync(join(dir, `daemon.${n}`), ''),
  'a lock file that nobody may read': (dir, n) => writeFileSync(join(dir, `daemon.${n}`), '{}', { mode: 0 }),
  'a directory in the place of a lock': (dir, n) => mkdirSync(join(dir, `daemon.${n}`)),
  'the lock of a zombie': async (dir, n) => write(dir, n, await startZombie()),
}

function write(dir: string, generation: number, record: object): void {
  writeFileSync(join(dir, `daemon.${generation}`), JSON.stringify({ boot: machineBootId(), ...record }))
}

/** A process that has ended and whose parent does not ask. */
async function startZombie() {
  const parent = spawn('/bin/sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'])
  onTestFinished(() => {
    parent.kill('SIGKILL')
  })
  const [text] = await new Promise<[Buffer]>((resolve) => {
    parent.stdout.once('data', (...data) => resolve(data as [Buffer]))
  })
  const pid = Number(text.toString())
  await until('it is a zombie', () => rowOf(pid)?.ended === true)
  return { pid, startTime: rowOf(pid)!.startTime }
}

it('64 processes that start at once have one winner, whatever was left in the directory', async () => {
  verifies('LAUNCH-3')
  const dir = shortDirectory()
  const racers = startRacers(64, dir)
  await Promise.all(racers.map((one) => one.next()))
  for (const [what, leave] of Object.entries(LEFTOVERS)) {
    for (const entry of readdirSync(dir)) {
      if (/^daemon\.\d/.test(entry)) rmSync(join(dir, entry), { recursive: true, force: true })
    }
    await leave(dir, 7)
    const winners = await winnersOf(racers)
    expect(winners, `after ${what}`).toHaveLength(1)
    const winner = racers.find((one) => one.pid === winners[0])!
    // A second round while it is held: nobody wins, and everybody is told who has it.
    const others = racers.filter((one) => one !== winner)
    for (const one of others) one.send('try')
    for (const one of others) expect(await one.next()).toEqual({ tried: winner.pid })
    winner.send('drop')
    await winner.next()
  }
}, 120_000)

it('never two at the same time among 64 processes that race, hold, release and die while holding', async () => {
  verifies('LAUNCH-3')
  const dir = shortDirectory()
  const racers = startRacers(64, dir, 0.05)
  await Promise.all(racers.map((one) => one.next()))
  for (const one of racers) one.send('run 3000')
  await Promise.all(racers.map((one) => one.next().catch(() => 'died')))
  const lines = readFileSync(join(dir, 'log'), 'utf8').trim().split('\n')
  let holder: string | undefined
  for (const line of lines) {
    const [what, pid] = line.split(' ')
    if (what === 'enter') {
      expect(holder, `${pid} entered`).toBeUndefined()
      holder = pid
    } else {
      expect(pid).toBe(holder)
      holder = undefined
    }
  }
  const count = (what: string) => lines.filter((line) => line.startsWith(what)).length
  expect(count('enter')).toBeGreaterThan(100)
  expect(count('die')).toBeGreaterThan(0)
}, 120_000)

it('a holder that is killed loses the lock at once', async () => {
  verifies('LAUNCH-3')
  const dir = shortDirectory()
  const [first] = startRacers(1, dir) as [Talker]
  await first.next()
  expect(await winnersOf([first])).toEqual([first.pid])
  expect(await acquireLock(dir, 'daemon', { identity: self() })).toMatchObject({
    heldBy: { pid: first.pid },
  })
  process.kill(first.pid, 'SIGKILL')
  await first.ended
  expect(await acquireLock(dir, 'daemon', { identity: self() })).toHaveProperty('release')
})

it('a holder that is merely stopped keeps the lock', async () => {
  const dir = shortDirectory()
  const [first] = startRacers(1, dir) as [Talker]
  await first.next()
  await winnersOf([first])
  process.kill(first.pid, 'SIGSTOP')
  expect(await acquireLock(dir, 'daemon', { identity: self() })).toMatchObject({
    heldBy: { pid: first.pid },
  })
})

it('the winner leaves only its own file, and none after release; other locks are not touched', async () => {
  const dir = shortDirectory()
  for (const n of [1, 2, 3]) write(dir, n, { pid: 4_194_304, startTime: '1' })
  writeFileSync(join(dir, 'daemon.draft-4194304-0a0a0a0a'), '{}')
  writeFileSync(join(dir, 'daemonic.1'), '{}')
  writeFileSync(join(dir, 'daemon.sock'), '')
  const lock = await acquireLock(dir, 'daemon', { identity: self() })
  expect(readdirSync(dir).sort()).toEqual(['daemon.4', 'daemon.sock', 'daemonic.1'])
  if ('release' in lock) lock.release()
  expect(readdirSync(dir).sort()).toEqual(['daemon.sock', 'daemonic.1'])
})

it('a release after the directory was made anew leaves the new holder alone', async () => {
  const dir = shortDirectory()
  const lock = await acquireLock(dir, 'daemon', { identity: self() })
  write(dir, 1, { pid: 4_194_304, startTime: '1', other: true })
  if ('release' in lock) lock.release()
  expect(readdirSync(dir)).toEqual(['daemon.1'])
})

it('a directory that cannot be written is an error that names it', async () => {
  const dir = join(shortDirectory(), 'none')
  await expect(acquireLock(dir, 'daemon', { identity: self() })).rejects.toMatchObject({
    code: 'write_failed',
    message: expect.stringContaining(dir),
  })
})

it('a disk that is full leaves no draft behind', () => {
  verifies('LAUNCH-3')
  const dir = shortDirectory()
  writeFileSync(join(dir, 'log'), '')
  const words = [process.execPath, racer, dir, join(dir, 'log')]
  const { status, stderr } = spawnSync('/bin/sh', ['-c', 'ulimit -f 0; exec "$@"', 'sh', ...words], {
    input: 'try\n',
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([1, expect.stringContaining('no lock could be written')])
  expect(readdirSync(dir)).toEqual(['log'])
})

it('a lock of another PID namespace is held, though its pid is nobody here', async () => {
  verifies('LAUNCH-3')
  const dir = shortDirectory()
  write(dir, 1, { pid: 4_194_304, startTime: '1', pids: 'pid:[1]' })
  const result = await acquireLock(dir, 'daemon', { identity: self() })
  expect(result).toEqual({ heldBy: { pid: 4_194_304, startTime: '1' } })
})
