import type { IncomingMessage, Server, ServerResponse } from 'node:http'

/** What a client says to the model, as far as a script looks into it. */
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

/** Of a request: what a client sends with a long session is a small part of it. What goes beyond is left out. */
const MAX_BODY_CHARS = 16 * 1024 * 1024
const JSON_TYPE = { 'content-type': 'application/json' }

/** The question of a request to Anthropic's Messages API; undefined, and answered, when it is to another part of it. */
export async function questionOf(
  request: IncomingMessage,
  response: ServerResponse,
): Promise<ModelQuestion | undefined> {
  const body = await bodyOf(request)
  if (request.method === 'POST' && /^\/v1\/messages(\?|$)/.test(request.url ?? ''))
    return Object(JSON.parse(body)) as ModelQuestion
  response.writeHead(200, JSON_TYPE).end('{"input_tokens":10}')
  return undefined
}

/** Answers with one block, in one piece or as the events of a stream, as it was asked for. */
export function answerWith(response: ServerResponse, { model, stream }: ModelQuestion, block: Block): void {
  const usage = { input_tokens: 10, output_tokens: 1 }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model, usage }
  const stop = { stop_reason: block.type === 'text' ? 'end_turn' : 'tool_use', stop_sequence: null }
  if (stream !== true) {
    response.writeHead(200, JSON_TYPE).end(JSON.stringify({ ...message, content: [block], ...stop }))
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
  const events = [
    { type: 'message_start', message: { ...message, content: [], stop_reason: null, stop_sequence: null } },
    { type: 'content_block_start', index: 0, content_block: empty },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: stop, usage },
    { type: 'message_stop' },
  ]
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''))
}

/** Lets a server listen on a port of loopback; closing it also ends the connections that clients keep. */
export function onLoopback(server: Server): Promise<{ readonly url: string; close(): void }> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      const close = (): void => {
        server.close()
        server.closeAllConnections()
      }
      resolve({ url: `http://127.0.0.1:${port}`, close })
    })
  })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) if (text.length < MAX_BODY_CHARS) text += chunk
  return text
}
