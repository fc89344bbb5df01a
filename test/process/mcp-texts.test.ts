import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pathsOf } from '../../src/core/config/paths.ts'
import { readLedger } from '../../src/core/effects/ledger.ts'
import { askStore } from '../../src/core/events/store.ts'
import { definitionOf, OWN_TOOLS } from '../../src/core/mcp/tools/table.ts'
import { loadCounter } from '../../src/core/tokens/count.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { connectSdk, type SdkClient, textOfCall } from '../fixtures/sdk-clients.ts'
import { verifies } from '../requirements.ts'

// Texts by the own server: one process of it, driven by the official library as Claude Code would.

const ROWS = Array.from({ length: 60 }, (_, i) => ({ id: i + 1, name: `issue ${i}`, open: i % 7 > 0 }))
const PRETTY = `${JSON.stringify(ROWS, null, 2)}\r\n`
const AGENT = `---\nname: reviewer\ndescription: Reviews changes. Long.\n---\n${Array.from({ length: 40 }, (_, i) => `Rule ${i} of the review.\n`).join('')}`

const home = cliHome({ per: 'file', files: { '.claude/agents/reviewer.md': AGENT } })
let own: SdkClient
const failed = (text: string) => ({
  isError: true,
  content: [{ type: 'text', text: expect.stringContaining(text) }],
})

beforeAll(async () => {
  mkdirSync(join(home.dir, '.mycelium'))
  own = await connectSdk('sdk v2', {
    command: process.execPath,
    args: [home.bin, 'mcp', '--client', 'claude-code'],
    env: { HOME: home.dir, PATH: process.env.PATH ?? '', CLAUDE_CODE_SESSION_ID: 'the-session' },
    cwd: home.dir,
  })
}, 30_000)
afterAll(() => own?.close())

it('a text is shortened, inspected, and given back byte for byte, whole and by lines', async () => {
  verifies('MCP-1', 'COMP-2')
  const { structuredContent: done } = await own.call('compress_content', { content: PRETTY })
  expect(Object.keys(done)).toEqual([
    'content',
    'handle',
    'tokensBefore',
    'tokensAfter',
    'strategies',
    'lossless',
  ])
  expect(done).toMatchObject({ lossless: true, strategies: ['encoding'] })
  expect(done.tokensAfter).toBeLessThan(done.tokensBefore / 2)
  const { handle } = done
  expect(textOfCall(await own.call('expand', { handle }))).toBe(PRETTY)
  expect(textOfCall(await own.call('expand', { handle, range: '2-3' }))).toBe('  {\n    "id": 1,\n')
  const inspected = (await own.call('inspect_compression', { handle })).structuredContent
  expect(inspected).toMatchObject({ handle, kind: 'json', lossless: true, leftOut: [], lines: 302 })
  const short = await own.call('compress_content', { content: 'short' })
  expect(short.structuredContent).toMatchObject({ content: 'short', handle: null, lossless: true })
})

it('code is outlined by its syntax tree, what is pinned stays, and what is not there cannot be', async () => {
  verifies('MCP-1', 'COMP-1')
  const content = readFileSync(new URL('../../src/core/mcp/servers.ts', import.meta.url), 'utf8')
  const named = await own.call('compress_content', { content, path: 'servers.ts', target: 0.3 })
  expect(named.structuredContent).toMatchObject({ strategies: ['outline'], lossless: false })
  expect(named.structuredContent.content).toMatch(/^\d+-\d+: export class Servers$/m)
  const unnamed = await own.call('compress_content', { content, target: 0.3 })
  expect(unnamed.structuredContent.strategies).not.toContain('outline')
  const log = Array.from({ length: 80 }, (_, i) => `12:00:${i} INFO job ${i} took ${i * 3} ms`).join('\n')
  const pin = ['12:00:41 INFO job 41 took 123 ms']
  const short = await own.call('compress_content', { content: log, pin })
  expect(short.structuredContent.handle).not.toBeNull()
  expect(short.structuredContent.content).toContain(pin[0])
  expect((await own.call('compress_content', { content: log })).structuredContent.content).not.toContain(
    pin[0],
  )
})

it('a shorter text is judged against its original, by handle too, and each loss has its line', async () => {
  verifies('MCP-1', 'VALID-1')
  const text = 'The daemon waits 5 seconds.\nYou must not delete the volume.\n'
  const flipped = text.replace('must not', 'must')
  const { structuredContent: verdict } = await own.call('validate_compression', {
    original: text,
    compressed: flipped,
  })
  expect(verdict.pass).toBe(false)
  expect(verdict.lost).toContainEqual(expect.objectContaining({ kind: 'negation', line: 2 }))
  const { handle } = (await own.call('compress_content', { content: PRETTY })).structuredContent
  const same = await own.call('validate_compression', { original: handle, compressed: JSON.stringify(ROWS) })
  expect(same.structuredContent).toMatchObject({ pass: true, similarity: 1, lost: [] })
})

it('an agent is loaded whole, then by what changed, and whole to whoever asks twice', async () => {
  verifies('MCP-1', 'LAZY-1')
  expect(textOfCall(await own.call('load_agent'))).toMatch(/^reviewer: Reviews changes\. \(\d+ tokens\)\n$/)
  const load = async () => textOfCall(await own.call('load_agent', { name: 'reviewer' }))
  expect(await load()).toBe(AGENT)
  expect(await load()).toMatch(/unchanged/)
  expect(await load()).toBe(AGENT)
  writeFileSync(join(home.dir, '.claude/agents/reviewer.md'), AGENT.replace('Rule 7 of', 'Law 7 of'))
  const changes = await load()
  expect(changes).toContain('Law')
  expect(changes.length).toBeLessThan(AGENT.length / 3)
  expect(await load()).toBe(AGENT.replace('Rule 7 of', 'Law 7 of'))
})

it('what cannot be done is said with what to do, and ends nothing', async () => {
  verifies('MCP-1')
  const calls: [string, object, string][] = [
    ['compress_content', {}, 'content'],
    ['compress_content', { content: PRETTY, strategy: 'magic' }, 'one of noise'],
    ['compress_content', { content: PRETTY, target: -1 }, 'target'],
    ['compress_content', { content: PRETTY, path: 7 }, 'path'],
    ['compress_content', { content: PRETTY, pin: 'id' }, 'pin'],
    ['compress_content', { content: PRETTY, pin: ['not there'] }, 'is not in the content'],
    ['expand', { handle: 'my:0000000000' }, 'no original is kept under my:0000000000'],
    ['expand', { handle: 'rubbish' }, 'is not a handle'],
    ['expand', { handle: 'my:0000000000', range: '9-3' }, 'range'],
    ['expand', {}, 'is not a handle'],
    ['inspect_compression', { handle: 7 }, 'is not a handle'],
    ['validate_compression', { original: 'a' }, 'compressed'],
    ['load_agent', { name: 'reviewr' }, 'did you mean reviewer?'],
    ['load_agent', { name: 7 }, 'name'],
  ]
  for (const [tool, args, said] of calls) expect(await own.call(tool, args), tool).toMatchObject(failed(said))
})

it('what was asked for again and the definitions are on record, and the ledger takes them off', async () => {
  verifies('MCP-1', 'SAVE-1')
  await own.request('tools/list')
  await own.request('tools/list')
  const count = await loadCounter()
  const { handle } = (await own.call('compress_content', { content: PRETTY })).structuredContent
  const command = await home.run('optimization', 'expand', handle)
  expect(command).toMatchObject({ code: 0, stdout: PRETTY })
  const [expansions, schemas, ledger] = await askStore(
    pathsOf(join(home.dir, '.mycelium')),
    async ({ database }) => {
      const rows = async (sql: string) => (await database.connection.runAndReadAll(sql)).getRowsJson()
      return [
        await rows('SELECT client_session, client, handle, tokens::INTEGER, via FROM expansions ORDER BY ts'),
        await rows('SELECT client, server, tool, tokens::INTEGER FROM tool_schemas ORDER BY ts, tool'),
        await readLedger(database.connection, { sinceUs: 0 }),
      ]
    },
  )
  // A command outside of an agent brings nothing into a context.
  expect(expansions).toEqual([
    ['the-session', 'claude-code', handle, count(PRETTY), 'tool'],
    ['the-session', 'claude-code', handle, expect.any(Number), 'tool'],
  ])
  const weights = OWN_TOOLS.map((tool) => [
    ...['claude-code', 'mycelium', tool.name],
    count(JSON.stringify(definitionOf(tool))),
  ])
  expect([...schemas!].sort()).toEqual(weights.sort())
  expect(ledger).toBeDefined()
})
