import { mkdtempSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OWN_TOKENS } from '../../src/core/lazy/list-budget.ts'
import { ownListed } from '../../src/core/mcp/own-list.ts'
import { definitionOf, OWN_TOOLS } from '../../src/core/mcp/tools/table.ts'
import { loadCounter } from '../../src/core/tokens/count.ts'
import { ended } from '../fixtures/built-cli.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { realClient } from '../fixtures/real-clients.ts'
import { connectSdk, type SdkClient, textOfCall } from '../fixtures/sdk-clients.ts'
import { verifies } from '../requirements.ts'

// The real command, the real daemon and real servers, driven by the official libraries as agents.

const MODULES = fileURLToPath(new URL('../../node_modules/@modelcontextprotocol', import.meta.url))
const everything = join(MODULES, 'server-everything/dist/index.js')
const memory = join(MODULES, 'server-memory/dist/index.js')
const CODEX = `# mine\nmodel = "x"\n\n[mcp_servers.everything]\ncommand = "node"\nargs = ["${everything}"]\n\n[mcp_servers.memory]\ncommand = "node"\nargs = ["${memory}"]\n`
const CLAUDE = `{"a":1,"mcpServers":{"everything":{"command":"node","args":["${everything}"]}}}\n`
const OPENCODE = '{\n  // mine\n  "theme": "x"\n}\n'

const home = cliHome({
  per: 'file',
  stopsDaemon: true,
  files: { '.codex/config.toml': CODEX, '.claude.json': CLAUDE, '.config/opencode/opencode.json': OPENCODE },
})
const open: SdkClient[] = []
const at = (path: string) => join(home.dir, path)
async function agent(launcher: string, args: readonly string[], options = {}) {
  const env = { HOME: home.dir, PATH: process.env.PATH ?? '' }
  const client = await connectSdk(
    'sdk v1',
    { command: at(`.mycelium/${launcher}`), args, env, cwd: home.dir },
    options,
  )
  open.push(client)
  return client
}
const codexEverything = (options = {}) =>
  agent('launchers/everything', ['--client=codex', 'node', everything], options)
const namesOf = async (client: SdkClient) =>
  (await client.request('tools/list')).tools.map((tool: { name: string }) => tool.name) as string[]

beforeAll(async () => {
  const { code, stderr } = await home.run('init', '--mcp', '--yes')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
}, 60_000)
afterAll(async () => {
  for (const client of open) await client.close().catch(() => {})
})

describe('init --mcp', () => {
  it('gives each client the server, once', async () => {
    verifies('MCP-1')
    const files = ['.codex/config.toml', '.claude.json', '.config/opencode/opencode.json']
    const texts = files.map((file) => readFileSync(at(file), 'utf8'))
    for (const text of texts) expect(text).toContain(JSON.stringify(at('.mycelium/bin/mcp')))
    expect(JSON.parse(texts[1]!).mcpServers.mycelium).toEqual({
      type: 'stdio',
      command: at('.mycelium/bin/mcp'),
      args: ['--client=claude-code'],
      alwaysLoad: true,
    })
    expect((await home.run('init', '--mcp', '--yes')).stdout).toBe('nothing to do\n')
    expect(files.map((file) => readFileSync(at(file), 'utf8'))).toEqual(texts)
  })
})

describe('mycelium mcp', () => {
  it('lists tools that weigh at most 1,200 tokens together', async () => {
    verifies('MCP-1')
    const count = await loadCounter()
    expect(count(JSON.stringify(OWN_TOOLS.map(definitionOf)))).toBeLessThanOrEqual(1_200)
    // What is listed of others is reckoned with the same: bytes / 4.
    const lazily = ownListed(OWN_TOOLS, { isLazy: true, shortens: true }).map(definitionOf)
    expect(lazily.map(({ name }) => name)).toEqual(['find_tool', 'call_tool', 'expand'])
    expect(Math.ceil(Buffer.byteLength(JSON.stringify(lazily)) / 4)).toBeLessThanOrEqual(OWN_TOKENS)
  })

  it('finds a tool and calls it as if it had been called directly', async () => {
    verifies('MCP-1', 'LAZY-1')
    const direct = await codexEverything()
    const own = await agent('bin/mcp', ['--client=codex'])
    expect(await namesOf(own)).toEqual(OWN_TOOLS.map(({ name }) => name))
    const found = JSON.parse(
      textOfCall(await own.call('find_tool', { query: 'structured weather content', limit: 3 })).split(
        '\n',
      )[0]!,
    )
    expect(found[0]).toMatchObject({
      name: 'get-structured-content',
      server: 'everything',
      inputSchema: { type: 'object' },
    })
    const args = { location: 'New York' }
    const result = await own.call('call_tool', {
      server: 'everything',
      tool: 'get-structured-content',
      arguments: args,
    })
    const { content, structuredContent } = await direct.call('get-structured-content', args)
    expect({ content: result.content, structuredContent: result.structuredContent }).toEqual({
      content,
      structuredContent,
    })
    expect((await own.call('call_tool', { server: 'everything', tool: 'none' })).isError).toBe(true)
    expect((await own.call('call_tool', { server: 'none', tool: 'none' })).isError).toBe(true)
    expect((await own.call('usage_report', {})).structuredContent).toMatchObject({ period: '7d' })
    for (const client of [own, direct]) await client.close()
  })

  it('passes progress and cancellation on, and lets the server ask the agent itself', async () => {
    verifies('MCP-1')
    const asking = { capabilities: { elicitation: { form: {} } }, answer: () => ({ action: 'decline' }) }
    const direct = await codexEverything(asking)
    const own = await agent('bin/mcp', ['--client=codex'])
    const tool = (name: string, args: object) => ({ server: 'everything', tool: name, arguments: args })
    const progress: unknown[] = []
    const long = 'trigger-long-running-operation'
    await own.call('call_tool', tool(long, { duration: 0.3, steps: 3 }), {
      onprogress: (one) => progress.push(one),
    })
    expect(progress.length).toBeGreaterThan(0)
    await own.call('call_tool', tool('trigger-elicitation-request', {}))
    expect(direct.asked.map(({ method }) => method)).toEqual(['elicitation/create'])
    const abort = new AbortController()
    const cancelled = own.call('call_tool', tool(long, { duration: 60, steps: 2 }), { signal: abort.signal })
    setImmediate(() => abort.abort())
    await expect(cancelled).rejects.toThrow()
    for (const client of [own, direct]) await client.close()
  })

  it('reaches a server that the agent has no session with by one of its own', async () => {
    verifies('MCP-1')
    const own = await agent('bin/mcp', ['--client=codex'])
    const result = await own.call('call_tool', { server: 'memory', tool: 'read_graph' })
    expect(textOfCall(result)).toContain('entities')
    await own.close()
  })
})

describe('lazy tools', () => {
  it('lists what was used before, and calls what is not listed; off, everything is as it was', async () => {
    verifies('LAZY-1')
    const before = await codexEverything()
    const all = await before.request('tools/list')
    await before.close()
    await home.run('config', 'set', 'lazy_loading.enabled=true')
    const lazy = await codexEverything()
    const listed = (await lazy.request('tools/list')).tools as { name: string }[]
    expect(listed.length).toBeLessThan(all.tools.length / 2)
    // Of all that both servers have, our own included, at most 15 %: of what was used the largest definitions are passed over.
    expect(listed.map(({ name }) => name)).toEqual(['trigger-long-running-operation'])
    expect(all.tools).toEqual(expect.arrayContaining(listed))
    expect(textOfCall(await lazy.call('echo', { message: 'still there' }))).toContain('still there')
    await lazy.close()
    // Without a session of the agent's the search has one of its own, and is told everything.
    const own = await agent('bin/mcp', ['--client=codex'])
    expect(textOfCall(await own.call('find_tool', { query: 'echo a message back' }))).toContain('echo')
    expect(await namesOf(own)).toEqual(['find_tool', 'call_tool'])
    expect((await own.call('usage_report', {})).structuredContent).toMatchObject({ period: '7d' })
    await own.close()
    // Claude Code searches by itself, and opencode here has no such server.
    const claude = await agent('launchers/everything', ['--client=claude-code', 'node', everything])
    expect(await namesOf(claude)).toHaveLength(all.tools.length)
    await claude.close()
    const doctor = JSON.parse((await home.run('doctor', '--json')).stdout).findings as {
      id: string
      severity: string
      subject: string
      message: string
    }[]
    // Our own entry is nobody's to take over.
    expect(doctor.filter(({ id }) => id === 'entry-left').map(({ severity }) => severity)).toEqual([
      'ok',
      'ok',
      'ok',
    ])
    const rows = doctor.filter(({ id }) => id === 'tool-lists')
    expect(rows.map(({ subject }) => subject).sort()).toEqual(['claude-code', 'codex'])
    await home.run('config', 'set', 'lazy_loading.enabled=false')
    const after = await codexEverything()
    expect(await after.request('tools/list')).toEqual(all)
    await after.close()
  })
})

describe('the plugin', () => {
  it('is one that Claude Code accepts, and has the version of the package', async () => {
    verifies('MCP-1')
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const plugin = join(root, 'templates/claude-plugin')
    // Claude Code writes to its home.
    const own = { ...home.env, HOME: mkdtempSync(join(home.dir, 'claude-')) }
    const { code, stdout, stderr } = await ended(realClient('claude'), ['plugin', 'validate', plugin], own)
    expect({ code, said: stdout + stderr }).toEqual({ code: 0, said: expect.stringContaining('passed') })
    const versions = [join(plugin, '.claude-plugin/plugin.json'), join(root, 'package.json')].map(
      (file) => JSON.parse(readFileSync(file, 'utf8')).version,
    )
    expect(versions[0]).toBe(versions[1])
  })
})

describe('undo', () => {
  it('restores every config byte for byte', async () => {
    verifies('MCP-1')
    const { code, stderr } = await home.run('undo')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(readFileSync(at('.codex/config.toml'), 'utf8')).toBe(CODEX)
    expect(readFileSync(at('.claude.json'), 'utf8')).toBe(CLAUDE)
    expect(readFileSync(at('.config/opencode/opencode.json'), 'utf8')).toBe(OPENCODE)
  })
})
