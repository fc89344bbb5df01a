import { expect, it } from 'vitest'
import { type CatalogEntry, entryOf, loadCatalog, modeOf } from '../../src/core/launch/catalog.ts'
import type { ProgramKind } from '../../src/core/launch/identify.ts'
import { normalise } from '../../src/core/launch/python-command.ts'
import { verifies } from '../requirements.ts'

const entries = loadCatalog()
const at = { cwd: '/', env: {} }
const KINDS: readonly ProgramKind[] = ['npm', 'pypi', 'docker', 'bin']
const FIELDS = [
  'id',
  'match',
  'mode',
  'reason',
  'source',
  'cwd',
  'cwdFiles',
  'roots',
  'env',
  'max',
  'serial',
  'sessionWith',
]

function names(entry: CatalogEntry): readonly { kind: ProgramKind; name: string }[] {
  return KINDS.flatMap((kind) => (entry.match[kind] ?? []).map((name) => ({ kind, name })))
}

it('holds at least sixty servers, in alphabetical order, each once', () => {
  verifies('POOL-1')
  const ids = entries.map((entry) => entry.id)
  expect(ids.length).toBeGreaterThanOrEqual(60)
  expect(ids).toEqual([...new Set(ids)].sort())
})

it('claims every name for one server only, in the form identify() gives it', () => {
  const all = entries.flatMap(names)
  const keys = all.map(({ kind, name }) => `${kind} ${name}`)
  expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([])
  expect(all.filter(({ name }) => name !== name.toLowerCase())).toEqual([])
  expect(all.filter(({ kind, name }) => kind === 'pypi' && name !== normalise(name))).toEqual([])
  expect(all.filter(({ kind, name }) => kind === 'docker' && /^docker\.io\/|:[^/]*$/.test(name))).toEqual([])
})

it.each(entries)('says of $id how it is shared and why, in known fields', (entry) => {
  expect(Object.keys(entry).filter((field) => !FIELDS.includes(field))).toEqual([])
  expect(names(entry).length).toBeGreaterThan(0)
  expect(Object.keys(entry.match).filter((kind) => !KINDS.includes(kind as ProgramKind))).toEqual([])
  expect(['session', 'call', 'shared']).toContain(entry.mode)
  expect(entry.reason).toMatch(/^[A-Z].{40,}\.$/)
  expect(entry.source).toMatch(/^https:\/\/[a-z0-9.-]+\/\S+$/)
  expect(['ignored', 'used']).toContain(entry.cwd)
  expect(typeof entry.roots).toBe('boolean')
  for (const name of [...(entry.env ?? []), ...(entry.sessionWith ?? [])]) expect(name).toMatch(/^\S+$/)
  if (entry.max !== undefined) expect(entry.max).toBe(1)
})

it('gives no two servers the same reason', () => {
  expect(new Set(entries.map((entry) => entry.reason)).size).toBe(entries.length)
})

it('knows the reference servers', () => {
  const npm = (name: string) => entryOf({ kind: 'npm', name: `@modelcontextprotocol/server-${name}` })
  expect(npm('everything')).toMatchObject({ mode: 'call', roots: true })
  expect(npm('filesystem')).toMatchObject({ mode: 'shared', roots: true, cwd: 'ignored' })
  expect(npm('memory')).toMatchObject({
    mode: 'shared',
    roots: false,
    cwd: 'ignored',
    max: 1,
    env: ['MEMORY_FILE_PATH'],
  })
  expect(npm('sequential-thinking')).toMatchObject({ mode: 'session' })
})

it('keeps browsers, editors and interpreters apart', () => {
  const isolated = [
    'npx @playwright/mcp@latest',
    'npx -y chrome-devtools-mcp',
    'npx -y @wonderwhy-er/desktop-commander',
  ]
  for (const line of isolated)
    expect(modeOf(line.split(' '), undefined, at)).toMatchObject({ mode: 'session', by: 'catalog' })
})

it('isolates what it does not know, and says so', () => {
  expect(modeOf(['npx', '-y', 'never-heard-of-it'])).toEqual({
    mode: 'session',
    why: 'npm never-heard-of-it is not in the reviewed catalog',
    by: 'default',
  })
  expect(modeOf(['sh', '-c', 'x'])).toMatchObject({ mode: 'session', by: 'default' })
})

it('lets the user have the last word and still knows the server', () => {
  const choice = modeOf(['npx', '-y', '@modelcontextprotocol/server-memory'], 'session', at)
  expect(choice).toMatchObject({ mode: 'session', by: 'user', entry: { id: 'memory' } })
})

it('isolates a shared server whose arguments or variables make it stateful', () => {
  const image = ['docker', 'run', '-i', '--rm', 'ghcr.io/github/github-mcp-server']
  expect(modeOf(image, undefined, at).mode).toBe('shared')
  expect(modeOf([...image, 'stdio', '--dynamic-toolsets'], undefined, at).mode).toBe('session')
  const inline = [
    'docker',
    'run',
    '-i',
    '-e',
    'GITHUB_DYNAMIC_TOOLSETS=1',
    'ghcr.io/github/github-mcp-server',
  ]
  expect(modeOf(inline, undefined, at).mode).toBe('session')
  expect(modeOf(image, undefined, { cwd: '/', env: { GITHUB_DYNAMIC_TOOLSETS: 'true' } }).mode).toBe(
    'session',
  )
  expect(modeOf(image, undefined, { cwd: '/', env: { GITHUB_DYNAMIC_TOOLSETS: '0' } }).mode).toBe('shared')
})
