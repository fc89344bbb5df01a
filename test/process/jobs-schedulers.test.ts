import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { pathsOf } from '../../src/core/config/paths.ts'
import { installJobs, plannedSet, removeJobs } from '../../src/core/jobs/install.ts'
import { readJobSet, type SchedulerName } from '../../src/core/jobs/job-set.ts'
import { JOBS } from '../../src/core/jobs/job-table.ts'
import type { Ground } from '../../src/core/jobs/scheduler.ts'
import { previewJobs } from '../../src/core/jobs/schedulers.ts'
import type { FakeSchedulers } from '../fixtures/fake-schedulers.ts'
import { schedulerHomes } from '../fixtures/scheduler-home.ts'
import { verifies } from '../requirements.ts'

const given = schedulerHomes()
let home: string
let fake: FakeSchedulers
let ground: Ground
beforeEach(() => {
  ;({ home, fake } = given())
  ground = groundOf('linux')
})

function groundOf(platform: NodeJS.Platform, more: NodeJS.ProcessEnv = {}): Ground {
  const env = { HOME: home, PATH: fake.bin, ...more }
  return {
    paths: pathsOf(join(home, '.mycelium')),
    where: { env, cwd: '/', platform, home },
    clock: systemClock,
  }
}

async function install(names: readonly string[] = [], at?: string, scheduler?: SchedulerName): Promise<void> {
  const jobs = JOBS.filter(({ name }) => names.length === 0 || names.includes(name))
  const former = readJobSet(ground.paths)
  await installJobs(plannedSet({ jobs, at, scheduler }, former, ground), former, ground)
}

const removeAll = () => removeJobs(readJobSet(ground.paths)?.jobs.map(({ name }) => name) ?? [], ground)

/** Every file below the home but the fakes. */
function filesLeft(): readonly string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith('fake') && !readdirSyncSafe(join(home, path)))
    .sort()
}

function readdirSyncSafe(path: string): boolean {
  try {
    readdirSync(path)
    return true
  } catch {
    return false
  }
}

describe('a crontab', () => {
  it.each([
    ['none', undefined],
    ['comments and environment', '# m h dom\nMAILTO=""\nSHELL=/bin/bash\n\n0 5 * * * date +\\%F\n'],
    ['CRLF', '# a\r\n0 5 * * * true\r\n'],
    ['no last line end', '0 5 * * * true'],
    ['bytes that are no UTF-8', '# \xff\xfe\x80\n'],
  ])('%s: is its user’s again after two installs and a removal', async (_, bytes) => {
    verifies('JOBS-1')
    fake.takeOpenLines()
    fake.setCrontab(bytes)
    await install()
    const once = fake.crontab()!
    expect(once.startsWith(bytes ?? '')).toBe(true)
    expect(once).toContain(`20 3 * * * /bin/sh '${home}/.mycelium/jobs/run' compact\n`)
    await install()
    expect(fake.crontab()).toBe(once)
    await removeAll()
    expect(fake.crontab()).toBe(bytes)
    expect(filesLeft()).toEqual([])
  })

  it('keeps the line end that a strict crontab wants, and is left in order', async () => {
    fake.setCrontab('0 5 * * * true')
    await install()
    await removeAll()
    expect(fake.crontab()).toBe('0 5 * * * true\n')
  })

  it('that changes between reading and writing loses nothing', async () => {
    verifies('JOBS-1')
    fake.setCrontab('# a\n')
    fake.intrude('1 1 * * * theirs\n')
    await install(['compact'])
    expect(fake.crontab()).toMatch(/^# a\n1 1 \* \* \* theirs\n# >>> mycelium jobs/)
    fake.intrude('2 2 * * * later\n')
    await removeAll()
    expect(fake.crontab()).toBe('# a\n1 1 * * * theirs\n2 2 * * * later\n')
  })

  it('loses one job and keeps the others at their times', async () => {
    await install(['compact', 'usage-import'], 'mon 05:05')
    await install(['usage-import'])
    await removeJobs(['compact'], ground)
    expect(fake.crontab()).toContain(`5 5 * * 1 /bin/sh '${home}/.mycelium/jobs/run' usage-import\n`)
    expect(fake.crontab()).not.toContain('compact')
    expect(readJobSet(ground.paths)?.jobs.map(({ name, at }) => [name, at])).toEqual([
      ['usage-import', 'mon 05:05'],
    ])
  })

  it('is found by its mark where no record is left', async () => {
    fake.setCrontab('# a\n')
    await install()
    rmSync(ground.paths.root, { recursive: true })
    await removeJobs([], ground)
    expect(fake.crontab()).toBe('# a\n')
  })

  it('that is refused leaves nothing behind, and says what was said', async () => {
    verifies('JOBS-1')
    fake.deny()
    await expect(install()).rejects.toMatchObject({
      code: 'scheduler_refused',
      message: 'crontab -l: You (me) are not allowed to use this program (crontab)',
    })
    expect(filesLeft()).toEqual([])
  })

  it('without cron is refused, and what was installed can be removed', async () => {
    verifies('JOBS-1')
    await install()
    fake.remove('crontab')
    await removeAll()
    expect(filesLeft()).toEqual([])
    await expect(install()).rejects.toMatchObject({ code: 'scheduler_missing' })
    expect(filesLeft()).toEqual([])
  })

  it('is what a look before it says', async () => {
    const set = plannedSet({ jobs: JOBS }, undefined, ground)
    const changes = await previewJobs(set, undefined, ground)
    expect([filesLeft(), fake.crontab()]).toEqual([[], undefined])
    await install()
    expect(changes.map(({ path, after }) => [path, after])).toEqual([
      [join(ground.paths.jobs, 'run'), readFileSync(join(ground.paths.jobs, 'run'), 'utf8')],
      ['crontab', fake.crontab()],
    ])
    expect(await previewJobs(readJobSet(ground.paths), readJobSet(ground.paths), ground)).toEqual([])
  })
})

const crontab = ['/usr/bin/crontab', '/bin/crontab'].find(existsSync)
// Only where the crontab is nobody's: a test that is killed leaves its block.
it.runIf(process.env.CI && crontab)('the real crontab takes the block and gives it back', async () => {
  const read = () => spawnSync(crontab!, ['-l']).stdout.toString('latin1')
  const before = read()
  ground = groundOf('linux', { PATH: dirname(crontab!) })
  await install()
  expect(read().startsWith(before)).toBe(true)
  expect(read()).toContain(`'${home}/.mycelium/jobs/run' compact\n`)
  await removeAll()
  expect(read()).toBe(before)
})

describe('systemd', () => {
  const units = () => join(home, '.config/systemd/user')
  beforeEach(() => {
    mkdirSync(join(home, 'fake/run/systemd'), { recursive: true })
    writeFileSync(join(home, 'fake/run/systemd/private'), '')
    ground = groundOf('linux', { XDG_RUNTIME_DIR: join(home, 'fake/run') })
  })
  const unit = (name: string) => readdirSync(units()).find((file) => file.startsWith(name))!

  it('has a service and a timer for each job where a user manager runs; nothing is left of them', async () => {
    verifies('JOBS-1')
    await install(['compact', 'usage-import'])
    expect(fake.crontab()).toBeUndefined()
    expect(
      readdirSync(units())
        .map((name) => name.replace(/-[0-9a-f]{8}/, ''))
        .sort(),
    ).toEqual([
      'mycelium-compact.service',
      'mycelium-compact.timer',
      'mycelium-usage-import.service',
      'mycelium-usage-import.timer',
    ])
    const timers = fake.calls()[0] === 'systemctl --user daemon-reload' ? fake.calls().slice(1) : []
    expect(timers.map((call) => call.replaceAll(/-[0-9a-f]{8}/g, ''))).toEqual([
      'systemctl --user enable mycelium-usage-import.timer mycelium-compact.timer',
      'systemctl --user restart mycelium-usage-import.timer mycelium-compact.timer',
    ])
    await removeAll()
    expect(
      fake
        .calls()
        .slice(3)
        .map((call) => call.replaceAll(/-[0-9a-f]{8}/g, '')),
    ).toEqual([
      'systemctl --user disable --now mycelium-usage-import.timer mycelium-compact.timer',
      'systemctl --user daemon-reload',
    ])
    expect(filesLeft()).toEqual([])
    expect(existsSync(join(home, '.config/systemd'))).toBe(false)
  })

  it('that is gone is no reason not to remove', async () => {
    await install(['compact'])
    const wants = join(units(), 'timers.target.wants')
    mkdirSync(wants)
    writeFileSync(join(wants, unit('mycelium-compact').replace('.service', '.timer')), '')
    rmSync(join(home, 'fake/run/systemd/private'))
    await removeAll()
    expect(filesLeft()).toEqual([])
  })

  it('that refuses leaves nothing behind', async () => {
    fake.refuse()
    await expect(install()).rejects.toMatchObject({
      code: 'scheduler_refused',
      message: 'systemctl --user daemon-reload: Failed to connect to bus',
    })
    expect(filesLeft()).toEqual([])
  })

  it('gives its jobs to cron when asked to', async () => {
    await install(['compact'])
    await install(['compact'], undefined, 'cron')
    expect(existsSync(units())).toBe(false)
    expect(fake.crontab()).toContain('compact')
  })
})

describe('launchd', () => {
  beforeEach(() => {
    ground = groundOf('darwin')
  })

  it('has an agent for each job, loaded in the user’s domain, and loses it again', async () => {
    verifies('JOBS-1')
    const domain = `gui/${process.getuid!()}`
    await install(['compact'])
    const [file] = readdirSync(join(home, 'Library/LaunchAgents'))
    const path = join(home, 'Library/LaunchAgents', file!)
    const label = file!.replace('.plist', '')
    expect(label).toMatch(/^mycelium\.([0-9a-f]{8}\.)?compact$/)
    expect(readFileSync(path, 'utf8')).toContain(`<string>${label}</string>`)
    await install(['compact'])
    await install(['compact'], 'hourly')
    await removeAll()
    expect(fake.calls()).toEqual([
      `launchctl bootstrap ${domain} ${path}`,
      `launchctl bootout ${domain}/${label}`,
      `launchctl bootstrap ${domain} ${path}`,
      `launchctl bootout ${domain}/${label}`,
    ])
    expect(filesLeft()).toEqual([])
  })
})
