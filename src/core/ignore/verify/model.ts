import { createServer } from 'node:http'
import { answerWith, onLoopback, questionOf } from './messages-api.ts'

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

/** Anthropic's Messages API, as much of it as a client needs for a turn of tool uses. Nothing leaves the machine, and no account is needed. */
export async function startScriptedModel(uses: readonly Use[]): Promise<ScriptedModel> {
  const answers: string[] = []
  let asked = 0
  const server = createServer((request, response) => {
    void questionOf(request, response).then((question) => {
      if (question === undefined) return
      const results = toolResults(question.messages?.at(-1)?.content)
      const isMain = (question.tools?.length ?? 0) > 0
      if (isMain && results !== undefined && answers.length < asked) answers.push(results)
      const use = isMain ? uses[asked] : undefined
      if (use !== undefined) asked += 1
      answerWith(
        response,
        question,
        use === undefined
          ? { type: 'text', text: 'Done.' }
          : { type: 'tool_use', id: `toolu_verify${asked}`, name: use.tool, input: use.input },
      )
    })
  })
  return { ...(await onLoopback(server)), answers }
}

function toolResults(content: unknown): string | undefined {
  const blocks = Array.isArray(content) ? content.filter((block) => Object(block).type === 'tool_result') : []
  return blocks.length === 0 ? undefined : JSON.stringify(blocks.at(-1).content)
}
