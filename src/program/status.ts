import { Option } from 'commander'
import { json, type Leaf } from './row.ts'

/** `mycelium status`. */
export const STATUS: Leaf = {
  word: 'status',
  summary: 'show what runs, what it costs and what it saves',
  about: `Shows the daemon, sessions, servers, their memory against what the same sessions would use with processes of their own, starts \
avoided and time saved since the daemon started. With --show-optimization also each optimization: on or off, what it did in the last hour and \
day, its measured effect, and what changes it. docs/status.md says how each figure is reckoned.`,
  parts: [
    new Option('--show-optimization', 'each optimization: on or off, what it did, its measured effect'),
    new Option('--watch', 'a live view, until q').conflicts(['json', 'showOptimization']),
    json(),
  ],
  examples: [
    ['mycelium status', 'one screen of what runs'],
    ['mycelium status --watch', 'the same, live'],
    ['mycelium status --show-optimization', 'what each optimization did, and whether it was worth it'],
  ],
  run: async (io, _, options) => (await import('../commands/status.ts')).runStatus(io, options),
}
