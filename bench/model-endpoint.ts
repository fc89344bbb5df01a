import { createServer } from 'node:http'
import {
  answerWith,
  type Block,
  type ModelQuestion,
  onLoopback,
  questionOf,
} from '../src/core/ignore/verify/messages-api.ts'

/** One request to the model, as far as the bench looks into it. */
export interface ModelRequest {
  /** On the clock of performance.now(). */
  readonly at: number
  /** Names of the MCP tools it offers. */
  readonly mcpTools: readonly string[]
  /** Whether it offers any tool: an agent's own side questions offer none. */
  readonly hasTools: boolean
}

/** A model on loopback that answers as its script says. */
export interface ModelEndpoint {
  readonly url: string
  /** Requests so far, oldest first. */
  readonly requests: ModelRequest[]
  close(): void
}

/** Starts an endpoint of Anthropic's Messages API: enough of it for an agent to finish a turn. Without a script every answer is one word. */
export async function startModel(
  script: (question: ModelQuestion) => Block = () => ({ type: 'text', text: 'Hello.' }),
): Promise<ModelEndpoint> {
  const requests: ModelRequest[] = []
  const server = createServer(async (request, response) => {
    const at = performance.now()
    const question = await questionOf(request, response)
    if (question === undefined) return
    const names = (question.tools ?? []).map((tool) => tool.name)
    requests.push({
      at,
      mcpTools: names.filter((name) => name.startsWith('mcp__')),
      hasTools: names.length > 0,
    })
    answerWith(response, question, script(question))
  })
  return { ...(await onLoopback(server)), requests }
}
