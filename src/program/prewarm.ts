import { type Argument, InvalidArgumentError, Option } from 'commander'
import { json, type Noun } from './row.ts'

const MAX_HALF_LIFE_DAYS = 3_650

/** `mycelium prewarm …`. */
export const PREWARM: Noun = {
  word: 'prewarm',
  summary: 'what a session is likely to call next',
  about: `Learns from recorded calls which tool and which server a session calls next: from what came after what, what the session itself uses, and \
what was written just before. It is tested on calls that it was not taught, beside simple rules; where it does not beat them it stays off. \
docs/prewarm.md says how it works and how well it does.`,
  examples: [
    ['mycelium prewarm train', 'learn from what was recorded'],
    ['mycelium prewarm status', 'how good it is, and whether it is used'],
    ['mycelium prewarm predict --after github/list_issues', 'what comes next'],
    ['mycelium prewarm evaluate --sequences calls.jsonl --tools tools.json', 'test it on your own file'],
    ['mycelium prewarm evaluate --idle-trace uses.csv', 'test how long servers should stay warm'],
  ],
  verbs: [
    {
      word: 'train',
      summary: 'learn from the recorded calls, and test what was learnt',
      parts: [
        new Option('--since <when>', 'only calls from then on: 30d, 24h or a date'),
        new Option('--half-life <days>', 'after how many days a call counts half')
          .argParser(days)
          .default(30),
        tools(),
        json(),
      ],
      run: async (io, _, options) => (await import('../commands/prewarm.ts')).runPrewarmTrain(io, options),
    },
    {
      word: 'predict',
      summary: 'what is likely to be called next',
      parts: predicting(),
      run: async (io, _, options) => (await import('../commands/prewarm.ts')).runPrewarmPredict(io, options),
    },
    {
      word: 'run',
      summary: 'start what is likely to be called next, greeted and listed',
      about: `Has the daemon start and greet the servers of this directory that are more likely than not to be called next. It calls nothing. Where the \
model did not beat simple rules it says so and starts nothing.`,
      parts: predicting(),
      run: async (io, _, options) => (await import('../commands/prewarm.ts')).runPrewarmRun(io, options),
    },
    {
      word: 'evaluate',
      summary: 'how often predictions come true, beside simple rules',
      about: `Replays sessions with models that were not taught them, by time where the calls have times, else in five folds of whole sessions. Without \
--sequences the recorded calls are replayed. docs/prewarm.md says what a line of the file is and what each figure counts; docs/keep-alive.md does \
for --idle-trace.`,
      parts: [
        new Option('--sequences <file>', 'calls as JSON, one a line, instead of the recorded ones'),
        tools().conflicts(['idleTrace']),
        new Option(
          '--idle-trace <file>',
          'how often a use would have found its server cold: invocations a minute as CSV, one server a row',
        ).conflicts(['sequences']),
        json(),
      ],
      run: async (io, _, { idleTrace, ...options }) =>
        idleTrace === undefined
          ? (await import('../commands/prewarm-evaluate.ts')).runPrewarmEvaluate(io, options)
          : (await import('../commands/prewarm-idle.ts')).runIdleEvaluate(io, idleTrace, options),
    },
    {
      word: 'status',
      summary: 'when it was trained, how good it is, and whether it may be used',
      parts: [json()],
      run: async (io, _, options) => (await import('../commands/prewarm.ts')).runPrewarmStatus(io, options),
    },
  ],
}

function predicting(): (Option | Argument)[] {
  return [
    new Option('--session <id>', 'after the recorded calls of this session').conflicts(['after']),
    new Option('--after <calls>', 'after these calls, oldest first: server/tool,server/tool'),
    new Option('--prompt <text>', 'what was written just before the call'),
    tools(),
    json(),
  ]
}

function tools(): Option {
  return new Option('--tools <file>', 'tools with their descriptions, as a JSON array')
}

function days(text: string): number {
  const number = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || number <= 0 || number > MAX_HALF_LIFE_DAYS)
    throw new InvalidArgumentError(`It must be a number of days above 0, up to ${MAX_HALF_LIFE_DAYS}.`)
  return number
}
