import { MyceliumError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { claudeRules } from './claude-rules.ts'
import type { Dialect } from './dialect.ts'
import { opencodeRules } from './opencode-rules.ts'
import { patternFile } from './pattern-file.ts'

const BEST_EFFORT = 'its makers call it best effort: terminals and MCP servers are outside of it'
const EXTENSION = (id: string) => `{app}/Code/User/globalStorage/${id}`

/** Every way of hiding files that is known to be read, and `.claudeignore`, which is not: it says so itself. */
export const DIALECTS: readonly Dialect[] = [
  patternFile({
    target: 'claude-code',
    title: 'Claude Code',
    file: '.claudeignore',
    when: 'always',
    marks: [],
    notes: [
      'Claude Code does not read this file. What it holds to are the deny rules in .claude/settings.local.json and the hook;',
      'this list is for people, and for tools that choose to read it. Check with: mycelium ignore verify',
    ],
    gaps: ['Claude Code does not read it: deny rules and the hook do the work'],
  }),
  {
    target: 'claude-code',
    title: 'Claude Code',
    id: 'permissions.deny',
    file: '.claude/settings.local.json',
    shape: 'deny',
    when: 'used',
    marks: ['~/.claude', '~/.claude.json', '.claude', '.mcp.json'],
    render: claudeRules,
  },
  patternFile({
    target: 'cursor',
    title: 'Cursor',
    file: '.cursorignore',
    when: 'used',
    marks: ['~/.cursor', '.cursor'],
    gaps: [BEST_EFFORT],
  }),
  patternFile({
    target: 'gemini-cli',
    title: 'Gemini CLI',
    file: '.geminiignore',
    when: 'used',
    marks: ['~/.gemini/settings.json', '.gemini'],
    gaps: [
      'read_file and glob hold to it, and grep_search with a ripgrep of the system; shell commands, replace and no_ignore do not: the hook does',
      'its negations are unreliable: a file that you keep by `!` is left out of our block instead',
    ],
  }),
  patternFile({
    target: 'gemini-code-assist',
    title: 'Gemini Code Assist, Android Studio',
    file: '.aiexclude',
    when: 'used',
    marks: ['.idea/gemini.xml'],
    gaps: ['not checked here: an editor extension'],
  }),
  patternFile({
    target: 'windsurf',
    title: 'Windsurf',
    file: '.codeiumignore',
    when: 'used',
    marks: ['~/.codeium', '.windsurf'],
    gaps: ['not checked here: an editor'],
  }),
  patternFile({
    target: 'aider',
    title: 'aider',
    file: '.aiderignore',
    when: 'used',
    marks: ['~/.aider.conf.yml', '.aider.conf.yml', '.aider.chat.history.md'],
    gaps: ['/run and shell commands do not hold to it'],
  }),
  patternFile({
    target: 'cline',
    title: 'Cline',
    file: '.clineignore',
    when: 'used',
    marks: ['~/.cline', EXTENSION('saoudrizwan.claude-dev'), '.clinerules'],
    gaps: ['not checked here: an editor extension'],
  }),
  patternFile({
    target: 'roo',
    title: 'Roo Code',
    file: '.rooignore',
    when: 'used',
    marks: [EXTENSION('rooveterinaryinc.roo-cline'), '.roo'],
    gaps: ['not checked here: an editor extension'],
  }),
  patternFile({
    target: 'jetbrains',
    title: 'JetBrains AI Assistant, Junie',
    file: '.aiignore',
    when: 'used',
    marks: ['~/.junie', '.junie'],
    gaps: ['not checked here: an IDE'],
  }),
  {
    target: 'opencode',
    title: 'opencode',
    id: 'permission.read',
    file: 'opencode.json',
    shape: 'read',
    when: 'used',
    marks: ['{config}/opencode', 'opencode.json', 'opencode.jsonc', '.opencode'],
    render: opencodeRules,
  },
  patternFile({
    target: 'ripgrep',
    title: 'ripgrep and what is built on it',
    file: '.ignore',
    when: 'asked',
    marks: [],
    gaps: ['it changes your own searches too: rg and ag leave these files out'],
  }),
]

/** Clients that can be told nothing in a file, and why; `--target` knows them. Their hook asks the guard. */
export const WITHOUT_DIALECT: Readonly<Record<string, string>> = {
  codex: 'Codex has no ignore file and no rules on reading: its hook alone stands before hidden files',
}

/** The rows of these targets, or, when none is named, of the clients in use. Throws unknown_target. */
export function dialectsFor(
  named: readonly string[],
  isUsed: (dialect: Dialect) => boolean,
): readonly Dialect[] {
  const known = [...new Set(DIALECTS.map(({ target }) => target)), ...Object.keys(WITHOUT_DIALECT)]
  for (const name of named) {
    if (known.includes(name)) continue
    const close = nearest(name, known)
    throw new MyceliumError('unknown_target', `nothing is called "${name}" that files can be hidden from`, {
      hint: close === undefined ? `known: ${known.join(', ')}` : `did you mean ${close}?`,
    })
  }
  if (named.length > 0)
    return DIALECTS.filter(({ target, when }) => named.includes(target) || when === 'always')
  return DIALECTS.filter(
    (dialect) => dialect.when === 'always' || (dialect.when === 'used' && isUsed(dialect)),
  )
}
