import { once } from 'node:events'
import { afterAll, describe, expect, it } from 'vitest'
import { daemonHome, until } from '../fixtures/daemon-home.ts'
import { defineServer } from '../fixtures/probe-log.ts'
import type { Message, RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

const home = daemonHome()
const small = daemonHome({ lineBytes: 100_000 })
afterAll(() => Promise.all([home.close(), small.close()]))

const MODES = ['session', 'call', 'shared'] as const
const DISCOVER = '{"jsonrpc":"2.0","id":"d","method":"server/discover","params":{}}'
const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}'

const initialize = (id: string, version = '2025-11-25'): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"initialize","params":{"protocolVersion":"${version}","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`

const echo = (id: string, text: string): string =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"echo","arguments":{"text":${JSON.stringify(text)}}}}`

const textOf = (answer: Message): string => answer.result.content[0].text

async function agentOf(server: string, at = home): Promise<RawAgent> {
  const agent = await at.agent(server)
  await agent.initialize()
  return agent
}

/** The last answer an agent got, once it has one more than `count` lines. */
async function nextLine(agent: RawAgent, count: number): Promise<Message> {
  await agent.line('one more line', () => agent.lines.length > count)
  return JSON.parse(agent.lines[count] as string)
}

describe('server/discover', () => {
  it('is answered before initialize without starting a server, and the session goes on as a legacy one', async () => {
    verifies('PROTO-1')
    const log = defineServer(home, 'discover', 'session')
    const agent = await home.agent('discover')
    agent.raw(DISCOVER)
    expect((await agent.answerTo('"d"')).error.code).toBe(-32601)
    expect(log.events()).toEqual([])
    await agent.initialize()
    expect(await agent.call('echo', { text: 'x' })).toBe('x')
    expect(log.messages('server/discover')).toEqual([])
  })

  it('is answered while the server still starts, and after it', async () => {
    verifies('PROTO-1')
    const log = defineServer(home, 'discover-slow', 'session', { args: ['--start-ms=600'] })
    const agent = await home.agent('discover-slow')
    agent.raw([initialize('1'), DISCOVER].join('\n'))
    expect((await agent.answerTo('"d"')).error.code).toBe(-32601)
    expect(agent.lines).toHaveLength(1)
    await agent.answerTo('1')
    agent.raw(DISCOVER.replace('"d"', '"d2"'))
    expect((await agent.answerTo('"d2"')).error.code).toBe(-32601)
    expect(log.messages('server/discover')).toEqual([])
  })
})

describe('initialize', () => {
  it.each(['shared', 'call'] as const)(
    'of a second session in %s mode is answered from the first one’s greeting, without a start',
    async (mode) => {
      verifies('PROTO-1')
      const log = defineServer(home, `cached-${mode}`, mode, { args: ['--start-ms=500', '--init-ms=300'] })
      const greeting = (await agentOf(`cached-${mode}`)).lines[0]
      const took: number[] = []
      for (let i = 0; i < 9; i++) {
        const agent = await home.agent(`cached-${mode}`)
        const sentAtMs = performance.now()
        agent.raw(initialize('1'))
        await agent.answerTo('1')
        took.push(performance.now() - sentAtMs)
        agent.raw(INITIALIZED)
        expect(agent.lines[0]).toBe(greeting)
        expect(await agent.call('echo', { text: 'x' })).toBe('x')
      }
      expect(took.sort((a, b) => a - b)[4]).toBeLessThan(300)
      expect(log.messages('initialize')).toHaveLength(1)
      expect(log.messages('notifications/initialized')).toHaveLength(1)
    },
  )

  it.each(MODES)(
    'in %s mode: however often agents say `initialized`, each process hears it once',
    async (mode) => {
      verifies('PROTO-1')
      const log = defineServer(home, `once-${mode}`, mode)
      const agents = [await agentOf(`once-${mode}`), await agentOf(`once-${mode}`)]
      for (const agent of agents) {
        agent.raw(INITIALIZED)
        agent.raw(INITIALIZED)
        expect(await agent.call('echo', { text: 'x' })).toBe('x')
      }
      const processes = log.events('start').length
      expect(processes).toBe(mode === 'session' ? 2 : 1)
      expect(log.messages('notifications/initialized')).toHaveLength(processes)
    },
  )

  it.each(MODES)('a server that insists on the order works in %s mode', async (mode) => {
    verifies('PROTO-1')
    const log = defineServer(home, `strict-${mode}`, mode, { program: 'strict' })
    for (let i = 0; i < 3; i++) {
      const agent = await agentOf(`strict-${mode}`)
      expect(await agent.call('echo', { text: 'x' })).toBe('x')
      const pipelined = await home.agent(`strict-${mode}`)
      pipelined.raw([initialize('1'), INITIALIZED, echo('2', 'y')].join('\n'))
      expect(textOf(await pipelined.answerTo('2'))).toBe('y')
    }
    expect(log.events('broken')).toEqual([])
  })

  it.each(MODES)('in %s mode requests in the same write are answered, in order', async (mode) => {
    verifies('PROTO-1')
    defineServer(home, `pipelined-${mode}`, mode)
    const agent = await home.agent(`pipelined-${mode}`)
    const calls = Array.from({ length: 200 }, (_, i) => echo(String(i + 2), `text ${i}`))
    agent.raw([initialize('1'), INITIALIZED, ...calls].join('\n'))
    await agent.answerTo('201')
    expect(agent.lines.map((line) => JSON.parse(line).id)).toEqual(
      Array.from({ length: 201 }, (_, i) => i + 1),
    )
  })

  it('a second one on the same session is answered, and the session goes on', async () => {
    verifies('PROTO-1')
    const log = defineServer(home, 'second', 'shared', { program: 'strict' })
    const agent = await agentOf('second')
    agent.raw(initialize('"again"'))
    expect((await agent.answerTo('"again"')).result.serverInfo.name).toBe('strict')
    expect(await agent.call('echo', { text: 'x' })).toBe('x')
    expect(log.events('broken')).toEqual([])
  })

  it('that the server refuses is refused in the server’s own words, and may be tried again', async () => {
    verifies('PROTO-1')
    defineServer(home, 'refuses', 'shared', { args: ['--init=refuse'] })
    const agent = await home.agent('refuses')
    agent.raw([initialize('1'), INITIALIZED, echo('2', 'x')].join('\n'))
    const own = '{"jsonrpc":"2.0","id":1,"error":{"code":-32099,"message":"not today","data":{"why":"test"}}}'
    await agent.answerTo('1')
    expect(agent.lines).toContain(own)
    expect((await agent.answerTo('2')).error).toBeDefined()
    agent.raw(initialize('3'))
    expect((await agent.answerTo('3')).error.message).toBe('not today')
  })

  it('that fails does not spoil one that was sent right behind it', async () => {
    verifies('PROTO-1')
    defineServer(home, 'fussy', 'session', { args: ['--init=fussy'] })
    const agent = await home.agent('fussy')
    agent.raw(
      ['{"jsonrpc":"2.0","id":1,"method":"initialize"}', initialize('2'), INITIALIZED, echo('3', 'x')].join(
        '\n',
      ),
    )
    expect((await agent.answerTo('1')).error.code).toBe(-32603)
    expect((await agent.answerTo('2')).result.serverInfo.name).toBe('probe')
    expect(textOf(await agent.answerTo('3'))).toBe('x')
  })

  it.each(MODES)(
    'that fails does not spoil one with the same version and capabilities in %s mode',
    async (mode) => {
      verifies('PROTO-1')
      defineServer(home, `fussy-${mode}`, mode, { args: ['--init=fussy'] })
      const agent = await home.agent(`fussy-${mode}`)
      const nameless = initialize('1').replace(/,"clientInfo":\{.*?\}/, '')
      agent.raw(nameless)
      expect((await agent.answerTo('1')).error.code).toBe(-32603)
      agent.raw(initialize('2'))
      expect((await agent.answerTo('2')).result.serverInfo.name).toBe('probe')
    },
  )

  it('with different versions or capabilities leads to different greetings and processes', async () => {
    verifies('PROTO-1')
    const log = defineServer(home, 'versions', 'shared')
    for (const [i, version] of ['2024-11-05', '2025-06-18', '2024-11-05'].entries()) {
      const agent = await home.agent('versions')
      agent.raw(initialize(String(i), version))
      expect((await agent.answerTo(String(i))).result.protocolVersion).toBe(version)
    }
    expect(log.messages('initialize').map(({ params }) => params.protocolVersion)).toEqual([
      '2024-11-05',
      '2025-06-18',
    ])
  })
})

describe('an agent that never says initialize', () => {
  it.each(MODES)('gets a process of its own in %s mode, which hears exactly what it says', async (mode) => {
    verifies('PROTO-1')
    const log = defineServer(home, `bare-${mode}`, mode)
    const [a, b] = [await home.agent(`bare-${mode}`), await home.agent(`bare-${mode}`)]
    const pids = await Promise.all([a.call('pid'), b.call('pid')])
    expect(pids[0]).not.toBe(pids[1])
    expect(log.messages().map(({ method }) => method)).toEqual(['tools/call', 'tools/call'])
  })

  it('gets the error of a server that cannot be started', async () => {
    verifies('PROTO-1')
    home.define({ name: 'bare-missing', argv: ['/nowhere/server'] })
    const agent = await home.agent('bare-missing')
    expect(await agent.call('echo')).toMatch(/^error -32001: .*\/nowhere\/server/)
  })

  it.each(MODES)('gets a ping answered before initialize in %s mode, without a process', async (mode) => {
    verifies('PROTO-1')
    const log = defineServer(home, `early-ping-${mode}`, mode)
    const agent = await home.agent(`early-ping-${mode}`)
    agent.raw(['{"jsonrpc":"2.0","id":"p","method":"ping"}', initialize('1'), INITIALIZED].join('\n'))
    expect((await agent.answerTo('"p"')).result).toEqual({})
    await agent.answerTo('1')
    expect(await agent.call('echo', { text: 'x' })).toBe('x')
    expect(log.events('start')).toHaveLength(1)
  })

  it.each(MODES)(
    'gets what it asked right before initialize answered by the server in %s mode',
    async (mode) => {
      verifies('PROTO-1')
      defineServer(home, `early-${mode}`, mode, { args: ['--start-ms=1500'] })
      const agent = await home.agent(`early-${mode}`)
      agent.raw(
        [
          '{"jsonrpc":"2.0","id":"l","method":"tools/list"}',
          echo('"e"', 'early'),
          initialize('1'),
          INITIALIZED,
          echo('2', 'late'),
        ].join('\n'),
      )
      expect(textOf(await agent.answerTo('2'))).toBe('late')
      expect(textOf(await agent.answerTo('"e"'))).toBe('early')
      expect((await agent.answerTo('"l"')).result.tools).not.toHaveLength(0)
    },
  )

  it('and leaves while its early request is answered, leaves nothing behind', async () => {
    verifies('PROTO-2')
    defineServer(home, 'early-gone', 'session')
    const agent = await home.agent('early-gone')
    agent.raw(
      [
        '{"jsonrpc":"2.0","id":"n","method":"tools/call","params":{"name":"noanswer"}}',
        initialize('1'),
        INITIALIZED,
      ].join('\n'),
    )
    const processes = async () =>
      (await home.servers()).find(({ id }) => id === 'early-gone')!.pools.flatMap((pool) => pool.upstreams)
    await until('it is asked', async () => (await processes()).some(({ inFlight }) => inFlight === 1))
    agent.kill()
    await until('all is gone', async () => (await processes()).length === 0)
  })

  it('may say initialize after all', async () => {
    verifies('PROTO-1')
    defineServer(home, 'bare-late', 'shared')
    const agent = await home.agent('bare-late')
    const before = await agent.call('pid')
    await agent.initialize()
    expect(await agent.call('pid')).not.toBe(before)
  })
})

describe('batches of 2025-03-26', () => {
  it('are answered as one array with every id once, invalid elements and unknown methods included', async () => {
    verifies('PROTO-1')
    defineServer(home, 'batch', 'shared')
    const agent = await agentOf('batch')
    const count = agent.lines.length
    const elements = [echo('"a"', 'A'), INITIALIZED, echo('"b"', 'B'), '{"x":1}', DISCOVER]
    agent.raw(`[${elements.join(' , ')}]`)
    const answers = (await nextLine(agent, count)) as unknown as { id: unknown }[]
    expect(answers.map(({ id }) => String(id)).sort()).toEqual(['a', 'b', 'd', 'null'])
    expect(agent.lines).toHaveLength(count + 1)
  })

  it('that hold initialize, or only notifications, work', async () => {
    verifies('PROTO-1')
    defineServer(home, 'batch-init', 'shared')
    const agent = await home.agent('batch-init')
    agent.raw(`[${initialize('1', '2025-03-26')}]`)
    expect(await nextLine(agent, 0)).toMatchObject([{ id: 1, result: { protocolVersion: '2025-03-26' } }])
    agent.raw(`[${INITIALIZED}]`)
    expect(await agent.call('echo', { text: 'x' })).toBe('x')
    expect(agent.lines).toHaveLength(2)
  })

  it('with a cancelled element are answered without it', async () => {
    verifies('PROTO-2')
    defineServer(home, 'batch-cancel', 'shared')
    const agent = await agentOf('batch-cancel')
    const count = agent.lines.length
    const noanswer = '{"jsonrpc":"2.0","id":"n","method":"tools/call","params":{"name":"noanswer"}}'
    agent.raw(`[${echo('"a"', 'A')},${noanswer}]`)
    agent.notify('notifications/cancelled', { requestId: 'n' })
    expect(await nextLine(agent, count)).toMatchObject([{ id: 'a' }])
  })
})

describe('input that is no message', () => {
  it('is answered with an error and does not end the session', async () => {
    verifies('PROTO-1')
    defineServer(home, 'garbage', 'shared')
    const agent = await agentOf('garbage')
    const cases: readonly (readonly [string, number, string])[] = [
      ['hello', -32700, 'null'],
      ['null', -32700, 'null'],
      ['17', -32700, 'null'],
      ['"text"', -32700, 'null'],
      ['{"jsonrpc":"2.0","id":5,"method":"ping"', -32600, 'null'],
      ['{"jsonrpc":"2.0","id":5}', -32600, '5'],
      ['{"jsonrpc":"2.0","id":5,"method":7}', -32600, '5'],
      ['{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, 'null'],
      ['{"jsonrpc":"2.0","id":5,"method":"ping"} x', -32600, 'null'],
      ['{"jsonrpc":"2.0","id":5,"id":6,"method":"ping"}', -32600, 'null'],
      ['{"jsonrpc":"2.0","id":5,"\\u0069d":6,"method":"ping"}', -32600, 'null'],
      ['{"jsonrpc":"2.0","id":5,"method":"ping","method":"x"}', -32600, '5'],
    ]
    for (const [line, code, id] of cases) {
      const count = agent.lines.length
      agent.raw(line)
      const answer = await nextLine(agent, count)
      expect([line, answer.error?.code, JSON.stringify(answer.id)]).toEqual([line, code, id])
    }
    const count = agent.lines.length
    agent.raw('\n \r\n\t')
    expect(await agent.call('echo', { text: 'goes on' })).toBe('goes on')
    expect(agent.lines).toHaveLength(count + 1)
  })

  it('a line over the limit is refused once, and what follows it is read', async () => {
    verifies('PROTO-1')
    defineServer(small, 'long', 'shared')
    const agent = await agentOf('long', small)
    const count = agent.lines.length
    agent.raw(echo('"long"', 'x'.repeat(300_000)))
    const refusal = await nextLine(agent, count)
    expect([refusal.error.code, refusal.id]).toEqual([-32600, 'long'])
    expect(refusal.error.message).toMatch(/300\d\d\d bytes is over the limit of 100000 bytes/)
    expect(await agent.call('echo', { text: 'goes on' })).toBe('goes on')
    expect(agent.lines).toHaveLength(count + 2)
  })
})

describe('the stream', () => {
  it.each(['session', 'shared'] as const)('carries lines of 10 MB both ways in %s mode', async (mode) => {
    verifies('PROTO-1')
    defineServer(home, `big-${mode}`, mode, { args: ['--quiet'] })
    const agent = await agentOf(`big-${mode}`)
    const text = '😀x'.repeat(2_000_000)
    expect((await agent.call('echo', { text })) === text).toBe(true)
  })

  it('may be cut at any byte', async () => {
    verifies('PROTO-1')
    defineServer(home, 'cuts', 'shared')
    const agent = await agentOf('cuts')
    const line = Buffer.from(`${echo('"é😀"', 'é😀\u0000\\')}\n`)
    agent.socket.setNoDelay(true)
    for (let cut = 1; cut < line.length; cut++) {
      const count = agent.lines.length
      for (const part of [line.subarray(0, cut), line.subarray(cut)])
        if (!agent.socket.write(part)) await once(agent.socket, 'drain')
        else await new Promise((resolve) => setImmediate(resolve))
      const answer = await nextLine(agent, count)
      expect([answer.id, textOf(answer)]).toEqual(['é😀', 'é😀\u0000\\'])
    }
  })

  it('may come byte by byte, and the server’s answer in halves of a character', async () => {
    verifies('PROTO-1')
    defineServer(home, 'bytes', 'shared')
    const agent = await agentOf('bytes')
    for (const byte of Buffer.from(`${echo('"b"', '😀')}\r\n`)) {
      agent.socket.write(Buffer.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(textOf(await agent.answerTo('"b"'))).toBe('😀')
    expect(await agent.call('halves', { text: 'ok' })).toBe('😀ok')
  })

  it('of a relay that writes a byte order mark first is understood', async () => {
    verifies('PROTO-1')
    defineServer(home, 'bom', 'shared')
    const agent = await home.agent('bom')
    agent.raw(`\uFEFF${initialize('1')}`)
    expect((await agent.answerTo('1')).result.serverInfo.name).toBe('probe')
  })
})
