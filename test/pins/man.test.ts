import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { ended } from '../fixtures/built-cli.ts'
import { verifies } from '../requirements.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const pages = readdirSync(join(root, 'man')).sort()
const env = { PATH: process.env.PATH, HOME: '/nonexistent', LC_ALL: 'C.UTF-8', MANWIDTH: '80' }

it('the man pages and the schema say what the command tree and the table of settings say', async () => {
  verifies('CLI-1', 'CLI-4')
  expect(await ended(process.execPath, [join(root, 'scripts/man.mjs'), '--check'], env, root)).toEqual({
    code: 0,
    signal: null,
    stdout: '',
    stderr: '',
  })
})

it('the package installs every page', () => {
  const { man } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { man: string[] }
  expect(man).toEqual(pages.map((page) => `./man/${page}`))
})

const man = ['/usr/bin/man', '/usr/local/bin/man'].find(existsSync)

it.runIf(man).each(pages)('%s renders without a warning', async (page) => {
  const { code, stdout, stderr } = await ended(
    man!,
    ['--warnings=w', '-l', join(root, 'man', page)],
    env,
    root,
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('NAME')
  expect(stdout).toContain(page.replace(/\.\d$/, ''))
})
