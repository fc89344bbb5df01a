import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** One request to the model, as far as the bench looks into it. */
export interface ModelRequest {
  /** On the clock of performance.now(). */
  readonly at: number
  /** Names of the MCP tools it offers. */
  readonly mcpTools: readonly string[]
  /** Whether it offers any tool: an agent's own side questions offer none. */
  readonly hasTools: boolean
}

/** A model on loopback that answers every question with one word. */
export interface ModelEndpoint {
  readonly url: string
  /** Requests so far, oldest first. */
  readonly requests: ModelRequest[]
  close(): void
}

/** Starts an endpoint of Anthropic's Messages API: enough of it for an agent to finish a turn. */
export function startModel(): Promise<ModelEndpoint> {
  const requests: ModelRequest[] = []
  const server = createServer(async (request, response) => {
    const at = performance.now()
    const body = await textOf(request)
    if (request.method !== 'POST' || !/^\/v1\/messages(\?|$)/.test(request.url ?? '')) {
      const tokens = request.url?.includes('count_tokens') ? { input_tokens: 10 } : {}
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tokens))
      return
    }
    const { tools, stream, model } = JSON.parse(body) as {
      tools?: { name: string }[]
      stream?: boolean
      model: string
    }
    const names = (tools ?? []).map((tool) => tool.name)
    requests.push({
      at,
      mcpTools: names.filter((name) => name.startsWith('mcp__')),
      hasTools: names.length > 0,
    })
    answer(response, model, stream === true)
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      resolve({
        url: `http://127.0.0.1:${port}`,
        requests,
        close: () => {
          server.close()
          server.closeAllConnections()
        },
      })
    })
  })
}

function answer(response: ServerResponse, model: string, stream: boolean): void {
  const usage = { input_tokens: 10, output_tokens: 1 }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model, usage }
  const text = { type: 'text', text: 'Hello.' }
  if (!stream) {
    const whole = { ...message, content: [text], stop_reason: 'end_turn', stop_sequence: null }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(whole))
    return
  }
  const start = { ...message, content: [], stop_reason: null, stop_sequence: null }
  const events = [
    { type: 'message_start', message: start },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: text.text } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ]
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  response.end()
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) text += chunk
  return text
}
