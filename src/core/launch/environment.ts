import { basename } from 'node:path'
import type { CatalogEntry } from './catalog.ts'
import { readDockerCommand } from './docker-command.ts'

/**
 * Variables about the shell, the terminal or the agent itself, not about the server it starts; a final * stands for any
 * ending. They differ from one session to the next, so keeping them would leave every warm spare unused.
 *
 * Not in here on purpose: CLAUDE_PROJECT_DIR (Claude Code sets it for servers to read) and ANTHROPIC_BASE_URL (the
 * vendor's libraries read it: a server without it would send its key to another host).
 */
export const VOLATILE: readonly string[] = [
  // shell
  ...['PWD', 'OLDPWD', 'SHLVL', '_', 'HISTFILE', 'STARSHIP_*', 'DIRENV_*'],
  // a package runner that the agent itself was started with; its other npm_config_ settings say where packages come from
  ...['INIT_CWD', 'npm_command', 'npm_execpath', 'npm_node_execpath', 'npm_lifecycle_*', 'npm_package_*'],
  ...[
    'npm_config_local_prefix',
    'npm_config_global_prefix',
    'npm_config_user_agent',
    'npm_config_npm_version',
  ],
  ...['npm_config_node_gyp', 'npm_config_init_module', 'npm_config_yes', 'npm_config_noproxy'],
  // terminal and login session
  ...[
    'TERM',
    'TERM_*',
    'TERMINFO',
    'COLORTERM',
    'COLUMNS',
    'LINES',
    'WINDOWID',
    'GPG_TTY',
    'STY',
    'TMUX',
    'TMUX_*',
  ],
  ...['SSH_CLIENT', 'SSH_CONNECTION', 'SSH_TTY', 'XDG_SESSION_ID', 'JOURNAL_STREAM', 'INVOCATION_ID'],
  ...['ITERM_*', 'LC_TERMINAL', 'LC_TERMINAL_VERSION', 'KITTY_*', 'WEZTERM_*', 'ALACRITTY_*', 'GHOSTTY_*'],
  ...['WT_SESSION', 'WT_PROFILE_ID', 'VTE_VERSION', 'KONSOLE_*', 'ZELLIJ', 'ZELLIJ_*', 'SECURITYSESSIONID'],
  // editors
  ...['VSCODE_*', 'CURSOR_TRACE_ID', 'CURSOR_AGENT', 'ZED_TERM', 'TERMINAL_EMULATOR', '__CFBundleIdentifier'],
  // agents: who they are, which session this is, how they talk to their model and time their servers
  ...[
    'CLAUDECODE',
    'CLAUDE_CODE_*',
    'CLAUDE_PID',
    'AI_AGENT',
    'AGENT',
    'CLAUDE_AGENT_SDK_VERSION',
    'CLAUDE_EFFORT',
  ],
  ...['ANTHROPIC_MODEL', 'ANTHROPIC_SMALL_FAST_MODEL', 'ANTHROPIC_CUSTOM_HEADERS', 'ANTHROPIC_DEFAULT_*'],
  ...['MCP_TIMEOUT', 'MCP_TOOL_TIMEOUT', 'MCP_CONNECT_TIMEOUT_MS', 'MCP_CONNECTION_NONBLOCKING'],
  ...[
    'MCP_SERVER_CONNECTION_BATCH_SIZE',
    'MCP_REMOTE_SERVER_CONNECTION_BATCH_SIZE',
    'MCP_PROTOCOL_NEGOTIATION',
  ],
  ...['MAX_MCP_OUTPUT_TOKENS', 'MAX_THINKING_TOKENS', 'ENABLE_TOOL_SEARCH', 'ENABLE_MCP_LARGE_OUTPUT_FILES'],
  ...['DISABLE_TELEMETRY', 'DISABLE_AUTOUPDATER', 'DISABLE_ERROR_REPORTING', 'DISABLE_COST_WARNINGS'],
  ...['CODEX_*', 'GEMINI_CLI*', 'OPENCODE', 'OPENCODE_*', 'QWEN_CODE*', 'MYCELIUM_*'],
]

/** Where the agents keep their files: a server may read those, so they count although their prefix is volatile. */
const LASTING: readonly string[] = ['CODEX_HOME', 'OPENCODE_CONFIG*', 'GEMINI_CLI_HOME']

/** What every program may read without saying so: a reviewed server counts these and the names in its entry. */
export const BASE: readonly string[] = [
  ...['HOME', 'USER', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'NODE_TLS_REJECT_UNAUTHORIZED'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
  ...[
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'ALL_PROXY',
    'NO_PROXY',
    'http_proxy',
    'https_proxy',
    'all_proxy',
    'no_proxy',
  ],
  ...['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'XDG_STATE_HOME'],
  ...['NODE_PATH', 'PYTHONPATH', 'PYTHONHOME', 'LD_PRELOAD', 'LD_LIBRARY_PATH'],
  // what a runner that has to decide itself goes by
  ...['npm_config_*', 'NPM_CONFIG_*', 'UV_*', 'PIPX_*', 'DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG'],
]

const matchesVolatile = matcher(VOLATILE)
const matchesLasting = matcher(LASTING)

/** True for a variable that says nothing about the server. A credential is never one, whatever its prefix. */
export function isVolatile(name: string): boolean {
  if (!matchesVolatile(name) || matchesLasting(name)) return false
  return !/(?:_KEY|_TOKEN|_SECRET|_PASSWORD|_CREDENTIALS)$/.test(name)
}

/**
 * The variables that decide whether two sessions would have started the same server, sorted by name.
 * Declared names always count. A reviewed server that is not isolated counts BASE and the names its entry lists;
 * any other server counts everything that is not volatile. `docker run -e NAME` in argv counts as declared.
 */
export function keyEnvironment(
  entry: CatalogEntry | undefined,
  envNames: readonly string[],
  env: NodeJS.ProcessEnv,
  argv: readonly string[] = [],
): Readonly<Record<string, string>> {
  const reviewed = entry !== undefined && entry.mode !== 'session'
  const counts = reviewed ? [...BASE, ...(entry.env ?? [])] : ['*']
  return pick(env, [...envNames, ...passedOn(argv), ...counts])
}

/**
 * The environment a server is started with: without the volatile variables that neither the config entry nor the
 * catalog names (pass both lists), so that a spare started ahead of any session and a start for one see the same. PWD, where the agent had one, follows `cwd`.
 */
export function spawnEnvironment(
  envNames: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd?: string,
): Readonly<Record<string, string>> {
  const kept = pick(env, [...envNames, '*'])
  return cwd !== undefined && env.PWD !== undefined && !envNames.includes('PWD')
    ? { ...kept, PWD: cwd }
    : kept
}

function passedOn(argv: readonly string[]): readonly string[] {
  const [command = '', ...args] = argv
  return readDockerCommand(basename(command), args)?.passedOn ?? []
}

/** The variables that match; a volatile one only by its full name, never through a *. */
function pick(env: NodeJS.ProcessEnv, patterns: readonly string[]): Readonly<Record<string, string>> {
  const named = new Set(patterns)
  const matches = matcher(patterns)
  const picked: Record<string, string> = {}
  for (const name of Object.keys(env).sort()) {
    const value = env[name]
    if (value !== undefined && (named.has(name) || (matches(name) && !isVolatile(name)))) picked[name] = value
  }
  return picked
}

/** A test for a list of names, some ending in *. */
function matcher(patterns: readonly string[]): (name: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')))
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1))
  return (name) => exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix))
}
