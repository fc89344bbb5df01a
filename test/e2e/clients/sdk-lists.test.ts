import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientHome, clientHome, type RealServer } from '../../fixtures/client-home.ts'
import { until } from '../../fixtures/daemon-home.ts'
import type { Message } from '../../fixtures/raw-agent.ts'
import {
  ALL_CAPABILITIES,
  connectSdk,
  errorOf,
  type Sdk,
  type SdkClient,
} from '../../fixtures/sdk-clients.ts'
import { verifies } from '../../requirements.ts'

const SESSIONS: readonly (readonly [Sdk, RealServer])[] = [
  ['sdk v1', 'everything'],
  ['sdk v1', 'filesystem'],
  ['sdk v1', 'memory'],
  ['sdk v1', 'sequential-thinking'],
  ['sdk v2', 'everything'],
  ['sdk v2', 'filesystem'],
  ['sdk v2', 'memory'],
  ['sdk v2', 'sequential-thinking'],
  ['sdk v2 that probes', 'everything'],
  ['sdk v2 that probes', 'memory'],
]

/** Requests that a server refuses, each for a reason of its own. */
const REFUSED: readonly (readonly [string, Message])[] = [
  ['prompts/get', { name: 'no-such-prompt' }],
  ['resources/read', { uri: 'no-such:/thing' }],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'none' }, argument: { name: 'a', value: '' } }],
  ['tools/call', { name: 7 }],
]

describe('an official client through launchers that init laid out', () => {
  let home: ClientHome
  beforeAll(async () => {
    home = clientHome()
    expect(await home.mycelium('init', '--yes')).toMatchObject({ code: 0, stderr: '' })
  }, 120_000)
  afterAll(() => home.close())

  it.each(SESSIONS)(
    '%s with %s is greeted, gets lists and is refused as it is directly',
    async (sdk, server) => {
      verifies('LAUNCH-1', 'POOL-1')
      const launched = home.launched()[server]
      const commands = [home.direct[server], launched, launched]
      const roots = { roots: [{ uri: `file://${home.sandbox.project}` }] }
      for (const capabilities of [{}, ALL_CAPABILITIES]) {
        const clients = await Promise.all(
          commands.map((command) => connectSdk(sdk, command, { capabilities, answer: () => roots })),
        )
        const [direct, ...through] = clients as [SdkClient, ...SdkClient[]]
        for (const client of through) expect(client.greeting).toEqual(direct.greeting)
        for (const list of listsOf(direct.greeting)) {
          const wanted = await settled(() => direct.request(list))
          for (const client of through) expect(await client.request(list), list).toEqual(wanted)
        }
        for (const [method, params] of REFUSED) {
          const wanted = await errorOf(direct.request(method, params))
          for (const client of through)
            expect(await errorOf(client.request(method, params)), method).toEqual(wanted)
        }
        for (const client of through) {
          expect(await client.call('no-such-tool')).toEqual(await direct.call('no-such-tool'))
          expect(await client.request('ping')).toEqual({})
        }
        await Promise.all(clients.map((client) => client.close()))
      }
    },
  )
})

function listsOf({ capabilities }: Message): string[] {
  const kinds = ['tools', 'prompts', 'resources'].filter((kind) => kind in capabilities)
  return [
    ...kinds.map((kind) => `${kind}/list`),
    ...(kinds.includes('resources') ? ['resources/templates/list'] : []),
  ]
}

/** The answer once two in a row agree: server-everything adds tools a moment after `initialized`. */
async function settled(ask: () => Promise<unknown>): Promise<unknown> {
  let last = await ask()
  await until('two answers agree', async () => {
    const next = await ask()
    const agree = JSON.stringify(next) === JSON.stringify(last)
    last = next
    return agree
  })
  return last
}
