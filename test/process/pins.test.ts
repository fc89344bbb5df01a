import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type DaemonHome, daemonHome, SERVERS, until } from '../fixtures/daemon-home.ts'
import type { Message, RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const KEEPER = [process.execPath, join(SERVERS, 'keeper.mjs')]
const INTERACTIVE = { elicitation: {}, tasks: {} }

let home: DaemonHome
afterEach(() => home.close())

/** Sessions of one pool that has two processes in service, and what keeps both of them busy. */
async function twoProcesses(mode: 'call' | 'shared', capabilities: Record<string, unknown>) {
  home = daemonHome({ processesPerPool: 2, shrinkAfterMs: 60_000 })
  home.define({ name: 'keeper', mode, argv: KEEPER })
  const [a, b] = [await home.agent('keeper', { capabilities }), await home.agent('keeper', { capabilities })]
  await Promise.all([a.initialize(), b.initialize()])
  const pid = await a.call('pid')
  const load = Array.from({ length: 8 }, () =>
    b.call('sleep', { ms: capabilities === INTERACTIVE ? 400 : 4_000 }),
  )
  await until('a second process answers', async () => (await a.call('pid')) !== pid, 8_000)
  return { a, b, load }
}

async function makeTask(agent: RawAgent, args: Record<string, unknown> = {}): Promise<string> {
  const params = { name: 'research', arguments: { ms: 400, ...args }, task: { ttl: 60_000 } }
  return (await agent.request('tools/call', params)).result.task.taskId
}

const listed = (answer: Message): string[] => answer.result.tasks.map((task: Message) => task.taskId)

describe.each([
  ['call', INTERACTIVE],
  ['call', {}],
  ['shared', {}],
] as const)('in a %s pool of several processes, for agents with %o', (mode, capabilities) => {
  it('a task is asked for where it was made, and only by the session that made it', async () => {
    verifies('POOL-1', 'PROTO-3')
    const { a, b, load } = await twoProcesses(mode, capabilities)
    const ids = [await makeTask(a), await makeTask(b), await makeTask(a)]
    const busy = [a, b].flatMap((agent) => Array.from({ length: 8 }, () => agent.call('sleep', { ms: 50 })))
    for (const [agent, id] of [
      [a, ids[0]],
      [b, ids[1]],
      [a, ids[2]],
    ] as const) {
      expect((await agent.request('tasks/get', { taskId: id })).result.taskId).toBe(id)
      const result = await agent.request('tasks/result', { taskId: id })
      expect(result.result.content[0].text).toBe(`done by ${id!.split('-')[1]}`)
    }
    expect(listed(await a.request('tasks/list', {})).sort()).toEqual([ids[0], ids[2]].sort())
    expect(listed(await b.request('tasks/list', {}))).toEqual([ids[1]])
    const foreign = await b.request('tasks/get', { taskId: ids[0] })
    expect(foreign.error).toMatchObject({ code: -32602, message: expect.stringContaining('not found') })
    const told = (agent: RawAgent) =>
      agent.notifications
        .filter((one) => one.method === 'notifications/tasks/status')
        .map((one) => one.params.taskId)
    expect([told(a).sort(), told(b)]).toEqual([[ids[0], ids[2]].sort(), [ids[1]]])
    await Promise.all([...load, ...busy])
  }, 20_000)

  it('a resource that a call made, and the rest of a list, are had from the process that has them', async () => {
    verifies('POOL-1')
    const { a, b, load } = await twoProcesses(mode, capabilities)
    const more = Array.from({ length: 6 }, async () => {
      for (let i = 0; i < 20; i++) await b.call('sleep', { ms: 20 })
    })
    for (let i = 0; i < 20; i++) {
      const made = await a.request('tools/call', { name: 'keep', arguments: { text: `t${i}` } })
      const page = await a.request('tools/list', {})
      // Its own load makes the other process the freer one.
      more.push(a.call('sleep', { ms: 100 }).then(() => {}))
      const read = await a.request('resources/read', { uri: made.result.content[0].uri })
      expect(read.error ?? read.result.contents[0].text).toContain(`t${i} by`)
      const rest = await a.request('tools/list', { cursor: page.result.nextCursor })
      expect(rest.result).toEqual({ tools: [] })
    }
    await Promise.all([...load, ...more])
  }, 20_000)
})

it('a process stays with a session while its task is worked on: what the task asks reaches that agent, others get another process', async () => {
  verifies('POOL-1', 'PROTO-3')
  home = daemonHome({ processesPerPool: 1 })
  home.define({ name: 'keeper', mode: 'call', argv: KEEPER })
  const capabilities = INTERACTIVE
  const [a, b] = [await home.agent('keeper', { capabilities }), await home.agent('keeper', { capabilities })]
  await Promise.all([a.initialize(), b.initialize()])
  b.answer = () => ({ action: 'accept', content: { it: 'b' } })
  const id = await makeTask(a, { ask: true })
  await a.asked('elicitation/create')
  const pid = id.split('-')[1]
  expect(await b.call('pid')).not.toBe(pid)
  const open = a.requests[0]!
  a.raw(JSON.stringify({ jsonrpc: '2.0', id: open.id, result: { action: 'accept', content: { it: 'a' } } }))
  const result = await a.request('tasks/result', { taskId: id })
  expect(result.result.content[0].text).toBe(`a by ${pid}`)
  expect(b.requests).toEqual([])
  // The task is done: its process is anybody's again, and what is left of it is still found.
  expect((await a.request('tasks/get', { taskId: id })).result.status).toBe('completed')
})

it("progress of a task goes on under the agent's token after the call was answered", async () => {
  verifies('PROTO-1')
  home = daemonHome()
  home.define({ name: 'keeper', mode: 'shared', argv: KEEPER })
  const a = await home.agent('keeper')
  await a.initialize()
  const params = { name: 'research', arguments: { ms: 100 }, task: {}, _meta: { progressToken: 'mine' } }
  const id = (await a.request('tools/call', params)).result.task.taskId
  await a.request('tasks/result', { taskId: id })
  const progress = a.notifications.filter((one) => one.method === 'notifications/progress')
  expect(progress.map((one) => one.params.progressToken)).toEqual(['mine'])
})
