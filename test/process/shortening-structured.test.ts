import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClientHome, clientHome } from '../fixtures/client-home.ts'
import { until } from '../fixtures/daemon-home.ts'
import { connectSdk, type Sdk, type SdkClient } from '../fixtures/sdk-clients.ts'
import { verifies } from '../requirements.ts'

// A real server that declares a schema for everything it gives, and the official libraries, which hold it to that.

let home: ClientHome
const clients: SdkClient[] = []

beforeAll(async () => {
  home = clientHome()
  expect(await home.mycelium('init', '--yes')).toMatchObject({ code: 0 })
  for (let i = 0; i < 12; i++) {
    const dir = join(home.sandbox.project, `package-${i}`)
    mkdirSync(dir, { recursive: true })
    for (let j = 0; j < 12; j++) writeFileSync(join(dir, `module-${j}.ts`), '')
  }
}, 120_000)
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()))
  await home.close()
})

async function filesystem(sdk: Sdk): Promise<SdkClient> {
  const client = await connectSdk(sdk, home.launched().filesystem)
  clients.push(client)
  return client
}

it.each(['sdk v1', 'sdk v2'] as const)(
  'a text with a schema is said shorter in both of its places, as %s allows',
  async (sdk) => {
    verifies('COMP-1')
    const ask = { path: home.sandbox.project }
    const whole = await filesystem(sdk)
    await whole.listTools()
    const before = await whole.call('directory_tree', ask)
    const settings = ['token_optimization.enabled=true', 'limits.shorten_ms=20s']
    expect(await home.mycelium('config', 'set', ...settings)).toMatchObject({ code: 0 })

    const unlisted = await filesystem(sdk)
    expect(await unlisted.request('tools/call', { name: 'directory_tree', arguments: ask })).toEqual(before)

    const listed = await filesystem(sdk)
    await listed.listTools()
    const after = await listed.call('directory_tree', ask)
    expect(after.structuredContent).toEqual({ content: after.content[0].text })
    expect(after.content[0].text.length).toBeLessThan(before.content[0].text.length * 0.6)
    const [handle] = /my:[0-9a-f]{10,}/.exec(after.content[0].text)!
    expect((await home.mycelium('optimization', 'expand', handle)).stdout).toBe(before.content[0].text)
    expect(await home.mycelium('config', 'unset', 'token_optimization.enabled')).toMatchObject({ code: 0 })
    await until('it is whole again', async () => {
      const { content } = await listed.call('directory_tree', ask)
      return content[0].text === before.content[0].text
    })
  },
  90_000,
)
