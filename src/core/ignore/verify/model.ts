import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** A model on loopback that asks for one tool after the other, and keeps what each answered. */
export interface ScriptedModel {
  readonly url: string
  /** Answers so far, in the order of the script. */
  readonly answers: readonly string[]
  close(): void
}

interface Use {
  readonly tool: string
  readonly input: Readonly<Record<string, unknown>>
}

interface Question {
  readonly model?: string
  readonly stream?: boolean
  readonly tools?: readonly object[]
  readonly messages?: readonly { readonly content: unknown }[]
}

const MAX_BODY_CHARS = 16 * 1024 * 1024

/** Anthropic's Messages API, as much of it as a client needs for a turn of tool uses. Nothing leaves the machine, and no account is needed. */
export function startScriptedModel(uses: readonly Use[]): Promise<ScriptedModel> {
  const answers: string[] = []
  let asked = 0
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (request.method !== 'POST' || !/^\/v1\/messages(\?|$)/.test(request.url ?? '')) {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"input_tokens":1}')
        return
      }
      const question = Object(JSON.parse(body)) as Question
      const results = toolResults(question.messages?.at(-1)?.content)
      const isMain = (question.tools?.length ?? 0) > 0
      if (isMain && results !== undefined && answers.length < asked) answers.push(results)
      const use = isMain ? uses[asked] : undefined
      if (use !== undefined) asked += 1
      reply(
        response,
        question,
        use && { type: 'tool_use', id: `toolu_verify${asked}`, name: use.tool, input: use.input },
      )
    })
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      const close = (): void => {
        server.close()
        server.closeAllConnections()
      }
      resolve({ url: `http://127.0.0.1:${port}`, answers, close })
    })
  })
}

function toolResults(content: unknown): string | undefined {
  const blocks = Array.isArray(content) ? content.filter((block) => Object(block).type === 'tool_result') : []
  return blocks.length === 0 ? undefined : JSON.stringify(blocks.at(-1).content)
}

function reply(response: ServerResponse, { model, stream }: Question, use: object | undefined): void {
  const usage = { input_tokens: 1, output_tokens: 1 }
  const message = { id: 'msg_verify', type: 'message', role: 'assistant', model, usage }
  const stop = { stop_reason: use === undefined ? 'end_turn' : 'tool_use', stop_sequence: null }
  const block = use ?? { type: 'text', text: 'Done.' }
  if (stream !== true) {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ ...message, content: [block], ...stop }))
    return
  }
  const [empty, delta] =
    use === undefined
      ? [
          { type: 'text', text: '' },
          { type: 'text_delta', text: 'Done.' },
        ]
      : [
          { ...use, input: {} },
          { type: 'input_json_delta', partial_json: JSON.stringify(Object(use).input) },
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

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) if (text.length < MAX_BODY_CHARS) text += chunk
  return text
}
