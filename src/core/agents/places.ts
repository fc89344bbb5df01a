import type { Client, ClientFile } from '../clients/client.ts'

/** How the definitions of a client are written. */
export type Writing = 'markdown' | 'toml' | 'config'

/** The places of one client's definitions, those that go before others first. */
export interface AgentPlaces extends Client {
  readonly writing: Writing
  /** The file's name is the agent's, whatever stands in it. */
  readonly namedByFile: boolean
}

const below = (scope: ClientFile['scope'], ...paths: readonly string[]): readonly ClientFile[] =>
  paths.map((path) => ({ scope, path }))

const row = (
  id: string,
  title: string,
  files: readonly ClientFile[],
  writing: Writing = 'markdown',
  namedByFile = false,
): AgentPlaces => ({ id, title, at: [], files, writing, namedByFile })

/**
 * Where clients look for definitions of agents; the same client may have several rows. A file that two clients read belongs to the one that stands first. By
 * the documentation of the clients in 2026; Codex's tables in config.toml are those before it had a file for each agent.
 */
export const AGENT_PLACES: readonly AgentPlaces[] = [
  row('claude-code', 'Claude Code', [
    ...below('project', '{project}/.claude/agents/*.md', '{project}/.claude/agents/*/*.md'),
    ...below(
      'user',
      '{CLAUDE_CONFIG_DIR|~/.claude}/agents/*.md',
      '{CLAUDE_CONFIG_DIR|~/.claude}/agents/*/*.md',
    ),
    ...below(
      'managed',
      '{CLAUDE_CONFIG_DIR|~/.claude}/plugins/cache/*/*/*/agents/*.md',
      '{CLAUDE_CONFIG_DIR|~/.claude}/plugins/cache/*/*/*/agents/*/*.md',
    ),
  ]),
  row(
    'codex',
    'Codex',
    [
      ...below('project', '{project}/.codex/agents/*.toml'),
      ...below('user', '{CODEX_HOME|~/.codex}/agents/*.toml'),
    ],
    'toml',
  ),
  row(
    'codex',
    'Codex',
    [
      ...below('project', '{project}/.codex/config.toml'),
      ...below('user', '{CODEX_HOME|~/.codex}/config.toml'),
    ],
    'config',
  ),
  row('gemini-cli', 'Gemini CLI', [
    ...below('project', '{project}/.gemini/agents/*.md'),
    ...below('user', '~/.gemini/agents/*.md'),
    ...below('managed', '~/.gemini/extensions/*/agents/*.md'),
  ]),
  row(
    'opencode',
    'opencode',
    [
      ...below('project', '{project}/.opencode/agents/*.md', '{project}/.opencode/agent/*.md'),
      ...below('user', '{config}/opencode/agents/*.md', '{config}/opencode/agent/*.md'),
    ],
    'markdown',
    true,
  ),
  row(
    'opencode',
    'opencode',
    [
      ...below('project', '{project}/opencode.json', '{project}/opencode.jsonc'),
      ...below('project', '{project}/.opencode/opencode.json', '{project}/.opencode/opencode.jsonc'),
      ...below('user', '{config}/opencode/opencode.json', '{config}/opencode/opencode.jsonc'),
      ...below('user', '{OPENCODE_CONFIG|}'),
    ],
    'config',
  ),
  row('cursor', 'Cursor', [
    ...below('project', '{project}/.cursor/agents/*.md'),
    ...below('user', '~/.cursor/agents/*.md'),
  ]),
  row('copilot-cli', 'Copilot CLI', [
    ...below('project', '{project}/.github/agents/*.md'),
    ...below('user', '{COPILOT_HOME|~/.copilot}/agents/*.md'),
  ]),
]
