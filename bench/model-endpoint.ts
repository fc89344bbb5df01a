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

/** What an agent says to the model, as far as a script looks into it. */
export interface ModelQuestion {
  readonly model: string
  readonly stream?: boolean
  readonly tools?: readonly { readonly name: string }[]
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[]
}

/** A part of the model's answer. */
export type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: object }

/** A model on loopback that answers as its script says. */
export interface ModelEndpoint {
  readonly url: string
  /** Requests so far, oldest first. */
  readonly requests: ModelRequest[]
  close(): void
}

/** Starts an endpoint of Anthropic's Messages API: enough of it for an agent to finish a turn. Without a script every answer is one word. */
export function startModel(
  script: (question: ModelQuestion) => Block = () => ({ type: 'text', text: 'Hello.' }),
): Promise<ModelEndpoint> {
  const requests: ModelRequest[] = []
  const server = createServer(async (request, response) => {
    const at = performance.now()
    const body = await textOf(request)
    if (request.method !== 'POST' || !/^\/v1\/messages(\?|$)/.test(request.url ?? '')) {
      const tokens = request.url?.includes('count_tokens') ? { input_tokens: 10 } : {}
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tokens))
      return
    }
    const question = JSON.parse(body) as ModelQuestion
    const names = (question.tools ?? []).map((tool) => tool.name)
    requests.push({
      at,
      mcpTools: names.filter((name) => name.startsWith('mcp__')),
      hasTools: names.length > 0,
    })
    answer(response, question, script(question))
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

function answer(response: ServerResponse, { model, stream }: ModelQuestion, block: Block): void {
  const usage = { input_tokens: 10, output_tokens: 1 }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model, usage }
  const stop = { stop_reason: block.type === 'text' ? 'end_turn' : 'tool_use', stop_sequence: null }
  if (stream !== true) {
    const whole = { ...message, content: [block], ...stop }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(whole))
    return
  }
  const [empty, delta] =
    block.type === 'text'
      ? [
          { ...block, text: '' },
          { type: 'text_delta', text: block.text },
        ]
      : [
          { ...block, input: {} },
          { type: 'input_json_delta', partial_json: JSON.stringify(block.input) },
        ]
  const start = { ...message, content: [], stop_reason: null, stop_sequence: null }
  const events = [
    { type: 'message_start', message: start },
    { type: 'content_block_start', index: 0, content_block: empty },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: stop, usage },
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
