import { Option } from 'commander'
import { json, type Leaf, repeated } from './row.ts'

const dryRun = () => new Option('--dry-run', 'show what would change and write nothing')
const clients = () => repeated('--client <name>', 'only this client; may be given more than once')
const servers = () => repeated('--server <name>', 'only this server; may be given more than once')

/** `mycelium init`. */
export const INIT: Leaf = {
  word: 'init',
  summary: 'find your MCP servers and put mycelium under them',
  about: `Finds the MCP servers in the configs of your coding agents, writes a launcher for each, shows the diff and, when you agree, \
replaces the command of each entry. Everything else in those files stays as it is, and a backup is kept. A second run changes nothing; new \
servers are picked up by it.`,
  parts: [
    clients(),
    servers(),
    new Option(
      '--hooks',
      'also install the hooks by which mycelium sees tool use (Claude Code, Codex, Gemini CLI)',
    ),
    new Option('--statusline', 'also show a status line, where none is set (Claude Code)'),
    new Option('--mcp', "also give each client mycelium's own MCP server (docs/mcp.md)"),
    dryRun(),
    new Option('-y, --yes', 'do not ask'),
    json(),
  ],
  examples: [
    ['mycelium init --dry-run', 'show what would change, write nothing'],
    ['mycelium init --client claude-code --server github', 'only this server, only in this client'],
    ['mycelium init --hooks --statusline', "see tool use and cost in Claude Code's sessions too"],
    ['mycelium init --mcp', 'find_tool and call_tool for every client'],
    ['mycelium init --yes --json', 'for scripts'],
  ],
  run: async (io, _, options) => (await import('../commands/init.ts')).runInit(io, options),
}

/** `mycelium undo`. */
export const UNDO: Leaf = {
  word: 'undo',
  summary: 'take mycelium away and restore every config',
  about: `Restores each config byte for byte. If a file was edited meanwhile, only the entries that init changed are put back, and undo \
says so. When no client is left, launchers, sockets, recorded usage and the daemon go too; those of a file that is gone stay, because it may have been moved \
with its project: run undo there. Settings that you made yourself (config.json) stay, and undo says so; without any, nothing stays.`,
  parts: [
    clients(),
    dryRun(),
    new Option('--keep-usage', 'leave what was recorded: usage.duckdb and the events that wait for it'),
    new Option('-y, --yes', 'undo never asks; taken as init takes it'),
    json(),
  ],
  examples: [
    ['mycelium undo', 'every client as it was, launchers and daemon gone'],
    ['mycelium undo --client codex', 'only Codex; the others go on'],
  ],
  run: async (io, _, options) => (await import('../commands/undo.ts')).runUndo(io, options),
}

/** `mycelium demo`. */
export const DEMO: Leaf = {
  word: 'demo',
  summary: 'see it work in a sandbox',
  about: `Lays out real MCP servers in a temporary home, runs init there, opens the same sessions directly and through mycelium and \
compares them. Nothing outside the sandbox is touched.`,
  parts: [json()],
  run: async (io, _, options) => (await import('../commands/demo.ts')).runDemo(io, options),
}

/** `mycelium version`. */
export const VERSION: Leaf = {
  word: 'version',
  summary: 'say what is installed',
  about: 'Prints the versions of mycelium and Node and the platform: what a bug report needs first.',
  parts: [json()],
  run: async (io, _, options) => (await import('../commands/version.ts')).runVersion(io, options),
}
