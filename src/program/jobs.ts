import { Argument, Option } from 'commander'
import { type HasCommand, knownJobs } from '../core/jobs/job-table.ts'
import { json, type Noun, wholeNumber } from './row.ts'

const commands = () => import('../commands/jobs.ts')
const dryRun = () => new Option('--dry-run', 'show what would be written and write nothing')

/** `mycelium jobs …`, for a program that has these commands. */
export function jobsNoun(has: HasCommand): Noun {
  const jobs = knownJobs(has)
  const names = jobs.map(({ name }) => name)
  const one = () => new Argument('<name>', 'which job').choices(names)
  const some = (what: string) => new Argument('[name...]', what).choices(names)
  const table = jobs.map(({ name, at, sentence }) => `${name} (${at}): ${sentence}`).join('; ')
  return {
    word: 'jobs',
    summary: 'what is done by the clock: install, run and look at it',
    about: `Has commands of mycelium run by the clock: by launchd on macOS, by timers of your systemd user manager where one runs, else by lines in \
your crontab, marked and behind your own. ${table}. Times that passed while the machine was off are caught up once; two runs of a job never overlap; \
what a job writes is in its log. docs/jobs.md says more.`,
    examples: [
      ['mycelium jobs install --dry-run', 'see what would be written, and where'],
      ['mycelium jobs install', 'all of them, at their usual times'],
      ['mycelium jobs install usage-import --at "every 2h"', 'one, at another time'],
      ['mycelium jobs list', 'when each ran, how it went, when it is next'],
      ['mycelium jobs remove', 'all of them; the crontab is as it was, byte for byte'],
    ],
    verbs: [
      {
        word: 'install',
        summary: 'have jobs run by the clock',
        about: `Installs the named jobs, or all. Installed ones keep their time unless --at says otherwise; installing twice is installing once. --at \
takes 03:30, daily (03:30), weekly (sun 03:30), hourly, "every 6h", "every 15m", "mon 03:30", "mon,thu 03:30", in local time.`,
        parts: [
          some('which jobs; all when left out'),
          new Option('--at <time>', 'when: 03:30, hourly, "every 6h", "mon 03:30"'),
          new Option('--scheduler <name>', 'by what; the best that is here when left out').choices([
            'launchd',
            'systemd',
            'cron',
          ]),
          dryRun(),
          json(),
        ],
        run: async (io, [named], options) => (await commands()).runJobsInstall(io, jobs, named, options),
      },
      {
        word: 'list',
        summary: 'show when each ran, how it went and when it is next',
        parts: [json()],
        run: async (io, _, options) => (await commands()).runJobsList(io, jobs, options),
      },
      {
        word: 'run',
        summary: 'run one now, on record and in its log',
        about: `Runs a job now, whether it is installed or not, and ends with its exit status; with 130 when it was stopped. Refused while it is running \
already. With --due, as schedulers call it: nothing happens unless a time of it has passed since it last started, nothing is printed, it may start up \
to five minutes late, and without a name all that are due run in turn.`,
        parts: [
          new Argument('[name]', 'which job').choices(names),
          new Option('--due', 'only when its time has come'),
          json(),
        ],
        run: async (io, [name], options) => (await commands()).runJobsRun(io, jobs, name, options),
      },
      {
        word: 'logs',
        summary: 'print the end of what a job wrote',
        parts: [
          one(),
          new Option('-n, --lines <count>', 'how many lines').default(100).argParser(wholeNumber),
        ],
        run: async (io, [name], options) => (await commands()).runJobsLogs(io, name, options),
      },
      {
        word: 'remove',
        summary: 'take jobs away, with their logs and records',
        about: `Takes the named jobs away, or all, also what no record knows of any more; ends those that run. Your own lines of the crontab are as they \
were.`,
        parts: [some('which jobs; all when left out'), dryRun(), json()],
        run: async (io, [named], options) => (await commands()).runJobsRemove(io, named, options),
      },
    ],
  }
}
