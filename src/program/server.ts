import { Argument } from 'commander'
import type { Mode } from '../core/config/registry.ts'
import { json, type Noun } from './row.ts'

/** Strictest isolation first. Written here, and not next to Mode, so that help needs none of what reads and writes the registry. */
const MODES = Object.keys({ session: 0, call: 0, shared: 0 } satisfies Record<Mode, 0>)

const commands = () => import('../commands/server.ts')
const names = () => new Argument('<names...>', 'servers, as `server list` shows them')

/** `mycelium server …`. */
export const SERVER: Noun = {
  word: 'server',
  summary: 'look at the servers and decide how they are shared',
  about: 'The MCP servers that init took over: what they are doing, and how sessions share them.',
  examples: [
    ['mycelium server list', 'every server, its mode and why, its processes'],
    ['mycelium server share github shared', 'let all sessions use one process'],
    ['mycelium server restart github', 'after an update of the server'],
  ],
  verbs: [
    {
      word: 'list',
      summary: 'show every server, its mode and why, its processes',
      parts: [json()],
      run: async (io, _, options) => (await commands()).runServerList(io, options),
    },
    {
      word: 'warm',
      summary: 'start a process now, before anyone asks',
      about: `Starts one process of each named server (of all, without names) as its clients' configs would start it in this directory, so that \
the next session finds it ready.`,
      parts: [new Argument('[names...]', 'servers, as `server list` shows them'), json()],
      run: async (io, [given], options) => (await commands()).runServerWarm(io, given, options),
    },
    {
      word: 'restart',
      summary: 'replace its processes, calls in flight first',
      parts: [names(), json()],
      run: async (io, [given], options) => (await commands()).runServerRestart(io, given, options),
    },
    {
      word: 'drain',
      summary: 'finish calls in flight, then end its processes',
      parts: [names(), json()],
      run: async (io, [given], options) => (await commands()).runServerDrain(io, given, options),
    },
    {
      word: 'pause',
      summary: 'make new calls wait until resumed',
      parts: [names(), json()],
      run: async (io, [given], options) => (await commands()).runServerPause(io, given, options),
    },
    {
      word: 'resume',
      summary: 'end a pause',
      parts: [names(), json()],
      run: async (io, [given], options) => (await commands()).runServerResume(io, given, options),
    },
    {
      word: 'share',
      summary: 'decide how sessions share it',
      about: `Decides how agent sessions share a server, before what the catalog says. With session each has a process of its own; with call \
a process belongs to a session only while it has calls in flight; with shared all sessions use the same.`,
      parts: [
        new Argument('<name>', 'the server, as `server list` shows it'),
        new Argument('<mode>', 'how sessions share it').choices(MODES),
        json(),
      ],
      run: async (io, [name, mode], options) => (await commands()).runServerShare(io, name, mode, options),
    },
  ],
}
