import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startModel } from '../../bench/model-endpoint.ts'
import { writeAgentPlan } from '../../src/core/agents/agent-plan.ts'
import { pathsOf } from '../../src/core/config/paths.ts'
import { askStore } from '../../src/core/events/store.ts'
import { ended } from '../fixtures/built-cli.ts'
import { clientHome } from '../fixtures/client-home.ts'
import { realClient } from '../fixtures/real-clients.ts'
import { verifies } from '../requirements.ts'

const MARK = 'You count lines for the budget test.'

it('a sub-agent of the real Claude Code is held to its budget, by its name, and the session is not', async () => {
  verifies('ALLOC-1')
  const claude = realClient('claude')
  const home = clientHome()
  const { project } = home.sandbox
  const paths = pathsOf(join(home.sandbox.home, '.mycelium'))
  const given: string[] = []
  const main: string[] = []
  try {
    await home.mycelium('init', '--hooks', '--yes')
    expect(await home.mycelium('config', 'set', 'agent_budgets.enabled=true')).toMatchObject({ code: 0 })
    mkdirSync(join(project, '.claude/agents'), { recursive: true })
    writeFileSync(
      join(project, '.claude/agents/counter.md'),
      `---\nname: counter\ndescription: Counts.\ntools: Bash, Read\n---\n${MARK}\n`,
    )
    mkdirSync(paths.budgets, { recursive: true })
    const share = { tokens: 6_000, degrade: ['cut', 'stop'] as const, servers: {} }
    writeAgentPlan(paths.budgets, {
      root: project,
      workflow: 'w',
      total: 6_000,
      at: 0,
      agents: { counter: share },
    })
    let [sub, top] = [0, 0]
    const model = await startModel((question) => {
      const text = JSON.stringify(question)
      const isSub = text.includes(MARK)
      const into = isSub ? given : main
      into.push(text)
      const names = (question.tools ?? []).map(({ name }) => name)
      if (isSub && sub < 3)
        return {
          type: 'tool_use',
          id: `toolu_s${sub}`,
          name: 'Bash',
          input: { command: `seq ${++sub}0000 ${sub}2500` },
        }
      const start = names.find((name) => name === 'Agent' || name === 'Task')
      if (!isSub && start !== undefined && top++ === 0)
        return {
          type: 'tool_use',
          id: 'toolu_m1',
          name: start,
          input: { description: 'count', prompt: 'count', subagent_type: 'counter' },
        }
      if (!isSub && top++ === 1)
        return { type: 'tool_use', id: 'toolu_m2', name: 'Bash', input: { command: 'seq 50000 52500' } }
      return { type: 'text', text: 'Done.' }
    })
    try {
      const env = {
        ...home.sandbox.env,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'not-a-key',
      }
      const words = ['-s', 'KILL', '240', claude, '-p', 'go', '--allowedTools', 'Bash,Read,Task,Agent']
      expect(await ended('timeout', words, env, project)).toMatchObject({ code: 0 })
    } finally {
      model.close()
    }
    const last = given.at(-1)!
    expect(last).toContain('lines left out')
    expect(last).toContain('this agent (counter) had used about')
    expect(main.at(-1)).not.toContain('lines left out')
    const rows = await askStore(paths, async ({ database }) =>
      (
        await database.connection.runAndReadAll(
          'SELECT DISTINCT agent_type, action, granted_tokens::INTEGER FROM allowances ORDER BY ALL',
        )
      ).getRowsJS(),
    )
    expect(rows).toEqual(
      expect.arrayContaining([
        ['counter', 'granted', 6_000],
        ['counter', 'cut', 6_000],
        ['counter', 'ended', 6_000],
      ]),
    )
  } finally {
    await home.close()
  }
}, 600_000)
