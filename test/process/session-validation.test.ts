import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { builtCli, ended } from '../fixtures/built-cli.ts'
import { type DaemonHome, daemonHome } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

// More of it in test/full/session-validation.test.ts.

const ROWS = Array.from({ length: 60 }, (_, i) => ({ id: i + 1, name: `issue ${i}`, open: i % 7 > 0 }))

let home: DaemonHome
beforeAll(() => {
  home = daemonHome()
}, 120_000)
afterAll(() => home.close())

it('a session passes as it was sent, and not where an agent got another number than the original has', async () => {
  verifies('VALID-2', 'SAVE-1')
  const on = { token_optimization: { enabled: true }, limits: { shorten_ms: 20_000 } }
  writeFileSync(home.paths.settings, JSON.stringify(on))
  home.define({ name: 'probe', mode: 'shared' })
  const agent = await home.agent('probe', { env: { ...home.env, CLAUDE_CODE_SESSION_ID: 'one' } })
  await agent.initialize()
  await agent.call('echo', { text: JSON.stringify(ROWS, null, 2) })
  const validate = (...args: string[]) =>
    ended(process.execPath, [builtCli(), 'optimization', 'validate', ...args], {
      ...home.env,
      MYCELIUM_HOME: home.paths.root,
    })
  const sound = await validate('--session-id=current')
  expect(sound.code, sound.stderr).toBe(0)
  expect(sound.stdout).toMatch(/^session +one\nverdict +passes\njudged +1 of 1 result; by reading it back\n/)
  expect(sound.stdout).toMatch(/\nkept away +\+[\d,]+ tokens/)
  const { originals } = home.paths
  const note = readdirSync(originals, { recursive: true, encoding: 'utf8' }).find((name) =>
    /\d\.json$/.test(name),
  )!
  const text = readFileSync(join(originals, note), 'utf8')
  writeFileSync(join(originals, note), text.replace('7,issue 6', '7,issue 9'))
  const flipped = await validate('--session-id=one', '--json')
  expect(flipped.code).toBe(1)
  const { pass, failed, losses } = JSON.parse(flipped.stdout)
  expect({ pass, failed }).toEqual({ pass: false, failed: 1 })
  expect(losses).toContainEqual(expect.objectContaining({ server: 'probe', tool: 'echo', kind: 'number' }))
})
