import { Argument, InvalidArgumentError, Option } from 'commander'
import { json, type Leaf, type Noun, repeated, wholeNumber } from './row.ts'

const commands = () => import('../commands/ignore.ts')
const state = () => import('../commands/ignore-state.ts')
const path = () => new Argument('[path]', 'the project; here when left out')
const size = () => [
  new Option('--budget <tokens>', 'tokens that may stay visible').argParser(tokens).conflicts('keep'),
  new Option(
    '--keep <percent>',
    'share of the tokens that stays visible; 80, or more where the history says so, when left out',
  ).argParser(percent),
  repeated(
    '--target <name>',
    'hide from this client; may be given more than once. Without it: from those in use',
  ),
  new Option('--hide-tests', 'tests go by their worth, like other files'),
]

const WRITE: Leaf = {
  word: 'write',
  summary: 'hide them: ignore files, deny rules and the hook',
  about: `Makes a plan, shows what it changes and, when you agree, puts it in force: marked blocks in ignore files, behind your own lines; deny rules \
for Claude Code, and a hook for Claude Code, Codex and Gemini CLI; rules for opencode. Refused when the plan would have hidden more than 2 % of what recent commits edited.`,
  parts: [
    path(),
    ...size(),
    new Option('--watch', 'stay, and plan anew from new usage every minute'),
    new Option('--dry-run', 'show what would change and write nothing'),
    new Option('-y, --yes', 'do not ask'),
    json(),
  ],
  run: async (io, [at], options) => (await commands()).runIgnoreWrite(io, at, options),
}

/** `mycelium ignore …`. */
export const IGNORE: Noun = {
  word: 'ignore',
  summary: 'keep files of little worth from agents, and check that it holds',
  about: `Plans which files agents can do without, by importance, history and use, and tells every client in the way that it holds to. Claude Code \
does not read .claudeignore: deny rules and a hook do the work there. docs/ignore.md says what is enforced where.`,
  examples: [
    ['mycelium ignore plan --keep 60', 'what would be hidden, what it saves, why each'],
    ['mycelium ignore write', 'after a look at the diff'],
    ['mycelium ignore verify --live', 'try it on a canary, with the real client'],
    ['mycelium ignore allow src/old.ts', 'open one file again'],
    ['mycelium ignore undo', 'everything visible, each file as it was'],
  ],
  verbs: [
    {
      word: 'plan',
      summary: 'show what would be hidden, and why; change nothing',
      about: `Shows what would be hidden, what it saves and why each. Never hidden: manifests, configuration, types that are imported, tests of visible \
files, what was touched in the last 20 commits or used in the last 10 sessions, and what agents are instructed by.`,
      parts: [path(), ...size(), json()],
      run: async (io, [at], options) => (await commands()).runIgnorePlan(io, at, options),
    },
    WRITE,
    {
      word: 'status',
      summary: 'show what is hidden now',
      parts: [path(), json()],
      run: async (io, [at], options) => (await state()).runIgnoreStatus(io, at, options),
    },
    {
      word: 'diff',
      summary: 'show what a new plan would change, and why',
      parts: [path(), ...size(), json()],
      run: async (io, [at], options) => (await commands()).runIgnoreDiff(io, at, options),
    },
    {
      word: 'allow',
      summary: 'open a file or directory again, in this and every later plan',
      parts: [new Argument('<file>', 'below the project, or from here'), json()],
      run: async (io, [file], options) => (await state()).runIgnoreAllow(io, file, options),
    },
    {
      word: 'verify',
      summary: 'try on a canary file whether hidden files can be read',
      about: `Plants a file in a hidden place, drives what each client has, and says for each tool whether it could read it: the deny rules as Claude Code \
evaluates them, the hook with real inputs; with --live the installed client itself, in a clean home, against a model on loopback that needs no \
account. The file is removed again. Exit status 1 when something hidden can be read.`,
      parts: [path(), new Option('--live', 'start the installed clients too'), json()],
      run: async (io, [at], options) =>
        (await import('../commands/ignore-verify.ts')).runIgnoreVerify(io, at, options),
    },
    {
      word: 'refresh',
      summary: 'plan anew in every project that has a plan',
      about: `Plans anew, from new usage and history, in each project that \`mycelium ignore write\` hid something in, as it was asked for there, and puts \
it in force without asking. Where one cannot be planned the plan before stays. \`mycelium jobs\` does it nightly.`,
      parts: [json()],
      run: async (io, _, options) => (await commands()).runIgnoreRefresh(io, options),
    },
    {
      word: 'undo',
      summary: 'make everything in the project visible again',
      about:
        'Takes blocks, rules and, with the last project, the hook out again; each file is as it was, byte for byte.',
      parts: [path(), json()],
      run: async (io, [at], options) => (await state()).runIgnoreUndo(io, at, options),
    },
  ],
}

function tokens(text: string): number {
  const number = wholeNumber(text)
  if (number === 0) throw new InvalidArgumentError('It must be at least 1.')
  return number
}

function percent(text: string): number {
  const number = wholeNumber(text)
  if (number < 1 || number > 100) throw new InvalidArgumentError('It must be from 1 to 100.')
  return number
}
