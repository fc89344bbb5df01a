import { Option } from 'commander'
import { json, type Noun, wholeNumber } from './row.ts'

const commands = () => import('../commands/daemon.ts')

/** `mycelium daemon …`. */
export const DAEMON: Noun = {
  word: 'daemon',
  summary: 'look at or mend the process that keeps servers warm',
  about: `One daemon per user holds the MCP servers. Launchers start it when it is needed and it ends by itself when nobody uses it, so these \
commands are for looking and mending.`,
  examples: [
    ['mycelium daemon status', 'is it up, since when, what it holds'],
    ['mycelium daemon logs', 'what happened last'],
  ],
  verbs: [
    {
      word: 'start',
      summary: 'start it, if it is not running',
      parts: [json()],
      run: async (io, _, options) => (await commands()).runDaemonStart(io, options),
    },
    {
      word: 'stop',
      summary: 'end it and every server it holds',
      parts: [json()],
      run: async (io, _, options) => (await commands()).runDaemonStop(io, options),
    },
    {
      word: 'restart',
      summary: 'start a new one; the old one finishes its sessions',
      about:
        'Starts a new daemon for all further sessions. The old one takes none, finishes those it has and ends.',
      parts: [json()],
      run: async (io, _, options) => (await commands()).runDaemonRestart(io, options),
    },
    {
      word: 'status',
      summary: 'say whether it runs and what it holds',
      parts: [json()],
      run: async (io, _, options) => (await commands()).runDaemonStatus(io, options),
    },
    {
      word: 'logs',
      summary: 'print the end of its log',
      parts: [
        new Option('-n, --lines <count>', 'how many lines').default(100).argParser(wholeNumber),
        new Option('-f, --follow', 'go on printing as lines arrive'),
        new Option(
          '--server <id>',
          "what that server wrote to its standard error, instead of the daemon's own log",
        ),
      ],
      run: async (io, _, options) => (await commands()).runDaemonLogs(io, options),
    },
    {
      word: 'run',
      summary: 'run it in the foreground',
      about: 'Runs the daemon in the foreground: for service managers, and for watching it.',
      run: async (io) => (await commands()).runDaemonRun(io),
    },
  ],
}
