import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startModel } from '../../../bench/model-endpoint.ts'
import type { DaemonStatus } from '../../../src/core/daemon/wire.ts'
import type { ModelQuestion } from '../../../src/core/ignore/verify/messages-api.ts'
import { ended } from '../../fixtures/built-cli.ts'
import { type ClientHome, clientHome, textOf } from '../../fixtures/client-home.ts'
import { realClient } from '../../fixtures/real-clients.ts'
import { verifies } from '../../requirements.ts'

const SERVERS = ['everything', 'filesystem', 'memory', 'sequential-thinking']
const TURN_MS = 120_000

describe('Claude Code in a clean home', () => {
  let claude = ''
  let home: ClientHome
  beforeAll(() => {
    claude = realClient('claude')
  }, 600_000)
  beforeEach(() => {
    home = clientHome()
  })
  afterEach(() => home.close())

  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    ended(
      'timeout',
      ['-s', 'KILL', String(TURN_MS / 1000), claude, ...args],
      {
        ...home.sandbox.env,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
        ...env,
      },
      home.sandbox.project,
    )
  const config = () => JSON.parse(textOf(home.sandbox, '.claude.json'))
  const daemon = async () =>
    JSON.parse((await home.mycelium('daemon', 'status', '--json')).stdout) as DaemonStatus

  it('connects to every server through its launcher, keeps the config working, and undo keeps its changes', async () => {
    verifies('LAUNCH-1', 'LAUNCH-4')
    const before = config()
    await home.mycelium('init', '--yes')
    const rewritten = config().mcpServers
    const list = await run(['mcp', 'list'])
    expect(list.stdout.match(/^(\S+): .*\/launchers\/\1 .* - ✔ Connected$/gm), list.stdout).toHaveLength(4)
    const { pid } = await daemon()
    for (const server of SERVERS)
      expect((await run(['mcp', 'get', server])).stdout).toContain('Status: ✔ Connected')

    const after = config()
    expect(after.mcpServers).toEqual(rewritten)
    const added = Object.keys(after).filter((key) => !(key in before))
    expect(added, 'Claude Code wrote to its config').not.toEqual([])
    const text = textOf(home.sandbox, '.claude.json')
    expect(await home.mycelium('init', '--yes')).toMatchObject({ code: 0, stdout: 'nothing to do\n' })
    expect(textOf(home.sandbox, '.claude.json')).toBe(text)

    await home.quiet()
    expect(await home.strangers()).toEqual([])
    expect((await daemon()).pid).toBe(pid)
    expect(await home.mycelium('undo')).toMatchObject({ code: 0, stderr: '' })
    expect(config()).toEqual({ ...after, mcpServers: before.mcpServers })
    expect((await run(['mcp', 'list'])).stdout.match(/✔ Connected/g)).toHaveLength(4)
  }, 300_000)

  it('calls a tool in a whole turn, and when it has gone only the daemon is left', async () => {
    verifies('LAUNCH-4', 'PROTO-1')
    await home.mycelium('init', '--yes')
    const heard: string[] = []
    const model = await startModel((question) => {
      const results = toolResults(question)
      heard.push(...results)
      const offered = question.tools?.some(({ name }) => name === 'mcp__everything__echo')
      if (!offered || results.length > 0) return { type: 'text', text: 'Done.' }
      const input = { message: 'from the model' }
      return { type: 'tool_use', id: 'toolu_1', name: 'mcp__everything__echo', input }
    })
    try {
      const turn = await run(['-p', 'call echo', '--allowedTools', 'mcp__everything__echo'], {
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'not-a-key',
        MCP_CONNECTION_NONBLOCKING: '0',
      })
      expect(turn).toMatchObject({ code: 0, stdout: 'Done.\n' })
    } finally {
      model.close()
    }
    expect(heard).toEqual([expect.stringContaining('Echo: from the model')])
    await home.quiet()
    expect(await home.strangers()).toEqual([])
    const calls = (await home.servers()).map(({ id, pools }) => [
      id,
      pools.some(({ upstreams }) => upstreams.some((upstream) => upstream.calls > 0)),
    ])
    expect(Object.fromEntries(calls)).toMatchObject({ everything: true })
  }, 300_000)
})

/** The contents of the tool results in the agent's last message, as text. */
function toolResults({ messages }: ModelQuestion): string[] {
  const blocks = messages?.at(-1)?.content
  if (!Array.isArray(blocks)) return []
  return blocks.filter(({ type }) => type === 'tool_result').map((block) => JSON.stringify(block.content))
}
