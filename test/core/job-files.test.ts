import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse as parsePlist } from 'plist'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cronProgram, crontabBlock } from '../../src/core/jobs/crontab-block.ts'
import type { JobSet, Program } from '../../src/core/jobs/job-set.ts'
import { launchdFile } from '../../src/core/jobs/launchd-file.ts'
import { parseAt } from '../../src/core/jobs/schedule.ts'
import { systemdService, systemdTimer } from '../../src/core/jobs/systemd-file.ts'
import { verifies } from '../requirements.ts'

const ODD = `/o d/100%/'q"\`$HOME\\n`
const program: Program = {
  node: `${ODD}/no de`,
  script: `${ODD}/bin/mycelium.js`,
  env: { HOME: `${ODD}/home`, PATH: `/usr/bin:${ODD}`, MYCELIUM_HOME: `${ODD}/m\nx` },
}
const ARGS = ['jobs', 'run', '--due', 'compact']

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'my-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

describe('the property list', () => {
  it('says to any parser what was meant, by the keys of launchd.plist(5)', () => {
    verifies('JOBS-1')
    const text = launchdFile('mycelium.compact', ARGS, program, parseAt('mon,thu 03:30').schedule)
    expect(parsePlist(text)).toEqual({
      Label: 'mycelium.compact',
      ProgramArguments: [program.node, program.script, ...ARGS],
      EnvironmentVariables: program.env,
      WorkingDirectory: '/',
      StartCalendarInterval: [
        { Weekday: 1, Hour: 3, Minute: 30 },
        { Weekday: 4, Hour: 3, Minute: 30 },
      ],
      RunAtLoad: true,
      ProcessType: 'Background',
      LowPriorityIO: true,
      StandardOutPath: '/dev/null',
      StandardErrorPath: '/dev/null',
    })
  })

  it('holds markup and a carriage return, and refuses what XML cannot hold', () => {
    const odd = { ...program, node: '/<a>&amp;\r]]>/node' }
    const parsed = parsePlist(launchdFile('a', ARGS, odd, parseAt('hourly').schedule)) as Record<
      string,
      unknown
    >
    expect((parsed.ProgramArguments as string[])[0]).toBe(odd.node)
    expect(parsed.StartCalendarInterval).toEqual([{ Minute: 0 }])
    const impossible = { ...program, node: '/a\u0001/node' }
    expect(() => launchdFile('a', ARGS, impossible, parseAt('hourly').schedule)).toThrow(/property list/)
  })
})

describe('the unit files', () => {
  const service = systemdService('mycelium: compact', ARGS, program)

  it('say to systemd.syntax(7) what was meant', () => {
    const lines = service.split('\n')
    const environment = lines.filter((line) => line.startsWith('Environment='))
    expect(environment.map((line) => words(line.slice(12)))).toEqual(
      Object.entries(program.env).map(([name, value]) => [`${name}=${value}`]),
    )
    const command = lines.find((line) => line.startsWith('ExecStart='))!.slice(10)
    const argv = words(command).map((word) => word.replaceAll('$$', '$'))
    // The shell starts what systemd would not take as a program.
    expect(argv.slice(0, 3)).toEqual(['/bin/sh', '-c', 'exec "$0" "$@"'])
    expect(argv.slice(3)).toEqual([program.node, program.script, ...ARGS])
  })

  it('start a plain program without a shell', () => {
    const plain = { ...program, node: '/usr/bin/node' }
    expect(systemdService('a', ARGS, plain)).toContain('\nExecStart="/usr/bin/node" ')
  })

  it('catch up what was missed, and spread what is due at once', () => {
    const timer = systemdTimer('mycelium: compact', parseAt('every 6h').schedule)
    expect(timer).toContain('\nOnCalendar=*-*-* 00,06,12,18:00:00\nPersistent=true\nRandomizedDelaySec=300\n')
    expect(timer).toContain('\n[Install]\nWantedBy=timers.target\n')
  })

  const analyze = ['/usr/bin/systemd-analyze', '/bin/systemd-analyze'].find(existsSync)
  it.runIf(analyze)('are as systemd wants them', () => {
    verifies('JOBS-1')
    const node = join(dir, 'no de')
    writeFileSync(node, '#!/bin/sh\n')
    chmodSync(node, 0o755)
    const real = { ...program, node }
    const [unit, timer] = ['compact.service', 'compact.timer'].map((name) => join(dir, name))
    writeFileSync(unit!, systemdService('mycelium: compact', ARGS, real))
    writeFileSync(timer!, systemdTimer('mycelium: compact', parseAt('mon,thu 03:30').schedule))
    const env = { PATH: process.env.PATH, HOME: dir, XDG_RUNTIME_DIR: dir }
    const said = execFileSync('sh', ['-c', `"$0" --user verify "$1" "$2" 2>&1`, analyze!, unit!, timer!], {
      env,
    })
    // It also speaks of units of the system that are not ours.
    expect(
      said
        .toString()
        .split('\n')
        .filter((line) => line.includes('compact')),
    ).toEqual([])
    for (const at of ['03:30', 'hourly', 'every 15m', 'every 6h', 'mon,thu 03:30']) {
      const event = /OnCalendar=(.*)/.exec(systemdTimer('a', parseAt(at).schedule))![1]!
      const normal = /Normalized form: (.*)/.exec(
        execFileSync(analyze!, ['calendar', event], { env }).toString(),
      )
      expect(normal, event).not.toBeNull()
    }
  })
})

describe('the lines of a crontab', () => {
  const set = (paths: { jobs: string }): string =>
    crontabBlock(
      {
        version: 1,
        scheduler: 'cron',
        program,
        jobs: [{ name: 'compact', at: '03:20', since: '' }],
      } as JobSet,
      paths,
      '',
    )

  it('run the program with exactly its words and environment, from any place that can be named', () => {
    verifies('JOBS-1')
    const jobs = join(dir, 'o d 100% \'q" $HOME `x` \\')
    mkdirSync(jobs)
    const node = join(dir, "no'de")
    writeFileSync(node, `#!/bin/sh\nprintf '%s|' "$PWD" "$HOME" "$MYCELIUM_HOME" "$@"\n`)
    chmodSync(node, 0o755)
    writeFileSync(join(jobs, 'run'), cronProgram({ ...program, node }))
    const line = set({ jobs })
      .split('\n')
      .find((one) => one.endsWith(' compact'))!
    // What cron does to a command before the shell has it.
    const command = line.split(' ').slice(5).join(' ')
    expect(command.replaceAll('\\%', '')).not.toContain('%')
    for (const given of [command.replaceAll('\\%', '%'), command])
      expect(
        execFileSync('/bin/sh', ['-c', given], { env: { PATH: '/usr/bin:/bin' } })
          .toString()
          .split('|'),
      ).toEqual(['/', program.env.HOME, program.env.MYCELIUM_HOME, program.script, ...ARGS, ''])
  })

  it('name no place with a line end in it, nor one that is longer than a line may be', () => {
    for (const jobs of ['/a\nb', `/${'a'.repeat(950)}`]) expect(() => set({ jobs })).toThrow(/crontab/)
  })
})

it('templates hold no field that is not filled in', () => {
  for (const name of [
    'job-launchd.plist',
    'job-systemd.service',
    'job-systemd.timer',
    'job-cron.sh',
    'job-crontab',
  ])
    expect(readFileSync(new URL(`../../templates/${name}`, import.meta.url), 'utf8')).toMatch(/\{\{/)
  expect(cronProgram(program)).not.toMatch(/\{\{/)
})

/** Words as systemd.syntax(7) takes them: quotes, C escapes, and no specifier. */
function words(text: string): readonly string[] {
  expect(text.replaceAll('%%', '')).not.toContain('%')
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) =>
    (double ?? single ?? bare!)
      .replace(/\\(x[0-9a-f]{2}|.)/g, (_, c: string) =>
        c.length === 3 ? String.fromCharCode(Number.parseInt(c.slice(1), 16)) : c,
      )
      .replaceAll('%%', '%'),
  )
}
