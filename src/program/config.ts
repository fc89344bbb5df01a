import { Argument, Option } from 'commander'
import { json, type Noun } from './row.ts'

const commands = () => import('../commands/config.ts')
const keys = () => new Argument('<keys...>', 'settings, as `config list` shows them')

/** `mycelium config …`. */
export const CONFIG: Noun = {
  word: 'config',
  summary: 'read and change the settings',
  about: `Every setting has a default. What counts is the first of: --config key=value, the environment, the nearest .mycelium.json \
(for the settings that a repository may decide), your own file (config.json in ~/.mycelium), the default. A running daemon takes a change \
without a restart wherever the setting allows it. mycelium-config(5) lists every setting.`,
  examples: [
    ['mycelium config list', 'every setting, its value and where it comes from'],
    ['mycelium config set token_optimization.enabled=true', 'change one'],
    ['mycelium config set limits.idle_ms=5m events.fsync=always', 'several: all of them, or none'],
    ['mycelium config explain limits.idle_ms', 'what each layer says, and which one counts'],
    ['mycelium config unset limits.idle_ms', 'back to the default'],
  ],
  verbs: [
    {
      word: 'get',
      summary: 'print the value of settings',
      about: 'Prints the value of a setting; of several, key=value lines.',
      parts: [keys(), json()],
      run: async (io, [given], options) => (await commands()).runConfigGet(io, given, options),
    },
    {
      word: 'set',
      summary: 'change settings in your own file',
      about: `Changes settings in config.json: all that are named, or none when one of them is wrong. Everything else in the file stays as it \
is. Durations and sizes may have a unit (10m, 64MB).`,
      parts: [
        new Argument('<assignments...>', 'key=value, more than once if you like, or one key and its value'),
        json(),
      ],
      run: async (io, [given], options) => (await commands()).runConfigSet(io, given, options),
    },
    {
      word: 'unset',
      summary: 'take settings out of your own file',
      about:
        'Takes settings out of config.json, and keys that no setting has; what counts then is what is below.',
      parts: [keys(), json()],
      run: async (io, [given], options) => (await commands()).runConfigUnset(io, given, options),
    },
    {
      word: 'list',
      summary: 'show the settings, their values and where those come from',
      parts: [new Option('--all', 'also limits that have their default'), json()],
      run: async (io, _, options) => (await commands()).runConfigList(io, options),
    },
    {
      word: 'explain',
      summary: 'show what each layer says of a setting, and which one counts',
      parts: [new Argument('<key>', 'the setting, as `config list` shows it'), json()],
      run: async (io, [key], options) => (await commands()).runConfigExplain(io, key, options),
    },
    {
      word: 'path',
      summary: 'print where your own file is',
      parts: [new Option('--schema', 'where its JSON schema is, for "$schema" and editors'), json()],
      run: async (io, _, options) => (await commands()).runConfigPath(io, options),
    },
  ],
}
