import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { createSandbox, removeSandbox, type Sandbox } from '../../src/core/bench/sandbox.ts'
import { ended } from '../fixtures/built-cli.ts'
import { SERVERS } from '../fixtures/daemon-home.ts'
import { CODEX } from '../fixtures/hooked-clients.ts'
import { type ModelServer, startModelServer } from '../fixtures/model-server.ts'
import { realClient } from '../fixtures/real-clients.ts'
import { startUseByUse } from '../fixtures/scripted-model.ts'

// Which half of a structured result a real client shows its model: shortening the other one saves nothing. Pairs with READ_TEXTS_ALONE in daemon/shortening.ts.

const COMMAND = [process.execPath, join(SERVERS, 'structured.mjs')] as const
/** How the one and the other stand in a request. */
const HALVES = { text: 'said as a text', structure: 'said as a structure' }

let sandbox: Sandbox
let model: ModelServer
let shown: Set<string>

beforeAll(() => {
  realClient('gemini')
}, 900_000)
beforeEach(async () => {
  sandbox = createSandbox(process.env.PATH ?? '')
  shown = new Set()
  model = await startModelServer(
    ({ tools = [] }) => {
      const own = tools.flatMap((tool) => [tool, ...(Object(tool).functionDeclarations ?? [])])
      const names: string[] = own.map((tool) => tool.name ?? tool.function?.name ?? '')
      const name = names.find((one) => one.endsWith('halves'))
      return name === undefined ? undefined : { name, input: {} }
    },
    (body) => {
      for (const [half, words] of Object.entries(HALVES)) if (body.includes(words)) shown.add(half)
    },
  )
})
afterEach(() => {
  model.close()
  removeSandbox(sandbox)
})

it('Claude Code: the structure', async () => {
  const [command, ...args] = COMMAND
  write('.claude.json', { hasCompletedOnboarding: true, mcpServers: { s: { type: 'stdio', command, args } } })
  await run('claude', ['-p', 'look', '--model', 'claude-sonnet-4-6', '--allowedTools', 'mcp__s__halves'], {
    ANTHROPIC_BASE_URL: model.url,
    ANTHROPIC_API_KEY: 'not-a-key',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    ENABLE_TOOL_SEARCH: 'false',
  })
  expect([...shown]).toEqual(['structure'])
})

it('Codex: the structure', async () => {
  const scripted = await startUseByUse([{ tool: 'halves', namespace: 'mcp__everything' }])
  const [command, ...args] = COMMAND
  CODEX.configure(sandbox, scripted.url, { command, args })
  await CODEX.turn(sandbox, scripted.url).finally(() => scripted.close())
  expect(scripted.answers).toHaveLength(1)
  const [answer = ''] = scripted.answers
  const halves = Object.entries(HALVES).flatMap(([half, words]) => (answer.includes(words) ? [half] : []))
  expect(halves, answer).toEqual(['structure'])
})

it('Gemini CLI: the texts', async () => {
  const [command, ...args] = COMMAND
  write('.gemini/settings.json', {
    security: { auth: { selectedType: 'gemini-api-key' } },
    privacy: { usageStatisticsEnabled: false },
    mcpServers: { s: { command, args } },
  })
  await run('gemini', ['-p', 'look', '-m', 'gemini-2.5-pro', '-y'], {
    GEMINI_API_KEY: 'not-a-key',
    GOOGLE_GEMINI_BASE_URL: model.url,
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
  })
  expect([...shown]).toEqual(['text'])
})

it('opencode: the texts', async () => {
  const provider = {
    npm: '@ai-sdk/openai-compatible',
    name: 'fake',
    options: { baseURL: `${model.url}/v1`, apiKey: 'x' },
    models: { 'fake-model': { name: 'fake', limit: { context: 100_000, output: 1000 } } },
  }
  write('.config/opencode/opencode.json', {
    model: 'fake/fake-model',
    provider: { fake: provider },
    mcp: { s: { type: 'local', command: COMMAND } },
  })
  await run('opencode', ['run', 'look'], {
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
  })
  expect([...shown]).toEqual(['text'])
})

function run(client: 'claude' | 'gemini' | 'opencode', args: string[], env: Record<string, string>) {
  const limited = ['-s', 'KILL', '150', realClient(client), ...args]
  const script = 'exec timeout "$@" < /dev/null'
  return ended('sh', ['-c', script, 'sh', ...limited], { ...sandbox.env, ...env }, sandbox.project)
}

function write(path: string, content: object): void {
  const file = join(sandbox.home, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, JSON.stringify(content))
}
