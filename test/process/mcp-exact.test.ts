import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { asWritten, exactResult, withExactArguments } from '../../src/core/mcp/exact-json.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { SERVERS } from '../fixtures/daemon-home.ts'
import { connectSdk } from '../fixtures/sdk-clients.ts'
import { verifies } from '../requirements.ts'

// By lines, as libraries of agents read numbers as JSON.parse does: what is looked at is what stands in the answer.

const server = join(SERVERS, 'arguments.mjs')
const ODD =
  '{"big":12345678901234567890123,"one":1.0,"large":1e400,"exp":1E+3,"zero":-0.0,"2":"b","1":"a","s":"\\u00e9 \\ud83d\\ude00 \\""}'
const MODERN = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
const home = cliHome({
  per: 'file',
  stopsDaemon: true,
  files: { '.codex/config.toml': `[mcp_servers.arguments]\ncommand = "node"\nargs = ["${server}"]\n` },
})
const own: ChildProcessWithoutNullStreams[] = []

beforeAll(async () => {
  expect(await home.run('init', '--mcp', '--yes')).toMatchObject({ code: 0 })
}, 60_000)
afterAll(async () => {
  for (const child of own) {
    child.stdin.end()
    if (child.exitCode === null) await once(child, 'exit')
  }
})

/** A session of the own server by raw lines: sends one, gives the line that answers it. */
function rawSession(): (line: string) => Promise<string> {
  const child = spawn(join(home.dir, '.mycelium/bin/mcp'), ['--client=codex'], {
    env: { HOME: home.dir, PATH: process.env.PATH },
    cwd: home.dir,
  })
  own.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return async (line) => {
    child.stdin.write(`${line}\n`)
    return String((await lines.next()).value)
  }
}

const call = (id: number, args: string, meta = '') =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"call_tool","arguments":{"server":"arguments","tool":"arguments","arguments":${args}}${meta}}}`

it.each([
  ['a legacy', ''],
  ['a modern', `,"_meta":${JSON.stringify(MODERN)}`],
])(
  'call_tool passes arguments and results on as they were written, to %s agent',
  async (era, meta) => {
    verifies('MCP-1')
    const say = rawSession()
    if (era === 'a legacy')
      await say(
        '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}',
      )
    const answer = await say(call(1, ODD, meta))
    const { result } = JSON.parse(answer)
    expect(result.content[0]).toEqual({ type: 'text', text: ODD })
    expect(answer).toContain(`"structuredContent":${ODD}`)
    expect(answer).toContain(`{"type":"resource_link","name":"a","uri":"a:b","size":1.0,"_meta":${ODD}}`)
    expect(answer).toContain(`"x":${ODD}`)
    expect(answer).not.toContain('as-written-')
    expect(await say(call(2, '{"fails":1.0}', meta))).toContain('"data":{"fails":1.0}')
    const plain = await say(call(3, '{"a":[1,"b"]}', meta))
    expect(plain).toContain('"structuredContent":{"a":[1,"b"]}')
    expect(await say(call(4, '{"a":nothing}', meta).replace('nothing', '[1.0]'))).toContain('{"a":[1.0]}')
  },
  60_000,
)

it('call_tool calls our own tools too, however their arguments are written', async () => {
  verifies('MCP-1')
  const say = rawSession()
  const own = (args: string) =>
    call(1, args, `,"_meta":${JSON.stringify(MODERN)}`)
      .replace('"server":"arguments"', '"server":"mycelium"')
      .replace('"tool":"arguments"', '"tool":"compress_content"')
  for (const args of ['{"content":"caf\\u00e9 \\u003c"}', '{ "content": "café <" }', '{"content":"café <"}'])
    expect(JSON.parse(await say(own(args))).result.content).toEqual([{ type: 'text', text: 'café <' }])
}, 60_000)

it('an official client is served as before', async () => {
  verifies('MCP-1')
  const client = await connectSdk('sdk v2', {
    command: join(home.dir, '.mycelium/bin/mcp'),
    args: ['--client=codex'],
    env: { HOME: home.dir, PATH: process.env.PATH ?? '' },
    cwd: home.dir,
  })
  const result = await client.call('call_tool', {
    server: 'arguments',
    tool: 'arguments',
    arguments: { text: 'ü'.repeat(200_000) },
  })
  expect(result.structuredContent).toEqual({ text: 'ü'.repeat(200_000) })
  await client.close()
}, 60_000)

it('only what would be written in another way is carried, and what is no call of the tool is not touched', () => {
  verifies('MCP-1')
  const lineOf = (args: string, name = 'call_tool') => Buffer.from(call(1, args).replace('call_tool', name))
  for (const same of [lineOf('{"a":1.5,"b":[true,null]}'), lineOf('{"a":1.0}', 'expand'), lineOf('[1.0]')])
    expect(withExactArguments(same, 'call_tool').equals(same)).toBe(true)
  const odd = lineOf(ODD)
  const carried = withExactArguments(odd, 'call_tool').toString()
  expect(carried).not.toContain(`"arguments":${ODD}`)
  expect(asWritten(JSON.stringify(JSON.parse(carried)))).toBe(odd.toString())
  const result = `{"content":[],"structuredContent":${ODD},"other":[1.0],"isError":false}`
  const line = Buffer.from(`{"jsonrpc":"2.0","id":1,"result":${result}}`)
  expect(asWritten(JSON.stringify(exactResult(line)))).toBe(result)
})
