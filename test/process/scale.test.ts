import { afterEach, expect, test } from 'vitest'
import { type DaemonHome, daemonHome } from '../fixtures/daemon-home.ts'
import { crowd } from '../fixtures/many-sessions.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

test('300 sessions over 6 servers: each call gets its own answer', async () => {
  verifies('POOL-5')
  home = daemonHome()
  const { agents } = await crowd(home, 6, 300)
  expect((await home.status()).sessions).toBe(agents.length)
  expect((await home.status()).upstreams).toBe(6)
}, 60_000)
