import { afterEach, expect, test } from 'vitest'
import { type DaemonHome, daemonHome } from '../fixtures/daemon-home.ts'
import { crowd } from '../fixtures/many-sessions.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

test('4,462 sessions over 125 servers: no lost answer, at most 50 KiB of daemon memory per idle session', async () => {
  verifies('POOL-5')
  home = daemonHome()
  const { agents, kibPerSession } = await crowd(home, 125, 4_462)
  expect((await home.status()).sessions).toBe(agents.length)
  expect((await home.status()).upstreams).toBe(125)
  console.log(`${kibPerSession.toFixed(1)} KiB per idle session`)
  expect(kibPerSession).toBeLessThan(50)
}, 600_000)
