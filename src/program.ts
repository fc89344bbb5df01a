import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import type { Mode } from './core/config/registry.ts'

/** Every command that does something, by its words. */
export type Leaf =
  | 'init'
  | 'undo'
  | 'demo'
  | 'version'
  | `daemon ${'start' | 'stop' | 'restart' | 'status' | 'logs' | 'run'}`
  | `server ${'list' | 'warm' | 'restart' | 'drain' | 'pause' | 'resume' | 'share'}`

/** Called with the leaf that argv names, its operands and its options. */
export type RunLeaf = (leaf: Leaf, operands: readonly unknown[], options: object) => Promise<void>

/** Examples under `--help` and in the man page, by the words of the command; '' is the program itself. */
export const EXAMPLES: Readonly<Record<string, readonly (readonly [command: string, effect: string])[]>> = {
  '': [
    ['mycelium demo', 'see it work in a sandbox first'],
    ['mycelium init', 'put it under your agents, after a look at the diff'],
    ['mycelium undo', 'take it away again'],
  ],
  init: [
    ['mycelium init --dry-run', 'show what would change, write nothing'],
    ['mycelium init --client claude-code --server github', 'only this server, only in this client'],
    ['mycelium init --yes --json', 'for scripts'],
  ],
  undo: [
    ['mycelium undo', 'every client as it was, launchers and daemon gone'],
    ['mycelium undo --client codex', 'only Codex; the others go on'],
  ],
  daemon: [
    ['mycelium daemon status', 'is it up, since when, what it holds'],
    ['mycelium daemon logs', 'what happened last'],
  ],
  server: [
    ['mycelium server list', 'every server, its mode and why, its processes'],
    ['mycelium server share github shared', 'let all sessions use one process'],
    ['mycelium server restart github', 'after an update of the server'],
  ],
}

/** Strictest isolation first. Written here, and not next to Mode, so that help needs none of what reads and writes the registry. */
const MODES = Object.keys({ session: 0, call: 0, shared: 0 } satisfies Record<Mode, 0>)

interface LeafRow {
  readonly leaf: Leaf
  /** One line, for lists of commands. */
  readonly summary: string
  /** For its own page; without it the summary, as a sentence. */
  readonly about?: string
  readonly parts?: readonly (Argument | Option)[]
}

const json = () => new Option('--json', 'print JSON on stdout')
const dryRun = () => new Option('--dry-run', 'show what would change and write nothing')
const clients = () => repeated('--client <name>', 'only this client; may be given more than once')
const servers = () => repeated('--server <name>', 'only this server; may be given more than once')
const names = () => new Argument('<names...>', 'servers, as `server list` shows them')

const TOP: readonly LeafRow[] = [
  {
    leaf: 'init',
    summary: 'find your MCP servers and put mycelium under them',
    about: `Finds the MCP servers in the configs of your coding agents, writes a launcher for each, shows the diff and, when you agree, \
replaces the command of each entry. Everything else in those files stays as it is, and a backup is kept. A second run changes nothing; new \
servers are picked up by it.`,
    parts: [clients(), servers(), dryRun(), new Option('-y, --yes', 'do not ask'), json()],
  },
  {
    leaf: 'undo',
    summary: 'take mycelium away and restore every config',
    about: `Restores each config byte for byte. If a file was edited meanwhile, only the entries that init changed are put back, and undo \
says so. When no client is left, launchers, sockets and the daemon go too; those of a file that is gone stay, because it may have been moved \
with its project: run undo there.`,
    parts: [clients(), dryRun(), new Option('-y, --yes', 'undo never asks; taken as init takes it'), json()],
  },
  {
    leaf: 'demo',
    summary: 'see it work in a sandbox',
    about: `Lays out real MCP servers in a temporary home, runs init there, opens the same sessions directly and through mycelium and \
compares them. Nothing outside the sandbox is touched.`,
    parts: [json()],
  },
  {
    leaf: 'version',
    summary: 'say what is installed',
    about: 'Prints the versions of mycelium and Node and the platform: what a bug report needs first.',
    parts: [json()],
  },
]

const DAEMON: readonly LeafRow[] = [
  { leaf: 'daemon start', summary: 'start it, if it is not running', parts: [json()] },
  { leaf: 'daemon stop', summary: 'end it and every server it holds', parts: [json()] },
  {
    leaf: 'daemon restart',
    summary: 'start a new one; the old one finishes its sessions',
    about:
      'Starts a new daemon for all further sessions. The old one takes none, finishes those it has and ends.',
    parts: [json()],
  },
  { leaf: 'daemon status', summary: 'say whether it runs and what it holds', parts: [json()] },
  {
    leaf: 'daemon logs',
    summary: 'print the end of its log',
    parts: [
      new Option('-n, --lines <count>', 'how many lines').default(100).argParser(wholeNumber),
      new Option('-f, --follow', 'go on printing as lines arrive'),
      new Option(
        '--server <id>',
        "what that server wrote to its standard error, instead of the daemon's own log",
      ),
    ],
  },
  {
    leaf: 'daemon run',
    summary: 'run it in the foreground',
    about: 'Runs the daemon in the foreground: for service managers, and for watching it.',
  },
]

const SERVER: readonly LeafRow[] = [
  { leaf: 'server list', summary: 'show every server, its mode and why, its processes', parts: [json()] },
  {
    leaf: 'server warm',
    summary: 'start a process now, before anyone asks',
    about: `Starts one process of each named server (of all, without names) as its clients' configs would start it in this directory, so that \
the next session finds it ready.`,
    parts: [new Argument('[names...]', 'servers, as `server list` shows them'), json()],
  },
  {
    leaf: 'server restart',
    summary: 'replace its processes, calls in flight first',
    parts: [names(), json()],
  },
  {
    leaf: 'server drain',
    summary: 'finish calls in flight, then end its processes',
    parts: [names(), json()],
  },
  { leaf: 'server pause', summary: 'make new calls wait until resumed', parts: [names(), json()] },
  { leaf: 'server resume', summary: 'end a pause', parts: [names(), json()] },
  {
    leaf: 'server share',
    summary: 'decide how sessions share it',
    about: `Decides how agent sessions share a server, before what the catalog says. With session each has a process of its own; with call \
a process belongs to a session only while it has calls in flight; with shared all sessions use the same.`,
    parts: [
      new Argument('<name>', 'the server, as `server list` shows it'),
      new Argument('<mode>', 'how sessions share it').choices(MODES),
      json(),
    ],
  },
]

/** The command tree: what argv is parsed by, and what `--help`, the man pages and shell completion say. */
export function buildProgram(version: string, run: RunLeaf): Command {
  const program = new Command('mycelium')
    .description('Shared, warm, supervised MCP servers under every coding agent, without changing the agent.')
    .version(version, '-V, --version', 'print the version')
    .helpCommand('help [command]', 'explain a command')
  const daemon = new Command('daemon')
    .summary('look at or mend the process that keeps servers warm')
    .description(
      'One daemon per user holds the MCP servers. Launchers start it when it is needed and it ends by itself when nobody uses it, so these ' +
        'commands are for looking and mending.',
    )
  const server = new Command('server')
    .summary('look at the servers and decide how they are shared')
    .description('The MCP servers that init took over: what they are doing, and how sessions share them.')
  const [setUp, ...others] = [TOP.slice(0, 2), TOP.slice(2)]
  for (const row of setUp) addLeaf(program, row, run)
  program.addCommand(server.copyInheritedSettings(program)).addCommand(daemon.copyInheritedSettings(program))
  for (const row of others.flat()) addLeaf(program, row, run)
  for (const row of DAEMON) addLeaf(daemon, row, run)
  for (const row of SERVER) addLeaf(server, row, run)
  for (const command of [program, ...program.commands]) addExamples(command)
  return program
}

function addLeaf(parent: Command, row: LeafRow, run: RunLeaf): void {
  const command = parent.command(row.leaf.split(' ').at(-1)!).summary(row.summary)
  command.description(row.about ?? `${row.summary[0]!.toUpperCase()}${row.summary.slice(1)}.`)
  for (const part of row.parts ?? []) {
    if (part instanceof Argument) command.addArgument(part)
    else command.addOption(part)
  }
  // commander calls back with the operands, then the options, then the command itself.
  command.action((...given: unknown[]) => run(row.leaf, given.slice(0, -2), given.at(-2) as object))
}

function addExamples(command: Command): void {
  const examples = EXAMPLES[command.parent ? command.name() : '']
  if (examples === undefined) return
  const width = Math.max(...examples.map(([line]) => line.length))
  const lines = examples.map(([line, effect]) => `  ${line.padEnd(width)}  ${effect}`)
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

function repeated(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value, before: readonly string[] | undefined) => [
    ...(before ?? []),
    value,
  ])
}

function wholeNumber(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}
