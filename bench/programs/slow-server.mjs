#!/usr/bin/env node
/**
 * An MCP server that takes as long to start and holds as much memory as it is told to; any tool answers at once.
 *   --start-ms=N     nothing is read before
 *   --memory-mb=N    written to, so that it counts
 *   --tools=a,b      what tools/list offers
 */
const option = (name, otherwise) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise
const tools = option('tools', 'use').split(',')
const held = Buffer.alloc(Number(option('memory-mb', '0')) * 2 ** 20, 1)

const ANSWERS = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'slow', version: '1.0.0' },
  }),
  ping: () => ({}),
  'tools/list': () => ({ tools: tools.map((name) => ({ name, inputSchema: { type: 'object' } })) }),
  'tools/call': ({ name }) => ({ content: [{ type: 'text', text: `${name}: ${held.length}` }] }),
}

function answer({ id, method, params }) {
  if (id === undefined) return
  const reply = ANSWERS[method]
  const body =
    reply === undefined
      ? { error: { code: -32601, message: `Method not found: ${method}` } }
      : { result: reply(params ?? {}) }
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...body })}\n`)
}

setTimeout(
  () => {
    let rest = ''
    process.stdin.setEncoding('utf8')
    process.stdin.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()
      for (const line of lines) if (line.trim() !== '') answer(JSON.parse(line))
    })
    process.stdin.on('end', () => process.exit(0))
  },
  Number(option('start-ms', '0')),
)
