import { expect, it } from 'vitest'
import type { CatalogEntry } from '../../src/core/launch/catalog.ts'
import { keyEnvironment, spawnEnvironment } from '../../src/core/launch/environment.ts'
import { verifies } from '../requirements.ts'

const reviewed: CatalogEntry = {
  id: 'x',
  match: { npm: ['x'] },
  mode: 'shared',
  reason: '',
  source: '',
  cwd: 'ignored',
  roots: false,
  env: ['X_TOKEN', 'X_OPTION_*'],
}
/** What Claude Code, a terminal and tmux put into a server's environment. */
const session = {
  PATH: '/bin',
  HOME: '/h',
  PWD: '/p',
  TERM: 'xterm',
  TMUX_PANE: '%1',
  CLAUDECODE: '1',
  CLAUDE_CODE_SESSION_ID: 'a',
  MCP_TIMEOUT: '1000',
  X_TOKEN: 't',
  X_OPTION_A: 'o',
  OTHER: 'y',
}

it('counts for a reviewed server its own variables and what every program reads', () => {
  verifies('POOL-1')
  expect(keyEnvironment(reviewed, [], session)).toEqual({ HOME: '/h', X_TOKEN: 't', X_OPTION_A: 'o' })
})

it('counts a volatile variable for a reviewed server only where its entry names it in full', () => {
  const env = { ANTHROPIC_MODEL: 'm', ANTHROPIC_API_KEY: 'k' }
  const star = { ...reviewed, env: ['ANTHROPIC_*'] }
  expect(keyEnvironment(star, [], env)).toEqual({ ANTHROPIC_API_KEY: 'k' })
  expect(keyEnvironment({ ...star, env: ['ANTHROPIC_*', 'ANTHROPIC_MODEL'] }, [], env)).toEqual(env)
  expect(keyEnvironment({ ...star, env: ['*'] }, [], session)).toEqual(keyEnvironment(undefined, [], session))
})

it('counts for any other server all but the volatile ones', () => {
  const expected = { PATH: '/bin', HOME: '/h', X_TOKEN: 't', X_OPTION_A: 'o', OTHER: 'y' }
  expect(keyEnvironment(undefined, [], session)).toEqual(expected)
  expect(keyEnvironment({ ...reviewed, mode: 'session' }, [], session)).toEqual(expected)
})

it('counts a volatile variable that the entry declares', () => {
  expect(keyEnvironment(reviewed, ['MCP_TIMEOUT', 'ABSENT'], session)).toHaveProperty('MCP_TIMEOUT', '1000')
  expect(spawnEnvironment(['MCP_TIMEOUT'], session)).toHaveProperty('MCP_TIMEOUT', '1000')
})

it('counts what docker passes on from the environment', () => {
  const argv = ['docker', 'run', '-i', '-e', 'OTHER', '-e', 'SET=1', '--env', 'TERM', 'mcp/x']
  expect(keyEnvironment(reviewed, [], session, argv)).toMatchObject({ OTHER: 'y', TERM: 'xterm' })
})

it.each([
  ['CODEX_SANDBOX', true],
  ['CODEX_HOME', false],
  ['CODEX_API_KEY', false],
  ['ANTHROPIC_MODEL', true],
  ['ANTHROPIC_API_KEY', false],
  ['ANTHROPIC_AUTH_TOKEN', false],
  ['ANTHROPIC_BASE_URL', false],
  ['CLAUDE_PROJECT_DIR', false],
  ['CLAUDE_CODE_OAUTH_TOKEN', false],
  ['CLAUDE_CODE_ENTRYPOINT', true],
  ['GEMINI_CLI', true],
  ['GEMINI_API_KEY', false],
  ['OPENCODE_PID', true],
  ['VSCODE_IPC_HOOK', true],
  ['MCP_TRANSPORT', false],
  ['TERMINUS_DB', false],
  ['npm_lifecycle_event', true],
  ['npm_config_user_agent', true],
  ['npm_config_registry', false],
  ['NPM_CONFIG_CACHE', false],
  ['SSH_AUTH_SOCK', false],
])('%s is volatile: %s', (name, expected) => {
  expect(name in keyEnvironment(undefined, [], { [name]: 'v' })).toBe(!expected)
  expect(name in spawnEnvironment([], { [name]: 'v' })).toBe(!expected)
})

it('starts a server without the volatile variables, in the directory PWD names', () => {
  expect(spawnEnvironment([], session)).toEqual(keyEnvironment(undefined, [], session))
  expect(spawnEnvironment([], session, '/q')).toHaveProperty('PWD', '/q')
  expect(spawnEnvironment(['PWD'], session, '/q')).toHaveProperty('PWD', '/p')
  expect(spawnEnvironment([], { HOME: '/h' }, '/q')).not.toHaveProperty('PWD')
})
