import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { pathsOf, preparePaths } from '../../src/core/config/paths.ts'
import { acquireLock } from '../../src/core/daemon/lock.ts'
import { openJobLog } from '../../src/core/jobs/job-log.ts'
import { readJobSet, storeJobSet } from '../../src/core/jobs/job-set.ts'
import { JOBS } from '../../src/core/jobs/job-table.ts'
import { readRuns } from '../../src/core/jobs/runs.ts'
import { identityOf } from '../../src/core/process.ts'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'
import { until } from '../fixtures/daemon-home.ts'
import type { FakeSchedulers } from '../fixtures/fake-schedulers.ts'
import { schedulerHomes } from '../fixtures/scheduler-home.ts'
import { verifies } from '../requirements.ts'

let bin: string
let home: string
let fake: FakeSchedulers
beforeAll(() => {
  bin = builtCli()
})
const given = schedulerHomes()
beforeEach(() => {
  ;({ home, fake } = given())
})

const env = () => ({ HOME: home, PATH: fake.bin })
const mycelium = (...args: string[]): Promise<Ended> => ended(process.execPath, [bin, ...args], env(), home)
const jobs = async (...args: string[]) => JSON.parse((await mycelium('jobs', ...args, '--json')).stdout)
const paths = () => pathsOf(join(home, '.mycelium'))
const DAY_MS = 24 * 3_600_000

/** As if everything had been installed so long ago. */
function installedAgo(ms: number): void {
  const set = readJobSet(paths())!
  const since = new Date(Date.now() - ms).toISOString()
  storeJobSet(paths(), { ...set, jobs: set.jobs.map((job) => ({ ...job, since })) })
}

/** As cron runs the line of a job, or without a name the line that catches up. */
function byCron(name?: string): Promise<Ended> {
  const end = name === undefined ? "/jobs/run'" : ` ${name}`
  const line = fake
    .crontab()!
    .split('\n')
    .find((one) => one.endsWith(end))!
  const command = line.split(' ').slice(5).join(' ')
  return ended(
    '/bin/sh',
    ['-c', command],
    { PATH: '/usr/bin:/bin', SHELL: '/bin/sh', HOME: '/', LOGNAME: 'me' },
    '/',
  )
}

/** Ids of what doctor says against jobs, with the commands that mend it. */
async function findings(): Promise<readonly string[]> {
  const { stdout } = await mycelium('doctor', '--json')
  return (JSON.parse(stdout).findings as { id: string; subject: string; fix: string; severity: string }[])
    .filter(({ id, severity }) => id.startsWith('job') && severity !== 'ok')
    .map(({ id, subject, fix }) => `${id} ${subject}: ${fix}`)
}

/** Starts a job that takes a second or two, and waits until it is on record. */
async function started(name: string) {
  const child = spawn(process.execPath, [bin, 'jobs', 'run', name], {
    env: env(),
    cwd: home,
    stdio: 'ignore',
  })
  await until('it is on record', () => readRuns(paths(), name)[0]?.process.pid === child.pid)
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  return { child, exited }
}

describe('a job that cron starts', () => {
  it('runs when its time has passed, once, in cron’s poor environment, and is on record', async () => {
    verifies('JOBS-1')
    expect((await mycelium('jobs', 'install', 'ignore-refresh', '--at', 'every 1m')).code).toBe(0)
    expect(await byCron('ignore-refresh')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    expect(readRuns(paths(), 'ignore-refresh')).toEqual([])
    installedAgo(5 * 60_000)
    expect(await byCron('ignore-refresh')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    const { scheduler, jobs: rows } = await jobs('list')
    const row = rows.find(({ name }: { name: string }) => name === 'ignore-refresh')
    expect([scheduler, row.installed, row.at, row.due, row.runs.length]).toEqual([
      'cron',
      true,
      'every 1m',
      false,
      1,
    ])
    expect(row.last).toMatchObject({ state: 'done', exitCode: 0, scheduled: true, because: null })
    expect(row.last.durationMs).toBeGreaterThan(0)
    expect(Object.keys(row)).toEqual([
      'name',
      'command',
      'sentence',
      'usualAt',
      'installed',
      'at',
      'nextAt',
      'due',
      'last',
      'runs',
    ])
    expect((await mycelium('jobs', 'logs', 'ignore-refresh')).stdout).toMatch(
      /^--- .* mycelium ignore refresh, pid \d+\nnothing is hidden in any project\n--- .* ended with 0\n$/,
    )
  })

  it('is caught up once for all the times that were missed', async () => {
    verifies('JOBS-1')
    await mycelium('jobs', 'install', 'ignore-refresh', 'usage-prune', '--at', 'every 1m')
    installedAgo(10 * DAY_MS)
    expect((await byCron()).code).toBe(0)
    expect(['ignore-refresh', 'usage-prune'].map((name) => readRuns(paths(), name).length)).toEqual([1, 1])
  })
})

describe('jobs run', () => {
  it('shows what the job says, ends as the job does, and status and doctor know of a failure', async () => {
    verifies('JOBS-1')
    await mycelium('jobs', 'install', 'usage-prune')
    expect((await mycelium('status')).stdout).toContain('jobs: 1 installed, none has run yet, 0 failed\n')
    // Where the database should be is something else.
    mkdirSync(paths().database)
    const { code, stdout, stderr } = await mycelium('jobs', 'run', 'usage-prune')
    expect([code, stdout]).toEqual([1, expect.stringContaining('database')])
    expect(stderr).toContain('usage-prune: ended with 1 after ')
    expect((await mycelium('status')).stdout).toMatch(
      /jobs: 1 installed, last run \d+ s ago, 1 failed; next: mycelium jobs list\n/,
    )
    expect(JSON.parse((await mycelium('status', '--json')).stdout).jobs).toMatchObject({
      installed: 1,
      running: 0,
      failed: 1,
    })
    expect(await findings()).toEqual(['job-failed usage-prune: mycelium jobs logs usage-prune'])
  })

  it('never runs twice at a time, and says who runs', async () => {
    verifies('JOBS-1')
    preparePaths(paths())
    const lock = await acquireLock(paths().run, 'job-ignore-refresh', { identity: identityOf(process.pid)! })
    const { code, stderr } = await mycelium('jobs', 'run', 'ignore-refresh')
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`ignore-refresh is running already: pid ${process.pid}`),
    ])
    await mycelium('jobs', 'install', 'ignore-refresh', '--at', 'every 1m')
    installedAgo(DAY_MS)
    expect(await byCron('ignore-refresh')).toMatchObject({ code: 0, stderr: '' })
    expect(readRuns(paths(), 'ignore-refresh')).toEqual([])
    if ('release' in lock) lock.release()
  })

  it('that is killed is seen as interrupted, and the next one runs', async () => {
    verifies('JOBS-1')
    await mycelium('jobs', 'install', 'usage-import')
    const { child, exited } = await started('usage-import')
    child.kill('SIGKILL')
    await exited
    const [row] = (await jobs('list')).jobs
    expect(row.last).toMatchObject({ state: 'interrupted', exitCode: null, durationMs: null })
    expect(await findings()).toEqual(['job-interrupted usage-import: mycelium jobs run usage-import'])
    expect((await mycelium('jobs', 'run', 'usage-import')).code).toBe(0)
    expect(await findings()).toEqual([])
  })

  it('keeps a log that is bounded, whatever a job writes', () => {
    mkdirSync(paths().log, { recursive: true })
    for (let run = 0; run < 8; run += 1) {
      const log = openJobLog(paths(), 'compact')
      for (let i = 0; i < 20; i += 1) log.output('x'.repeat(100_000))
      log.close()
    }
    const sizes = readdirSync(paths().log).map((name) => readFileSync(join(paths().log, name)).length)
    expect(sizes.length).toBe(3)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(3.5e6)
    expect(readFileSync(join(paths().log, 'job-compact.log'), 'utf8')).toContain(
      'bytes of output were left out',
    )
  })
})

describe('jobs remove and undo', () => {
  const CRONTAB = '# mine\r\nMAILTO=""\n0 5 * * * date +\\%F'

  it.each([['jobs', 'remove'], ['undo']])(
    '%s %s leaves nothing, also of a job that runs',
    async (...words) => {
      verifies('JOBS-1')
      fake.takeOpenLines()
      fake.setCrontab(CRONTAB)
      await mycelium('jobs', 'install')
      // The job waits for this lock until it is ended.
      preparePaths(paths())
      const lock = await acquireLock(paths().run, 'import', { identity: identityOf(process.pid)! })
      const { exited } = await started('usage-import')
      const { code, stdout, stderr } = await mycelium(...words.filter((word) => word !== undefined))
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toContain(
        JOBS.map(({ name }) => name)
          .sort()
          .join(', '),
      )
      expect(await exited).toBe(130)
      if ('release' in lock) lock.release()
      expect(fake.crontab()).toBe(CRONTAB)
      expect(existsSync(paths().jobs)).toBe(false)
      expect(readdirSync(home).sort()).toEqual(words[0] === 'undo' ? ['fake'] : ['.mycelium', 'fake'])
    },
  )

  it('undo does its work where cron is gone, and says what that means', async () => {
    verifies('JOBS-1')
    await mycelium('jobs', 'install')
    fake.remove('crontab')
    const { code, stderr } = await mycelium('undo')
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('cron, which jobs were installed with, is gone'),
    ])
    expect(readdirSync(home)).toEqual(['fake'])
  })

  it('a dry run changes nothing', async () => {
    await mycelium('jobs', 'install')
    const before = fake.crontab()
    expect((await mycelium('jobs', 'remove', '--dry-run')).stdout).toContain('dry run: nothing was changed\n')
    expect((await mycelium('undo', '--dry-run')).stdout).toContain('jobs to be removed: compact')
    expect(fake.crontab()).toBe(before)
  })
})

describe('doctor', () => {
  it('says of jobs what became of them, with the command that mends it', async () => {
    verifies('JOBS-1')
    await mycelium('jobs', 'install', 'compact')
    expect(await findings()).toEqual([])
    installedAgo(4 * DAY_MS)
    expect(await findings()).toEqual(['job-never-ran compact: mycelium jobs run compact'])
    fake.setCrontab('')
    await mycelium('jobs', 'run', 'compact')
    expect(await findings()).toEqual(['job-changed jobs: mycelium jobs install'])
    await mycelium('jobs', 'install')
    expect(await findings()).toEqual([])
    fake.remove('crontab')
    expect(await findings()).toEqual(['job-scheduler-gone jobs: mycelium jobs install'])
  })

  it('finds a program that moved away, and lines that no record knows of', async () => {
    await mycelium('jobs', 'install', 'compact')
    const set = readJobSet(paths())!
    storeJobSet(paths(), { ...set, program: { ...set.program, node: '/gone/node' } })
    expect(await findings()).toContain('job-program-gone jobs: mycelium jobs install')
    rmSync(paths().root, { recursive: true })
    expect(await findings()).toEqual(['job-unknown jobs: mycelium jobs remove'])
  })
})

describe('wrong words', () => {
  it.each([
    [['install', 'backup'], 2, 'backup'],
    [['install', '--at', '25:00'], 2, '"25:00" names no time of a day'],
    [['install', '--scheduler', 'launchd'], 1, 'launchd cannot start jobs here'],
    [['run'], 2, 'which job?'],
    [['logs', 'compact'], 1, 'compact has not run yet'],
  ])('%j is refused with the next step, and nothing is written', async (args, exit, what) => {
    const { code, stderr } = await mycelium('jobs', ...args)
    expect([code, stderr]).toEqual([exit, expect.stringContaining(what)])
    expect(stderr).toContain('  next: ')
    expect([fake.crontab(), existsSync(paths().jobs)]).toEqual([undefined, false])
  })

  it('a record that nobody can read is as none', async () => {
    mkdirSync(paths().jobs, { recursive: true })
    for (const name of ['installed.json', 'compact.runs.json'])
      writeFileSync(join(paths().jobs, name), '{"version":1,"jobs":[{}]}')
    expect((await mycelium('jobs', 'list')).stdout).toContain(
      'none is installed; next: mycelium jobs install\n',
    )
  })
})
