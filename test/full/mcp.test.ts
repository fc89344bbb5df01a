import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { OWN_TOOLS } from '../../src/core/mcp/tools/table.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { connectSdk, SDKS, textOfCall } from '../fixtures/sdk-clients.ts'
import { verifies } from '../requirements.ts'

// Every tool of the own server by every official client.

const everything = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/server-everything/dist/index.js', import.meta.url),
)
const CODEX = `[mcp_servers.everything]\ncommand = "node"\nargs = ["${everything}"]\n`
const AGENT = 'name = "reviewer"\ndescription = "Reviews changes."\ndeveloper_instructions = "Be kind."\n'
const ROWS = Array.from({ length: 60 }, (_, i) => ({ id: i + 1, name: `issue ${i}`, open: i % 7 > 0 }))
const PRETTY = JSON.stringify(ROWS, null, 2)

const home = cliHome({
  per: 'file',
  stopsDaemon: true,
  files: { '.codex/config.toml': CODEX, '.codex/agents/reviewer.toml': AGENT },
})

it.each(SDKS)('%s calls every tool', async (sdk) => {
  verifies('MCP-1', 'LAZY-1')
  mkdirSync(join(home.dir, '.mycelium'), { recursive: true })
  expect((await home.run('init', '--mcp', '--yes')).code).toBe(0)
  const own = await connectSdk(sdk, {
    command: join(home.dir, '.mycelium/bin/mcp'),
    args: ['--client=codex'],
    env: { HOME: home.dir, PATH: process.env.PATH ?? '' },
    cwd: home.dir,
  })
  try {
    const { tools } = await own.request('tools/list')
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(OWN_TOOLS.map(({ name }) => name))
    const text = textOfCall(await own.call('find_tool', { query: 'structured weather content' }))
    const found = JSON.parse(text.split('\n')[0]!)
    expect(found[0]).toMatchObject({ name: 'get-structured-content', server: 'everything' })
    const called = await own.call('call_tool', {
      ...{ server: 'everything', tool: 'get-structured-content', arguments: { location: 'New York' } },
    })
    expect(called.structuredContent).toMatchObject({ temperature: expect.any(Number) })
    const done = (await own.call('compress_content', { content: PRETTY, target: 0.5 })).structuredContent
    expect(done.tokensAfter).toBeLessThan(done.tokensBefore / 2)
    expect(textOfCall(await own.call('expand', { handle: done.handle }))).toBe(PRETTY)
    expect((await own.call('inspect_compression', { handle: done.handle })).structuredContent.kind).toBe(
      'json',
    )
    const judged = await own.call('validate_compression', {
      original: 'It ran 3 times.',
      compressed: 'It ran 4 times.',
    })
    expect(judged.structuredContent).toMatchObject({ pass: false, lost: [{ kind: 'number', line: 1 }] })
    expect(textOfCall(await own.call('load_agent'))).toContain('reviewer: Reviews changes.')
    expect(textOfCall(await own.call('load_agent', { name: 'reviewer' }))).toContain('Be kind.')
    expect((await own.call('usage_report', {})).structuredContent).toMatchObject({ period: '7d' })
  } finally {
    await own.close()
  }
})
