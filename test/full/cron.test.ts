import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { pathsOf } from '../../src/core/config/paths.ts'
import { readRuns } from '../../src/core/jobs/runs.ts'
import { identityOf } from '../../src/core/process.ts'
import { readRegular } from '../../src/core/regular-file.ts'
import { builtCli, ended } from '../fixtures/built-cli.ts'
import { until } from '../fixtures/daemon-home.ts'

const crontab = ['/usr/bin/crontab', '/bin/crontab'].find(existsSync)
const cron = ['/usr/sbin/cron', '/usr/sbin/crond'].find(existsSync)
const canRun = crontab !== undefined && (isCronRunning() || (cron !== undefined && process.getuid?.() === 0))

let home: string
let before: Buffer | undefined
let daemon: ReturnType<typeof spawn> | undefined
beforeEach(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'my-cron 100%-')))
  before = readCrontab()
  if (!canRun || isCronRunning()) return
  daemon = spawn(cron!, ['-f'], { stdio: 'ignore' })
  await until('cron runs', isCronRunning)
})
afterEach(() => {
  daemon?.kill()
  daemon = undefined
  // Whatever became of the test, the crontab of whoever runs it is theirs again.
  if (canRun && !same(readCrontab(), before))
    spawnSync(crontab!, before === undefined ? ['-r'] : ['-'], before === undefined ? {} : { input: before })
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
})

it.runIf(canRun)(
  'the real cron runs a job at its time, on record, and its crontab is as it was afterwards',
  async () => {
    const bin = builtCli()
    const paths = pathsOf(join(home, '.mycelium'))
    const env = { HOME: home, PATH: process.env.PATH }
    const mycelium = (...args: string[]) => ended(process.execPath, [bin, 'jobs', ...args], env)
    expect(
      await mycelium('install', 'ignore-refresh', '--at', 'every 1m', '--scheduler', 'cron'),
    ).toMatchObject({ code: 0 })
    const run = await until(
      'the job has run',
      () => readRuns(paths, 'ignore-refresh').find(({ exitCode }) => exitCode !== undefined),
      75_000,
    )
    expect(run).toMatchObject({ exitCode: 0, isScheduled: true })
    expect((await mycelium('logs', 'ignore-refresh')).stdout).toContain('nothing is hidden in any project\n')
    expect(await mycelium('remove')).toMatchObject({ code: 0 })
    expect(same(readCrontab(), before)).toBe(true)
  },
)

/** Undefined where this user has none. */
function readCrontab(): Buffer | undefined {
  if (crontab === undefined) return undefined
  const { status, stdout } = spawnSync(crontab, ['-l'])
  return status === 0 ? stdout : undefined
}

function same(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b)
}

function isCronRunning(): boolean {
  for (const file of ['/run/crond.pid', '/var/run/crond.pid', '/run/cron.pid']) {
    const pid = existsSync(file) ? Number.parseInt(readRegular(file).toString('utf8'), 10) : Number.NaN
    if (pid > 0 && identityOf(pid) !== undefined) return true
  }
  return false
}
