import { expect, it } from 'vitest'
import type { AgentDefinition } from '../../src/core/agents/definition.ts'
import type { AgentSession } from '../../src/core/agents/preload.ts'
import { AgentsAhead } from '../../src/core/mcp/agents-ahead.ts'
import { verifies } from '../requirements.ts'

/** Sessions whose agents go round: the one after `agent3` is `agent4`. */
const habit = Array.from({ length: 300 }, (_, i) => ({
  id: `s${i}`,
  agents: Array.from({ length: 5 }, (_, k) => `agent${(i + k) % 8}`),
}))
const definition = (name: string, text = `You are ${name}.`): AgentDefinition => ({
  ...{ name, description: '', model: undefined, tools: undefined, text },
  ...{ client: 'c', scope: 'user', file: name, tokens: 4, hash: text, shadowed: false },
})

function holding(sessions: readonly AgentSession[], names: readonly string[]) {
  const state = { stamp: 'one', reads: 0 }
  const deeds: string[] = []
  const ahead = new AgentsAhead({
    sessions: async () => sessions,
    read: () => {
      state.reads++
      return names.map((name) => definition(name))
    },
    stamp: () => state.stamp,
    record: (action, agent) => deeds.push(`${action} ${agent}`),
  })
  return { ahead, state, deeds }
}
const settled = async () => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}
const all = Array.from({ length: 8 }, (_, i) => `agent${i}`)

it('the next definition is there without a reading, and what became of it is on record', async () => {
  verifies('LAZY-1')
  const { ahead, state, deeds } = holding(habit, all)
  expect(ahead.take('agent1')).toBeUndefined()
  ahead.used('agent1')
  await settled()
  expect([state.reads, deeds]).toEqual([1, ['ahead agent2']])
  expect(ahead.take('agent2')?.text).toBe('You are agent2.')
  expect(state.reads).toBe(1)
  ahead.used('agent2')
  await settled()
  expect(deeds).toEqual(['ahead agent2', 'hit agent2', 'ahead agent3'])
  ahead.end()
  expect(deeds.at(-1)).toBe('waste agent3')
})

it('what was held is not given once any definition changed, and nothing is held of what is not defined or does not follow', async () => {
  verifies('LAZY-1')
  const changed = holding(habit, all)
  changed.ahead.used('agent1')
  await settled()
  changed.state.stamp = 'two'
  expect(changed.ahead.take('agent2')).toBeUndefined()
  for (const [sessions, names] of [
    [habit, ['agent1']],
    [habit.slice(0, 15), all],
    [habit.map(({ id }, i) => ({ id, agents: [`agent${(i * 5) % 8}`, `agent${(i * 3 + 1) % 7}`] })), all],
  ] as const) {
    const { ahead, deeds } = holding(sessions, names)
    ahead.used('agent1')
    await settled()
    ahead.end()
    expect(deeds).toEqual([])
  }
})

it('a record that cannot be read ends nothing', async () => {
  const ahead = new AgentsAhead({
    sessions: () => Promise.reject(new Error('no database')),
    read: () => [],
    stamp: () => '',
    record: () => {},
  })
  ahead.used('a')
  await settled()
  expect(ahead.take('a')).toBeUndefined()
  ahead.end()
})
