import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CatalogEntry } from '../../src/core/launch/catalog.ts'
import { cwdMatters } from '../../src/core/launch/working-directory.ts'
import { verifies } from '../requirements.ts'

let cwd = ''
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'my-'))
  mkdirSync(join(cwd, 'notes'))
  mkdirSync(join(cwd, 'node_modules/local-mcp'), { recursive: true })
  writeFileSync(join(cwd, 'Makefile'), '')
})
afterAll(() => rmSync(cwd, { recursive: true }))

const entry: CatalogEntry = {
  id: 'x',
  match: { npm: ['@scope/x', 'local-mcp'], docker: ['ghcr.io/o/x'], bin: ['x'] },
  mode: 'shared',
  reason: '',
  source: '',
  cwd: 'ignored',
  roots: false,
}
const matters = (line: string, keyEnv = {}) => cwdMatters(entry, line.split(' '), keyEnv, cwd)

it.each([
  ['npx -y @scope/x@1.2.3 --token abc --url https://api.example.com/v1'],
  ['npx -y @scope/x /abs/dir --file=/abs/a.db'],
  ['uvx x --local-timezone=Europe/Berlin'],
  ['docker run -i --rm -e TOKEN -v /abs:/data ghcr.io/o/x:v1 stdio'],
  ['/usr/bin/x stdio'],
])('%s is the same server in every directory', (line) => {
  verifies('POOL-1')
  expect(matters(line)).toBe(false)
})

it.each([
  ['npx -y @scope/x .'],
  ['npx -y @scope/x ..'],
  ['npx -y @scope/x ./data'],
  ['npx -y @scope/x --root=../data'],
  ['npx -y @scope/x notes'],
  ['npx -y @scope/x Makefile'],
  ['npx -y @scope/x notes/new-folder'],
  ['npx -y @scope/x --db new.sqlite'],
  ['npx -y @scope/x /abs,notes'],
  ['docker run -i -v ./notes:/data ghcr.io/o/x'],
  ['npx -y local-mcp'],
  ['./bin/x stdio'],
  ['bin/x stdio'],
])('%s is another server in another directory', (line) => {
  expect(matters(line)).toBe(true)
})

it('looks for the files that the server reads at start', () => {
  const reader = { ...entry, cwdFiles: ['.env'] }
  expect(cwdMatters(reader, ['x'], {}, cwd)).toBe(false)
  writeFileSync(join(cwd, '.env'), 'X_TOKEN=1')
  expect(cwdMatters(reader, ['x'], {}, cwd)).toBe(true)
  expect(cwdMatters(entry, ['x'], {}, cwd)).toBe(false)
})

it('looks at the variables that count, too', () => {
  expect(matters('npx -y @scope/x', { X_FILE: '/abs/file.json', USER: 'notes' })).toBe(false)
  expect(matters('npx -y @scope/x', { X_FILE: 'memory.jsonl' })).toBe(true)
  expect(matters('npx -y @scope/x', { NODE_OPTIONS: '--require ./hook.js' })).toBe(true)
})

it('always counts for a server that uses its directory, or that nobody reviewed', () => {
  expect(cwdMatters({ ...entry, cwd: 'used' }, ['x'], {}, cwd)).toBe(true)
  expect(cwdMatters(undefined, ['x'], {}, cwd)).toBe(true)
})
