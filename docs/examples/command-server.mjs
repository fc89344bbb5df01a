// An MCP server for the demonstration beside it: one tool that gives the output of a few commands that only read, as text.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const [lockFile, ...directories] = process.argv.slice(2)

const COMMANDS = {
  dependencies: () => {
    const { packages } = JSON.parse(readFileSync(lockFile, 'utf8'))
    const rows = Object.entries(packages)
      .slice(1, 121)
      .map(([path, { version, license, dev = false }]) => ({ path, version, license, dev }))
    return JSON.stringify(rows, null, 2)
  },
  listing: () => execFileSync('ls', ['-lR', ...directories], { encoding: 'utf8' }),
}

const TOOL = {
  name: 'run',
  description: 'Runs a command that only reads.',
  inputSchema: {
    type: 'object',
    properties: { command: { enum: Object.keys(COMMANDS) } },
    required: ['command'],
  },
  annotations: { readOnlyHint: true },
}

const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'commands', version: '1' },
  }),
  'tools/list': () => ({ tools: [TOOL] }),
  'tools/call': ({ arguments: { command } }) => ({ content: [{ type: 'text', text: COMMANDS[command]() }] }),
  ping: () => ({}),
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line)
  if (id === undefined) continue
  const answer = answers[method]
  const said =
    answer === undefined
      ? { error: { code: -32601, message: 'Method not found' } }
      : { result: answer(params) }
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...said })}\n`)
}
