import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startModel } from '../../bench/model-endpoint.ts'
import { ended } from '../fixtures/built-cli.ts'
import { type ClientHome, clientHome, textOf } from '../fixtures/client-home.ts'
import { recordedHooks } from '../fixtures/hook-events.ts'
import { realClient } from '../fixtures/real-clients.ts'
import { verifies } from '../requirements.ts'

const LIMIT_S = 120

describe('a whole turn of the real Claude Code with our hooks', () => {
  let claude = ''
  let home: ClientHome
  beforeAll(() => {
    claude = realClient('claude')
  }, 600_000)
  beforeEach(() => {
    home = clientHome()
  })
  afterEach(() => home.close())

  /** The model asks for a tool once, then ends the turn. */
  async function turn() {
    const model = await startModel(({ tools, messages }) => {
      const last = messages?.at(-1)?.content
      const answered = Array.isArray(last) && last.some(({ type }) => type === 'tool_result')
      const offered = tools?.some(({ name }) => name === 'mcp__everything__echo')
      if (!offered || answered) return { type: 'text', text: 'Done.' }
      const input = { message: 'from the model' }
      return { type: 'tool_use', id: 'toolu_1', name: 'mcp__everything__echo', input }
    })
    try {
      const args = [
        '-s',
        'KILL',
        String(LIMIT_S),
        claude,
        '-p',
        'call echo',
        '--allowedTools',
        'mcp__everything__echo',
      ]
      const env = {
        ...home.sandbox.env,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'not-a-key',
        MCP_CONNECTION_NONBLOCKING: '0',
      }
      return await ended('timeout', args, env, home.sandbox.project)
    } finally {
      model.close()
    }
  }

  it('records each event once, with the tool and its sizes, and a mycelium that is gone does not disturb it', async () => {
    verifies('CLI-3')
    expect(await home.mycelium('init', '--hooks', '--yes')).toMatchObject({ code: 0, stderr: '' })
    const settings = textOf(home.sandbox, '.claude/settings.json')
    expect(await turn()).toMatchObject({ code: 0, stdout: 'Done.\n' })
    const root = join(home.sandbox.home, '.mycelium')
    const events = await recordedHooks(root)
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['SessionStart', 'UserPromptSubmit', 'PostToolUse', 'Stop', 'SessionEnd']),
    )
    const [used] = events.filter(({ event }) => event === 'PostToolUse')
    expect(used).toMatchObject({
      client: 'claude-code',
      tool: 'mcp__everything__echo',
      toolUse: 'toolu_1',
      project: home.sandbox.project,
      bytesIn: '{"message":"from the model"}'.length,
      outcome: 'ok',
    })
    expect(new Set(events.map(({ clientSession }) => clientSession)).size).toBe(1)
    expect(textOf(home.sandbox, '.claude/settings.json')).toBe(settings)

    await home.mycelium('daemon', 'stop')
    rmSync(join(root, 'bin/quiet'))
    expect(await turn()).toMatchObject({ code: 0, stdout: 'Done.\n' })
  }, 300_000)
})
