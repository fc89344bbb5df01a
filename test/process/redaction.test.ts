import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { daemonHome, PROBE, until } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

const home = daemonHome()
afterAll(() => home.close())

it('no form in which a server may print a declared value reaches its log', async () => {
  verifies('POOL-2')
  const pem = `-----BEGIN KEY-----\nMIIBVwIBADANBgkq\n  hkiG9w0BAQEFAASC\n-----END KEY-----\n`
  const quoted = `pa"ss\\word/ü (1)!`
  home.define({ name: 'keys', argv: [process.execPath, PROBE], envNames: ['PLAIN', 'QUOTED'] })
  const agent = await home.agent('keys', { env: { ...home.env, PLAIN: pem, QUOTED: quoted } })
  await agent.initialize()
  const json = JSON.stringify({ pem, quoted })
  const texts = [
    pem,
    quoted,
    json,
    json.replaceAll('/', '\\/'),
    json.replaceAll('ü', '\\u00fc'),
    encodeURIComponent(quoted),
    new URLSearchParams({ quoted }).toString(),
    encodeURIComponent(quoted).replaceAll('%2F', '/').replace('(1)!', '%281%29%21'),
    encodeURIComponent(pem),
  ]
  for (const text of [...texts, 'the end']) await agent.call('stderr', { text })
  const file = join(home.paths.log, 'server-keys.log')
  const log = await until('all is logged', () => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    return text.includes('the end') && text
  })
  expect(log).toContain('[redacted]')
  expect(log).not.toMatch(/MIIBVw|hkiG9w|BEGIN|END KEY|ss\\|word|%22/)
})
