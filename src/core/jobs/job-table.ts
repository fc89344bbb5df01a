/** One thing that can be done by the clock. */
export interface Job {
  readonly name: string
  /** The command of mycelium that it runs: words that name it, then its options. */
  readonly args: readonly string[]
  /** When, unless the user says otherwise: as `--at` takes it. */
  readonly at: string
  readonly sentence: string
}

/** Every job: help, `jobs list` and `jobs install` come from here. A row whose command this version lacks is not shown. */
export const JOBS: readonly Job[] = [
  {
    name: 'usage-import',
    args: ['usage', 'import'],
    at: 'every 6h',
    sentence: "read what is new in agents' transcripts, before a client removes them",
  },
  {
    name: 'compact',
    args: ['usage', 'compact'],
    at: '03:20',
    sentence: 'move recorded events into usage.duckdb and write its log back into the file',
  },
  {
    name: 'usage-prune',
    args: ['usage', 'prune', '--yes'],
    at: 'sun 03:40',
    sentence: 'remove single events older than events.retain; sums by day stay',
  },
  {
    name: 'ignore-refresh',
    args: ['ignore', 'refresh'],
    at: '03:50',
    sentence: 'plan anew what is hidden from agents, in each project that has a plan',
  },
  {
    name: 'prewarm-train',
    args: ['prewarm', 'train'],
    at: '04:10',
    sentence: 'learn from recorded sessions which servers to start ahead',
  },
  {
    name: 'envelope-tune',
    args: ['envelope', 'tune'],
    at: 'every 6h',
    sentence: 'fit the memory limits of servers to what they were seen to use',
  },
]

/** Whether the program has a command of these words. */
export type HasCommand = (words: readonly string[]) => boolean

/** The jobs whose command is there, in the order of the table. */
export function knownJobs(has: HasCommand): readonly Job[] {
  return JOBS.filter(({ args }) => has(wordsOf(args)))
}

/** These jobs by name, all of them where none is named. */
export function namedJobs(names: readonly string[], known: readonly Job[]): readonly Job[] {
  return names.length === 0 ? known : known.filter(({ name }) => names.includes(name))
}

/** How a person would type it. */
export function commandOf({ args }: Job): string {
  return `mycelium ${args.join(' ')}`
}

function wordsOf(args: readonly string[]): readonly string[] {
  const option = args.findIndex((word) => word.startsWith('-'))
  return option < 0 ? args : args.slice(0, option)
}
