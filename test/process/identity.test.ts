import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import {
  descendantsOf,
  environmentOf,
  identityOf,
  isAlive,
  parseStat,
  processTable,
  pssKb,
  rowOf,
} from '../../src/core/process.ts'
import { environmentsFromPs, residentKbFromPs, tableFromPs } from '../../src/core/process-ps.ts'
import { verifies } from '../requirements.ts'
import { until } from './programs.ts'

const STAT = 'S 17 42 41 0 -1 4194304 99 0 0 0 0 0 0 0 20 0 1 0 133450 3133440 394'

function sleeper(...args: Parameters<typeof spawn>) {
  const child = spawn(...args)
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}

it.each(['cat', 'a b', ')', 'x) S 1 1 1', '((', 'two\nlines', ''])(
  'a command named %j does not shift the fields of its line',
  (name) => {
    expect(parseStat(`4711 (${name}) ${STAT}`)).toEqual({
      pid: 4711,
      startTime: '133450',
      parent: 17,
      session: 41,
      ended: false,
    })
  },
)

it('an identity lasts as long as its process, and ends with it even while it is a zombie', async () => {
  verifies('LAUNCH-3')
  const child = sleeper('/bin/sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const pid = await new Promise<number>((resolve) => {
    child.stdout!.once('data', (data) => resolve(Number(String(data))))
  })
  const identity = identityOf(pid)!
  expect(isAlive(identity)).toBe(true)
  expect(isAlive({ ...identity, startTime: `${identity.startTime}0` })).toBe(false)
  await until('it is a zombie', () => rowOf(pid)?.ended === true)
  expect(rowOf(pid)!.startTime).toBe(identity.startTime)
  expect(identityOf(pid)).toBeUndefined()
  expect(isAlive(identity)).toBe(false)
})

it('nobody has no identity and no memory', () => {
  expect(identityOf(4_194_304)).toBeUndefined()
  expect(pssKb(4_194_304)).toBeUndefined()
})

it('descendants are children and theirs, in whatever session, without the ancestor', async () => {
  const child = sleeper('/bin/sh', ['-c', 'setsid sh -c "sleep 60 & wait" & wait'], { detached: true })
  await until('all three are there', () => descendantsOf([child.pid!]).length === 2)
  const found = descendantsOf([child.pid!])
  onTestFinished(() => {
    for (const { pid } of found) process.kill(pid, 'SIGKILL')
  })
  const names = found.map(({ pid }) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim())
  expect(names.sort()).toEqual(['sh', 'sleep'])
})

it('the environment of a process is read by whole name', () => {
  const child = sleeper('sleep', ['60'], { env: { PATH: '/bin:/usr/bin', X_MARK: 'no', MARK: 'a=b c' } })
  const rows = [rowOf(child.pid!)!]
  expect([...environmentOf(rows, 'MARK')]).toEqual([[child.pid, 'a=b c']])
  expect([...environmentOf(rows, 'MAR')]).toEqual([])
})

it('memory is the proportional share', () => {
  const kb = pssKb(process.pid)!
  expect(kb).toBeGreaterThan(10_000)
  expect(kb).toBeLessThanOrEqual(process.memoryUsage.rss() / 1024 + 4_096)
})

it('reading the whole table costs at most 50 µs a process', () => {
  const rows = processTable().length
  const times = Array.from({ length: 15 }, () => {
    const startedAtMs = performance.now()
    processTable()
    return performance.now() - startedAtMs
  })
  expect(Math.min(...times) / rows).toBeLessThan(0.05)
})

it('ps tells the same as /proc about who descends from whom', async () => {
  const child = sleeper('/bin/sh', ['-c', 'sleep 60 & wait'], {
    detached: true,
    env: { PATH: '/bin:/usr/bin', MARK: 'm.1:x' },
  })
  onTestFinished(() => {
    process.kill(-child.pid!, 'SIGKILL')
  })
  await until('both are there', () => descendantsOf([child.pid!]).length === 1)
  const table = tableFromPs(['-ax'])
  expect(descendantsOf([child.pid!], table).map(({ pid }) => pid)).toEqual(
    descendantsOf([child.pid!]).map(({ pid }) => pid),
  )
  const [row] = tableFromPs(['-p', String(child.pid)])
  expect(row).toMatchObject({ pid: child.pid, parent: process.pid, session: child.pid, ended: false })
  expect(row!.startTime).toMatch(/^\w{3}_\w{3}_\d+_\d\d:\d\d:\d\d_\d{4}$/)
  expect(tableFromPs(['-p', '4194304'])).toEqual([])
  expect(residentKbFromPs(child.pid!)).toBeGreaterThan(100)
  expect(environmentsFromPs('MARK', ['axeww']).get(child.pid!)).toBe('m.1:x')
})
