import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSandbox, removeSandbox, type Sandbox } from '../../src/core/bench/sandbox.ts'
import { systemClock } from '../../src/core/clock.ts'
import { importTranscripts } from '../../src/core/usage/import.ts'
import { READERS } from '../../src/core/usage/transcripts/readers.ts'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'
import { type ModelServer, startModelServer } from '../fixtures/model-server.ts'
import { realClient } from '../fixtures/real-clients.ts'
import { emptyKept, type Kept, keep, total } from '../fixtures/transcripts/home.ts'
import { verifies } from '../requirements.ts'

const LIMIT_S = 150
let sandbox: Sandbox
let model: ModelServer

beforeAll(() => {
  builtCli()
  realClient('codex')
}, 900_000)
beforeEach(async () => {
  sandbox = createSandbox(process.env.PATH ?? '')
  writeFileSync(join(sandbox.project, 'note.txt'), 'a note\n')
})
afterEach(() => {
  model.close()
  removeSandbox(sandbox)
})

function run(
  client: Parameters<typeof realClient>[0],
  args: string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const limit = ['-s', 'KILL', String(LIMIT_S), realClient(client)]
  // Some clients read what they are asked from a pipe that stays open.
  return ended(
    'sh',
    ['-c', 'exec timeout "$@" < /dev/null', 'sh', ...limit, ...args],
    { ...sandbox.env, ...env },
    sandbox.project,
  )
}

function write(path: string, content: string): void {
  const file = join(sandbox.home, path)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, content)
}

async function imported(kept: Kept = emptyKept()): Promise<Kept> {
  const report = await importTranscripts({
    readers: READERS,
    where: { home: sandbox.home, env: {} },
    known: kept.progress,
    sink: (kind, event) => keep(kept, kind, event),
    clock: systemClock,
    signal: new AbortController().signal,
  })
  expect(report).toMatchObject({ broken: 0, failed: [] })
  return kept
}

function expectServed(kept: Kept, said: Ended, served = model.served): void {
  const sum = (of: 'input' | 'output' | 'cacheRead' | 'cacheWrite') =>
    served.reduce((n, tokens) => n + tokens[of], 0)
  expect(served.length, `${said.stdout}\n${said.stderr}`).toBeGreaterThan(0)
  expect({
    responses: kept.responses.size,
    input: total(kept, 'inputTokens'),
    cacheRead: total(kept, 'cacheReadTokens'),
    cacheWrite: total(kept, 'cacheWrite5mTokens') + total(kept, 'cacheWrite1hTokens'),
    output: total(kept, 'outputTokens'),
  }).toEqual({
    responses: served.length,
    input: sum('input'),
    cacheRead: sum('cacheRead'),
    cacheWrite: sum('cacheWrite'),
    output: sum('output'),
  })
}

describe('what a client wrote down of real turns is what its API served, to the token', () => {
  it('Claude Code, with a resume and a fork', async () => {
    verifies('USE-1')
    model = await startModelServer(({ tools = [] }) =>
      tools.some(({ name }) => name === 'Read')
        ? { name: 'Read', input: { file_path: join(sandbox.project, 'note.txt') } }
        : undefined,
    )
    write('.claude.json', JSON.stringify({ hasCompletedOnboarding: true }))
    const env = {
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: 'not-a-key',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
    }
    const said = await run('claude', ['-p', 'read the note', '--model', 'claude-sonnet-4-6'], env)
    const kept = await imported()
    expectServed(kept, said)
    const [session] = [...kept.responses.values()].map(({ clientSession }) => clientSession)
    await run('claude', ['-p', 'again', '--resume', session!, '--model', 'claude-sonnet-4-6'], env)
    await run(
      'claude',
      ['-p', 'once more', '--resume', session!, '--fork-session', '--model', 'claude-sonnet-4-6'],
      env,
    )
    await imported(kept)
    expectServed(kept, said)
    // Read at once, without what an earlier import knew, it is the same: what the fork copied belongs to the session that it was copied from.
    const anew = await imported()
    expectServed(anew, said)
    for (const { responses } of [kept, anew]) {
      const forked = [...responses.values()].filter(({ clientSession }) => clientSession !== session)
      expect(forked.map(({ message }) => message)).toEqual(['msg_000000000000000000000004'])
    }
    expect([...kept.toolUses.values()]).toMatchObject([
      { tool: 'Read', failed: false, bytesOut: expect.any(Number) },
    ])
  })

  it('Codex, with a resume', async () => {
    verifies('USE-1')
    model = await startModelServer(({ tools = [] }) => {
      const shell = tools.find(
        ({ name }) => name === 'shell' || name === 'exec_command' || name === 'shell_command',
      )?.name
      if (shell === undefined) return undefined
      return {
        name: shell,
        input:
          shell === 'shell'
            ? { command: ['cat', 'note.txt'] }
            : shell === 'exec_command'
              ? { cmd: 'cat note.txt' }
              : { command: 'cat note.txt' },
      }
    })
    write(
      '.codex/config.toml',
      `model = "gpt-5.4"\nmodel_provider = "fake"\n[model_providers.fake]\nname = "fake"\nbase_url = "${model.url}/v1"\nwire_api = "responses"\nenv_key = "FAKE_KEY"\n`,
    )
    const flags = ['--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox']
    const said = await run('codex', ['exec', ...flags, 'read the note'], { FAKE_KEY: 'x' })
    const kept = await imported()
    expectServed(kept, said)
    await run('codex', ['exec', 'resume', '--last', ...flags, 'again'], { FAKE_KEY: 'x' })
    await imported(kept)
    expectServed(kept, said)
    expect([...kept.toolUses.values()][0]).toMatchObject({ server: '', bytesOut: expect.any(Number) })
  })

  it('Gemini CLI', async () => {
    verifies('USE-1')
    model = await startModelServer(() => ({ name: 'read_file', input: { file_path: 'note.txt' } }))
    write(
      '.gemini/settings.json',
      JSON.stringify({
        security: { auth: { selectedType: 'gemini-api-key' } },
        privacy: { usageStatisticsEnabled: false },
      }),
    )
    const env = {
      GEMINI_API_KEY: 'not-a-key',
      GOOGLE_GEMINI_BASE_URL: model.url,
      GEMINI_CLI_TRUST_WORKSPACE: 'true',
    }
    const said = await run('gemini', ['-p', 'read the note', '-m', 'gemini-2.5-pro', '-y'], env)
    const kept = await imported()
    expectServed(kept, said)
    expect([...kept.responses.values()][0]).toMatchObject({
      project: sandbox.project,
      model: 'gemini-2.5-pro',
    })
    expect([...kept.toolUses.values()]).toMatchObject([{ tool: 'read_file', failed: false }])
  })

  it('opencode, which leaves its titles out', async () => {
    verifies('USE-1')
    model = await startModelServer(() => ({
      name: 'read',
      input: { filePath: join(sandbox.project, 'note.txt') },
    }))
    const provider = {
      npm: '@ai-sdk/openai-compatible',
      name: 'fake',
      options: { baseURL: `${model.url}/v1`, apiKey: 'x' },
      models: { 'fake-model': { name: 'fake', limit: { context: 100_000, output: 1000 } } },
    }
    write(
      '.config/opencode/opencode.json',
      JSON.stringify({ model: 'fake/fake-model', provider: { fake: provider } }),
    )
    const said = await run('opencode', ['run', 'read the note'], {
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
    })
    const kept = await imported()
    expectServed(kept, said)
    expect([...kept.toolUses.values()]).toMatchObject([{ tool: 'read', failed: false, server: '' }])
  })
})
