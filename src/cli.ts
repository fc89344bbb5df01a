import { writeSync } from 'node:fs'
import { type Command, CommanderError } from 'commander'
import { stayAlive } from './core/clock.ts'
import { packageVersion } from './core/config/package-root.ts'
import { rootFrom } from './core/config/paths.ts'
import { exitCodeOf, hasErrno, MyceliumError } from './core/errors.ts'
import { failureJson, failureText } from './core/report/failure.ts'
import { type Io, ioOf } from './core/report/io.ts'
import { jsonText } from './core/report/json.ts'
import { plainPaint } from './core/report/paint.ts'
import { buildProgram } from './program.ts'

const SHORT_HELP = `mycelium: shared, warm, supervised MCP servers under every coding agent

  mycelium demo          see it work in a sandbox
  mycelium init          put it under your agents, after a look at the diff
  mycelium server list   what is running, and how it is shared

mycelium --help lists everything; mycelium undo takes it away again.
`

async function main(argv: readonly string[], io: Io): Promise<number> {
  if (argv.length === 0) {
    io.write(SHORT_HELP)
    return 0
  }
  try {
    return await runArgv(argv, io)
  } catch (thrown) {
    const error = ofOwnFiles(thrown, rootFrom(io.env))
    if (argv.includes('--json')) io.write(jsonText(failureJson(error)))
    io.talk(failureText(error, io.paint.stderr))
    return exitCodeOf(error)
  }
}

/** What a system says of something that is not what it should be, or not to be had. */
const UNUSABLE = [
  ...['EACCES', 'EPERM', 'EROFS'],
  ...['ENOTDIR', 'EISDIR', 'ELOOP', 'ENXIO', 'EEXIST', 'ENOTEMPTY'],
]

/** Whatever stands in the place of one of our files is for the user to see to, and no bug, wherever it was come upon. */
function ofOwnFiles(error: unknown, root: string): unknown {
  if (!hasErrno(error, ...UNUSABLE)) return error
  const { code, path = '' } = error
  if (path !== root && !path.startsWith(`${root}/`)) return error
  return new MyceliumError('home_unusable', `${path} cannot be used: ${code}`, {
    hint: 'mycelium doctor says what is in the place of what',
    cause: error,
  })
}

async function runArgv(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0
  const program = buildProgram(packageVersion(), async (action, operands, options, command) => {
    if ('config' in options) await refuseWrongFlags(options.config as readonly string[])
    const result = await action(io, operands, options, command)
    if (typeof result === 'number') exitCode = result
  })
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap((noun) => noun.commands),
  ]) {
    command.exitOverride().configureOutput({ writeOut: io.write, writeErr: io.talk, outputError: () => {} })
  }
  try {
    await program.parseAsync(helpAsOption(program, argv), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0
    // A noun without a verb: commander has printed that noun's help.
    if (error.code === 'commander.help') return exitCodeOf(new MyceliumError('usage', error.message))
    throw usageError(error, wordsOf(program, argv))
  }
  return exitCode
}

/** Also for a command that reads no setting: a word that nobody understands is never passed over. */
async function refuseWrongFlags(flags: readonly string[]): Promise<void> {
  const { checkFlags } = await import('./core/config/layers.ts')
  checkFlags(flags)
}

/** `help server share` as `server share --help`: commander's own help command knows one word only. */
function helpAsOption(program: Command, argv: readonly string[]): readonly string[] {
  if (argv[0] !== 'help') return argv
  let command: Command | undefined = program
  const words = argv.slice(1).filter((word) => !word.startsWith('-'))
  for (const [i, word] of words.entries()) {
    command = command.commands.find((child) => child.name() === word)
    if (command !== undefined) continue
    const known: string = wordsOf(program, words.slice(0, i))
    throw new MyceliumError('usage', `unknown command '${words.slice(0, i + 1).join(' ')}'`, {
      hint: `${known} --help`,
    })
  }
  return [...words, '--help']
}

/** commander writes "error: what", and on a second line what may have been meant. */
function usageError(error: CommanderError, words: string): MyceliumError {
  const [what = '', meant] = error.message.replace(/^error: /, '').split('\n')
  const hint = meant?.replace(/^\(D(.*)\)$/, 'd$1') ?? `${words} --help`
  return new MyceliumError('usage', what, { hint })
}

/** The words of argv that name a command, to point at that command's help. */
function wordsOf(program: Command, argv: readonly string[]): string {
  const words = [program.name()]
  let command: Command | undefined = program
  for (const word of argv) {
    command = command.commands.find((child) => child.name() === word)
    if (command === undefined) break
    words.push(word)
  }
  return words.join(' ')
}

/** Nobody reads on, as after `mycelium server list | head -1`: the reader has what it wanted. Else whoever still can be told is told. */
function endAtWriteError(error: unknown): never {
  if (hasErrno(error, 'EPIPE')) process.exit(0)
  const code = (error as NodeJS.ErrnoException).code ?? String(error)
  const failed = new MyceliumError('write_failed', `the answer could not be written: ${code}`, {
    hint: 'free some disk space or write it elsewhere, then run it again',
  })
  try {
    // Not by the stream: it may be the one that failed, and its text would come after the end.
    writeSync(2, failureText(failed, plainPaint))
  } catch {
    // Nobody is left to tell.
  }
  process.exit(exitCodeOf(failed))
}

/** The first Ctrl-C asks the command to stop; the second ends the process. */
function interruptible(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(130)
      // Also for a command that then ends well, as `daemon logs --follow` does.
      process.exitCode = 130
      controller.abort(new MyceliumError('interrupted', 'interrupted'))
    })
  }
  return controller.signal
}

process.stdout.on('error', endAtWriteError)
process.stderr.on('error', endAtWriteError)

// Until a command listens itself, by io.signal or on its own.
process.on('SIGINT', () => {
  if (process.listenerCount('SIGINT') === 1) process.exit(130)
})
// Timers of the clock never hold a process open, and a command may be waiting on nothing else.
stayAlive()
const exitCode = await main(process.argv.slice(2), ioOf(process, interruptible))
// A pipe may still hold part of the answer, and process.exit would drop it.
const unwritten = await new Promise<unknown>((resolve) => process.stdout.write('', resolve))
if (unwritten) endAtWriteError(unwritten)
process.exit(exitCode || process.exitCode)
