import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type ClientHome, clientHome, type RealServer } from '../../fixtures/client-home.ts'
import { until } from '../../fixtures/daemon-home.ts'
import type { Message } from '../../fixtures/raw-agent.ts'
import {
  ALL_CAPABILITIES,
  connectSdk,
  errorOf,
  type SdkClient,
  type SdkOptions,
  textOfCall,
} from '../../fixtures/sdk-clients.ts'
import { verifies } from '../../requirements.ts'

/** Calls whose answers depend on nothing but their arguments. */
const CALLS: readonly (readonly [string, Message])[] = [
  ['echo', { message: 'ünï "quoted" \u{1f344}' }],
  ['get-sum', { a: 0.1, b: 0.2 }],
  ['get-sum', { a: 'not a number' }],
  ['get-annotated-message', { messageType: 'error', includeImage: true }],
  ['get-structured-content', { location: 'Chicago' }],
  ['get-tiny-image', {}],
  ['get-resource-links', { count: 3 }],
]

describe.each(['sdk v1', 'sdk v2'] as const)('sessions of %s through launchers', (sdk) => {
  let home: ClientHome
  const clients: SdkClient[] = []
  beforeAll(async () => {
    home = clientHome()
    expect(await home.mycelium('init', '--yes')).toMatchObject({ code: 0, stderr: '' })
  }, 120_000)
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
  })
  afterAll(() => home.close())

  const through = async (server: RealServer, options?: SdkOptions): Promise<SdkClient> => {
    const client = await connectSdk(sdk, home.launched()[server], options)
    clients.push(client)
    return client
  }
  /** Two sessions that can do everything and answer each in its own name. */
  const two = (server: RealServer): Promise<SdkClient[]> =>
    Promise.all(
      ['Ada', 'Grace'].map((name) =>
        through(server, { capabilities: ALL_CAPABILITIES, answer: (request) => answerAs(name, request) }),
      ),
    )

  it('calls give what they give directly, from two sessions at once', async () => {
    verifies('PROTO-1')
    const direct = await connectSdk(sdk, home.direct.everything)
    clients.push(direct)
    const both = await Promise.all([through('everything'), through('everything')])
    for (const [name, args] of CALLS) {
      const wanted = await outcome(direct, name, args)
      expect(await Promise.all(both.map((client) => outcome(client, name, args)))).toEqual([wanted, wanted])
    }
  })

  it('progress reaches the session whose call it is about, and only it', async () => {
    verifies('PROTO-1')
    const heard = await Promise.all(
      [3, 4].map(async (steps) => {
        const client = await through('everything')
        const progress: Message[] = []
        const args = { duration: 0.3, steps }
        await client.call('trigger-long-running-operation', args, { onprogress: (one) => progress.push(one) })
        return progress
      }),
    )
    for (const [i, total] of [3, 4].entries()) expectCounting(heard[i]!, total)
  })

  it('elicitation and sampling of two sessions at once are answered each by its own', async () => {
    verifies('PROTO-3')
    const both = await two('everything')
    const elicited = await Promise.all(both.map((client) => client.call('trigger-elicitation-request')))
    expect(elicited.map((result) => JSON.stringify(result).match(/Ada|Grace/g)?.[0])).toEqual([
      'Ada',
      'Grace',
    ])
    const sampled = await Promise.all(
      both.map((client, i) => client.call('trigger-sampling-request', { prompt: `prompt ${i}` })),
    )
    expect(sampled.map((result) => JSON.stringify(result).match(/Ada|Grace/g)?.[0])).toEqual(['Ada', 'Grace'])
    const methods = both.map((client) => client.asked.map((request) => request.method).sort())
    const asked = ['elicitation/create', 'roots/list', 'sampling/createMessage']
    expect(methods).toEqual([asked, asked])
    expect(both.map((client) => JSON.stringify(client.asked).match(/prompt \d/g))).toEqual([
      ['prompt 0'],
      ['prompt 1'],
    ])
  })

  it('roots of two sessions are told each to its own calls', async () => {
    verifies('PROTO-3')
    const both = await two('everything')
    const told = await Promise.all(both.map((client) => client.call('get-roots-list')))
    expect(told.map((result) => textOfCall(result).match(/file:\S+/g))).toEqual([
      ['file:///home/Ada'],
      ['file:///home/Grace'],
    ])
  })

  it('a server that asks for roots when its session has left is told the roots that it serves', async () => {
    verifies('PROTO-3')
    const named = (): Promise<SdkClient> =>
      through('everything', {
        capabilities: { roots: {} },
        answer: () => ({ roots: [{ uri: 'file:///home/Alan' }] }),
      })
    const first = await named()
    await first.request('ping')
    await first.close()
    // server-everything asks 350 ms after `initialized`.
    await until('it is older than that', async () => {
      const { pools } = (await home.servers()).find(({ id }) => id === 'everything')!
      return pools.every(({ upstreams }) => upstreams.every(({ ageMs }) => ageMs > 1500))
    })
    expect(textOfCall(await (await named()).call('get-roots-list'))).toContain('file:///home/Alan')
  })

  it('an update of a resource reaches its subscribers alone, until they unsubscribe', async () => {
    verifies('PROTO-4')
    const [a, b] = (await Promise.all([through('everything'), through('everything')])) as [
      SdkClient,
      SdkClient,
    ]
    const [uriA, uriB] = [1, 2].map((n) => `demo://resource/dynamic/text/${n}`) as [string, string]
    await a.request('resources/subscribe', { uri: uriA })
    await b.request('resources/subscribe', { uri: uriB })
    await a.call('toggle-subscriber-updates')
    await a.noticed('the update', updated)
    await b.noticed('the update', updated)
    expect([a, b].map((client) => client.notices.filter(updated).map(({ params }) => params.uri))).toEqual([
      [uriA],
      [uriB],
    ])
    await a.call('toggle-subscriber-updates')
    await b.request('resources/unsubscribe', { uri: uriB })
    await a.call('toggle-subscriber-updates')
    await a.noticed('the second update', () => a.notices.filter(updated).length === 2)
    await b.request('ping')
    expect(b.notices.filter(updated)).toHaveLength(1)
    await a.call('toggle-subscriber-updates')
  })

  it('each session gets log messages of the level it asked for', async () => {
    verifies('PROTO-4')
    const [quiet, verbose] = (await Promise.all([through('everything'), through('everything')])) as [
      SdkClient,
      SdkClient,
    ]
    await quiet.request('logging/setLevel', { level: 'error' })
    // What an earlier session left to be said came before it asked for less.
    const before = quiet.notices.length
    await verbose.request('logging/setLevel', { level: 'debug' })
    const uri = 'demo://resource/dynamic/text/3'
    await quiet.request('resources/subscribe', { uri })
    await verbose.request('resources/unsubscribe', { uri })
    await verbose.request('resources/subscribe', { uri: `${uri}3` })
    await verbose.noticed('its log message', ({ method }) => method === 'notifications/message')
    await quiet.request('ping')
    expect(quiet.notices.slice(before).filter(({ method }) => method === 'notifications/message')).toEqual([])
  })

  it('completion depends on what the session said', async () => {
    const ref = { type: 'ref/prompt', name: 'completable-prompt' }
    const ask = (client: SdkClient, department: string) =>
      client.request('completion/complete', {
        ref,
        argument: { name: 'name', value: '' },
        context: { arguments: { department } },
      })
    const both = (await Promise.all([through('everything'), through('everything')])) as [SdkClient, SdkClient]
    const answers = await Promise.all([ask(both[0], 'Sales'), ask(both[1], 'Support')])
    expect(answers.map(({ completion }) => completion.values)).toEqual([
      ['David', 'Eve', 'Frank'],
      ['John', 'Kim', 'Lee'],
    ])
  })

  it('a cancelled call ends at once for its session and harms nobody else', async () => {
    verifies('PROTO-2')
    const [a, b] = (await Promise.all([through('everything'), through('everything')])) as [
      SdkClient,
      SdkClient,
    ]
    const abort = new AbortController()
    const args = { duration: 60, steps: 600 }
    const cancelled = a.call('trigger-long-running-operation', args, {
      signal: abort.signal,
      onprogress: () => abort.abort(),
    })
    const progress: Message[] = []
    const kept = b.call(
      'trigger-long-running-operation',
      { duration: 1, steps: 3 },
      { onprogress: (one) => progress.push(one) },
    )
    await expect(cancelled).rejects.toThrow(/abort/i)
    expect(textOfCall(await a.call('echo', { message: 'on' }))).toBe('Echo: on')
    expect(textOfCall(await kept)).toContain('completed')
    expectCounting(progress, 3)
  })

  it('file access follows the roots of the session, also when they change', async () => {
    verifies('PROTO-3')
    const places = home.place('one', 'two', 'three')
    const current = [places[0]!, places[1]!]
    const both = await Promise.all(
      [0, 1].map((i) =>
        through('filesystem', {
          capabilities: { roots: { listChanged: true } },
          answer: () => ({ roots: [{ uri: `file://${current[i]}` }] }),
        }),
      ),
    )
    const allowed = async (client: SdkClient) => textOfCall(await client.call('list_allowed_directories'))
    const listed = async (client: SdkClient, path: string) =>
      (await client.call('list_directory', { path })).isError !== true
    // The server looks at the roots for a moment after it got them, and so it does directly.
    const settled = (i: number) =>
      until(`session ${i} may use ${current[i]}`, async () => {
        return (await allowed(both[i]!)) === `Allowed directories:\n${current[i]}`
      })
    await Promise.all([settled(0), settled(1)])
    expect(await Promise.all(both.map((client) => listed(client, current[0]!)))).toEqual([true, false])
    current[1] = places[2]!
    await both[1]!.notify('notifications/roots/list_changed')
    await settled(1)
    await settled(0)
    expect(await listed(both[1]!, places[1]!)).toBe(false)
  })

  it('8 sessions that write to memory at once lose nothing', async () => {
    verifies('POOL-1')
    const writers = await Promise.all(Array.from({ length: 8 }, () => through('memory')))
    const names = writers.flatMap((_, i) => Array.from({ length: 5 }, (_, k) => `${sdk} ${i}.${k}`))
    await Promise.all(
      names.map((name, n) =>
        writers[n % 8]!.call('create_entities', {
          entities: [{ name, entityType: 'test', observations: ['seen'] }],
        }),
      ),
    )
    const graph = await (await through('memory')).call('read_graph')
    const kept = (graph.structuredContent.entities as { name: string }[]).map(({ name }) => name)
    expect(kept.sort()).toEqual([...names].sort())
    const row = (await home.servers()).find(({ id }) => id === 'memory')
    expect(row?.processes).toBe(1)
  })

  it('two trains of thought are counted apart', async () => {
    verifies('POOL-1')
    const both = await Promise.all([through('sequential-thinking'), through('sequential-thinking')])
    for (const thoughtNumber of [1, 2]) {
      const args = { thought: 'so', nextThoughtNeeded: true, thoughtNumber, totalThoughts: 2 }
      const results = await Promise.all(both.map((client) => client.call('sequentialthinking', args)))
      expect(results.map((result) => result.structuredContent.thoughtHistoryLength)).toEqual([
        thoughtNumber,
        thoughtNumber,
      ])
    }
  })

  function answerAs(name: string, { method }: Message): unknown {
    if (method === 'roots/list') return { roots: [{ uri: `file:///home/${name}`, name }] }
    if (method === 'elicitation/create') return { action: 'accept', content: { name } }
    return { role: 'assistant', content: { type: 'text', text: name }, model: 'test', stopReason: 'endTurn' }
  }
})

function updated({ method }: Message): boolean {
  return method === 'notifications/resources/updated'
}

/** Both libraries may drop progress that is read in one chunk with the result: the last one, also without mycelium. */
function expectCounting(heard: readonly Message[], total: number): void {
  const all = Array.from({ length: total }, (_, i) => ({ progress: i + 1, total }))
  expect(heard.length).toBeGreaterThanOrEqual(total - 1)
  expect(heard).toEqual(all.slice(0, heard.length))
}

async function outcome(client: SdkClient, name: string, args: Message): Promise<unknown> {
  return client.call(name, args).catch((error: unknown) => errorOf(Promise.reject(error)))
}
