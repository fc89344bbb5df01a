import type { Client, ClientFile, KeyPath } from './client.ts'

const SERVERS: readonly KeyPath[] = [['mcpServers']]
const VSCODE_FILES = (product: string): readonly ClientFile[] => [
  { scope: 'user', path: `{app}/${product}/User/mcp.json` },
  { scope: 'user', path: `{app}/${product}/User/profiles/*/mcp.json` },
  { scope: 'user', path: `{app}/${product}/User/settings.json`, at: [['mcp', 'servers']] },
]
const EXTENSION_FILES = (extension: string, file: string): readonly ClientFile[] =>
  ['Code', 'Code - Insiders', 'VSCodium', 'Cursor', 'Windsurf'].map((product) => ({
    scope: 'user',
    path: `{app}/${product}/User/globalStorage/${extension}/settings/${file}`,
  }))

/** Every client that init knows. A file that two clients read belongs to the one that stands first. */
export const CLIENTS: readonly Client[] = [
  {
    id: 'claude-code',
    title: 'Claude Code',
    at: [['mcpServers'], ['projects', '*', 'mcpServers']],
    expansion: 'shell',
    files: [
      { scope: 'user', path: '{CLAUDE_CONFIG_DIR|~}/.claude.json' },
      { scope: 'project', path: '{project}/.mcp.json', at: SERVERS },
      { scope: 'managed', path: '{CLAUDE_CONFIG_DIR|~/.claude}/plugins/cache/*/*/*/.mcp.json', at: SERVERS },
      {
        scope: 'managed',
        path: '{CLAUDE_CONFIG_DIR|~/.claude}/plugins/cache/*/*/*/.claude-plugin/plugin.json',
        at: SERVERS,
      },
    ],
  },
  {
    id: 'codex',
    title: 'Codex',
    at: [['mcp_servers']],
    files: [
      { scope: 'user', path: '{CODEX_HOME|~/.codex}/config.toml' },
      { scope: 'project', path: '{project}/.codex/config.toml' },
    ],
  },
  {
    id: 'gemini-cli',
    title: 'Gemini CLI',
    at: SERVERS,
    expansion: 'shell',
    files: [
      { scope: 'user', path: '~/.gemini/settings.json' },
      { scope: 'project', path: '{project}/.gemini/settings.json' },
      { scope: 'managed', path: '~/.gemini/extensions/*/gemini-extension.json' },
    ],
  },
  {
    id: 'opencode',
    title: 'opencode',
    at: [['mcp'], ['mcp', 'servers']],
    keys: { env: ['environment', 'env'] },
    expansion: 'brace',
    files: [
      { scope: 'user', path: '{config}/opencode/opencode.json' },
      { scope: 'user', path: '{config}/opencode/opencode.jsonc' },
      { scope: 'user', path: '{config}/opencode/config.json' },
      { scope: 'user', path: '{OPENCODE_CONFIG|}' },
      { scope: 'project', path: '{project}/opencode.json' },
      { scope: 'project', path: '{project}/opencode.jsonc' },
      { scope: 'project', path: '{project}/.opencode/opencode.json' },
      { scope: 'project', path: '{project}/.opencode/opencode.jsonc' },
    ],
  },
  {
    id: 'cursor',
    title: 'Cursor',
    at: SERVERS,
    expansion: 'env',
    files: [
      { scope: 'user', path: '~/.cursor/mcp.json' },
      { scope: 'project', path: '{project}/.cursor/mcp.json' },
    ],
  },
  {
    id: 'vscode',
    title: 'VS Code',
    at: [['servers']],
    expansion: 'env',
    files: [...VSCODE_FILES('Code'), { scope: 'project', path: '{project}/.vscode/mcp.json' }],
  },
  {
    id: 'vscode-insiders',
    title: 'VS Code Insiders',
    at: [['servers']],
    expansion: 'env',
    files: VSCODE_FILES('Code - Insiders'),
  },
  {
    id: 'claude-desktop',
    title: 'Claude Desktop',
    at: SERVERS,
    files: [{ scope: 'user', path: '{app}/Claude/claude_desktop_config.json' }],
  },
  {
    id: 'windsurf',
    title: 'Windsurf',
    at: SERVERS,
    expansion: 'env',
    files: [
      { scope: 'user', path: '~/.codeium/windsurf/mcp_config.json' },
      { scope: 'user', path: '~/.codeium/windsurf-next/mcp_config.json' },
    ],
  },
  {
    id: 'zed',
    title: 'Zed',
    at: [['context_servers']],
    files: [
      { scope: 'user', path: '{config}/zed/settings.json' },
      { scope: 'user', path: '~/.config/zed/settings.json' },
      { scope: 'user', path: '{app}/Zed/settings.json' },
      { scope: 'project', path: '{project}/.zed/settings.json' },
    ],
  },
  {
    id: 'cline',
    title: 'Cline',
    at: SERVERS,
    files: [
      ...EXTENSION_FILES('saoudrizwan.claude-dev', 'cline_mcp_settings.json'),
      { scope: 'user', path: '~/.cline/data/settings/cline_mcp_settings.json' },
    ],
  },
  {
    id: 'roo',
    title: 'Roo Code',
    at: SERVERS,
    expansion: 'env',
    files: [
      ...EXTENSION_FILES('rooveterinaryinc.roo-cline', 'mcp_settings.json'),
      { scope: 'project', path: '{project}/.roo/mcp.json' },
    ],
  },
  {
    id: 'kilo',
    title: 'Kilo Code',
    at: [['mcp'], ['mcpServers']],
    keys: { env: ['environment', 'env'] },
    expansion: 'brace',
    files: [
      { scope: 'user', path: '{config}/kilo/kilo.json' },
      { scope: 'user', path: '{config}/kilo/kilo.jsonc' },
      ...EXTENSION_FILES('kilocode.kilo-code', 'mcp_settings.json'),
      { scope: 'project', path: '{project}/kilo.json' },
      { scope: 'project', path: '{project}/kilo.jsonc' },
      { scope: 'project', path: '{project}/.kilocode/mcp.json' },
    ],
  },
  {
    id: 'copilot-cli',
    title: 'Copilot CLI',
    at: SERVERS,
    expansion: 'shell',
    files: [
      { scope: 'user', path: '{COPILOT_HOME|~/.copilot}/mcp-config.json' },
      { scope: 'project', path: '{project}/.mcp.json' },
      { scope: 'project', path: '{project}/.github/mcp.json' },
    ],
  },
  {
    id: 'amp',
    title: 'Amp',
    at: [['amp.mcpServers']],
    expansion: 'shell',
    files: [
      { scope: 'user', path: '{config}/amp/settings.json' },
      { scope: 'user', path: '{config}/amp/settings.jsonc' },
      { scope: 'project', path: '{project}/.amp/settings.json' },
      { scope: 'project', path: '{project}/.amp/settings.jsonc' },
    ],
  },
  {
    id: 'kiro',
    title: 'Kiro',
    at: SERVERS,
    expansion: 'shell',
    files: [
      { scope: 'user', path: '~/.kiro/settings/mcp.json' },
      { scope: 'project', path: '{project}/.kiro/settings/mcp.json' },
    ],
  },
  {
    id: 'junie',
    title: 'JetBrains Junie',
    at: SERVERS,
    files: [
      { scope: 'user', path: '~/.junie/mcp/mcp.json' },
      { scope: 'project', path: '{project}/.junie/mcp/mcp.json' },
      { scope: 'project', path: '{project}/.ai/mcp/mcp.json' },
    ],
  },
  {
    id: 'qwen',
    title: 'Qwen Code',
    at: SERVERS,
    expansion: 'shell',
    files: [
      { scope: 'user', path: '~/.qwen/settings.json' },
      { scope: 'project', path: '{project}/.qwen/settings.json' },
      { scope: 'managed', path: '~/.qwen/extensions/*/qwen-extension.json' },
    ],
  },
  {
    id: 'factory',
    title: 'Factory',
    at: SERVERS,
    expansion: 'shell',
    files: [
      { scope: 'user', path: '~/.factory/mcp.json' },
      { scope: 'project', path: '{project}/.factory/mcp.json' },
    ],
  },
  {
    id: 'crush',
    title: 'Crush',
    at: [['mcp']],
    expansion: 'shell',
    files: [
      { scope: 'user', path: '{config}/crush/crush.json' },
      { scope: 'project', path: '{project}/crush.json' },
      { scope: 'project', path: '{project}/.crush.json' },
    ],
  },
  {
    id: 'antigravity',
    title: 'Antigravity',
    at: SERVERS,
    files: [
      { scope: 'user', path: '~/.gemini/config/mcp_config.json' },
      { scope: 'project', path: '{project}/.agents/mcp_config.json' },
    ],
  },
  {
    id: 'continue',
    title: 'Continue',
    at: SERVERS,
    files: [
      { scope: 'user', path: '~/.continue/config.yaml' },
      { scope: 'project', path: '{project}/.continue/mcpServers/*.yaml' },
      { scope: 'project', path: '{project}/.continue/mcpServers/*.json' },
    ],
  },
  {
    id: 'goose',
    title: 'Goose',
    at: [['extensions']],
    keys: { command: 'cmd', env: ['envs'] },
    files: [{ scope: 'user', path: '{config}/goose/config.yaml' }],
  },
]
