import { Argument, Command } from 'commander'
import { BUDGET } from './program/budget.ts'
import { COMPLETION } from './program/completion.ts'
import { CONFIG } from './program/config.ts'
import { DAEMON } from './program/daemon.ts'
import { DOCTOR, HOOK, STATUSLINE } from './program/doctor.ts'
import { ENVELOPE } from './program/envelope.ts'
import { IGNORE } from './program/ignore.ts'
import { jobsNoun } from './program/jobs.ts'
import { MCP } from './program/mcp.ts'
import { OPTIMIZATION } from './program/optimization.ts'
import { PREWARM } from './program/prewarm.ts'
import { type Action, type Example, type Leaf, type Noun, repeated } from './program/row.ts'
import { SCORE } from './program/score.ts'
import { SERVER } from './program/server.ts'
import { DEMO, INIT, UNDO, VERSION } from './program/set-up.ts'
import { STATUS } from './program/status.ts'
import { USAGE } from './program/usage.ts'

/** Whether one of the rows is the command of these words. */
function hasCommand(rows: readonly (Leaf | Noun)[], [word, ...rest]: readonly string[]): boolean {
  const row = rows.find((one) => one.word === word)
  if (row === undefined) return false
  return 'verbs' in row ? row.verbs.some((verb) => verb.word === rest[0]) : rest.length === 0
}

/** What jobs may run, in the order of help. */
const BEFORE_JOBS: readonly (Leaf | Noun)[] = [
  INIT,
  UNDO,
  STATUS,
  SERVER,
  DAEMON,
  USAGE,
  SCORE,
  BUDGET,
  OPTIMIZATION,
  IGNORE,
  PREWARM,
  ENVELOPE,
]

/** Every command, in the order of help. A noun is a file in program/ and a place in here. */
const ROWS: readonly (Leaf | Noun)[] = [
  ...BEFORE_JOBS,
  jobsNoun((words) => hasCommand(BEFORE_JOBS, words)),
  CONFIG,
  DOCTOR,
  DEMO,
  COMPLETION,
  VERSION,
  HOOK,
  STATUSLINE,
  MCP,
]

const PROGRAM_EXAMPLES: readonly Example[] = [
  ['mycelium demo', 'see it work in a sandbox first'],
  ['mycelium init', 'put it under your agents, after a look at the diff'],
  ['mycelium undo', 'take it away again'],
]

/** Examples under `--help` and in the man page, by the first word of the command; '' is the program itself. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = Object.fromEntries([
  ['', PROGRAM_EXAMPLES],
  ...ROWS.map((row) => [row.word, row.examples ?? []]),
])

/** Called with the command that argv names, its operands and its options. */
export type RunLeaf = (run: Action, operands: unknown[], options: object, command: Command) => Promise<void>

/** The command tree: what argv is parsed by, and what `--help`, the man pages and shell completion say. */
export function buildProgram(version: string, run: RunLeaf): Command {
  const program = new Command('mycelium')
    .description('Shared, warm, supervised MCP servers under every coding agent, without changing the agent.')
    .version(version, '-V, --version', 'print the version')
    .addOption(repeated('--config <key=value>', 'this setting for this command; may be given more than once'))
    .helpCommand('help [command]', 'explain a command')
  addExamples(program, PROGRAM_EXAMPLES)
  for (const row of ROWS) {
    const command = 'verbs' in row ? addNoun(program, row, run) : addLeaf(program, row, run)
    addExamples(command, row.examples ?? [])
  }
  return program
}

function addNoun(program: Command, row: Noun, run: RunLeaf): Command {
  const noun = program.command(row.word).summary(row.summary).description(row.about)
  for (const verb of row.verbs) addLeaf(noun, verb, run)
  if (row.alone !== undefined) fill(noun, row.alone, run)
  return noun
}

function addLeaf(parent: Command, row: Leaf, run: RunLeaf): Command {
  const command = parent.command(row.word).summary(row.summary)
  command.description(row.about ?? `${row.summary[0]!.toUpperCase()}${row.summary.slice(1)}.`)
  return fill(command, row, run)
}

function fill(command: Command, { parts, run: action }: Pick<Leaf, 'parts' | 'run'>, run: RunLeaf): Command {
  for (const part of parts ?? []) {
    if (part instanceof Argument) command.addArgument(part)
    else command.addOption(part)
  }
  // commander calls back with the operands, then the options, then the command itself.
  return command.action((...given: unknown[]) =>
    run(action, given.slice(0, -2), command.optsWithGlobals(), command),
  )
}

function addExamples(command: Command, examples: readonly Example[]): void {
  if (examples.length === 0) return
  const width = Math.max(...examples.map(([line]) => line.length))
  const lines = examples.map(([line, effect]) => `  ${line.padEnd(width)}  ${effect}`)
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}
