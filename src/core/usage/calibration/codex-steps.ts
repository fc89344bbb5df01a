import type { CountTokens } from '../../tokens/count.ts'
import { type ByteFields, byteText, parseLine, resultText } from '../transcripts/json-line.ts'
import { count as amount, fields, type LineReader, microseconds } from '../transcripts/reader.ts'
import { type Counted, countResult, isPlausible, modelName, NOTHING, plus, type Step } from './step.ts'

/** The last response, and what has come after it. Plain data: it is kept between two reads of a file. */
interface Open {
  model: string
  input?: number
  output: number
  reasoning: number
  counted: Counted
  unknown: boolean
}

/** What a model says, which is in the earlier response's output. */
const SAID: readonly string[] = [
  'function_call',
  'custom_tool_call',
  'local_shell_call',
  'reasoning',
  'web_search_call',
]

/**
 * Finds steps in a rollout of Codex, of versions that write a `token_usage_record` for each response; the running totals of older ones are
 * left out, as they may repeat or skip. What its tools show is a shell's output, whose kind is not known: `other`. Steps with other messages
 * between them, after a compaction, or with more than a little reasoning, are left out.
 */
export function openCodexSteps(count: CountTokens, state: unknown, emit: (step: Step) => void): LineReader {
  const fresh: Open = { model: '', output: 0, reasoning: 0, counted: NOTHING, unknown: false }
  const open: Open = { ...fresh, ...(fields(fields(state).open) as Partial<Open>) }

  const item = (payload: ByteFields): void => {
    const type = byteText(payload.type)
    if (type === 'function_call_output' || type === 'custom_tool_call_output') {
      const text = resultText(payload.output, 'input_text')
      if (text === undefined) open.unknown = true
      else open.counted = plus(open.counted, countResult(text, 'other', count))
    } else if (!SAID.includes(type) && !(type === 'message' && payload.role === 'assistant'))
      open.unknown = true
  }

  const response = (record: ByteFields, usage: ByteFields): void => {
    const input = amount(usage.input_tokens)
    if (open.input !== undefined && !open.unknown) {
      const step: Step = {
        model: open.model,
        atMs: Math.round(microseconds(record.timestamp) / 1000),
        tokens: input - open.input - open.output,
        ...open.counted,
      }
      if (isPlausible(step, open.reasoning)) emit(step)
    }
    Object.assign(open, { ...fresh, model: open.model, input, output: amount(usage.output_tokens) })
    open.reasoning = amount(usage.reasoning_output_tokens)
  }

  return {
    push(line) {
      const record = parseLine(line)
      const payload = fields(record.payload)
      if (record.type === 'turn_context') {
        const model = modelName(byteText(payload.model))
        if (model !== open.model) open.unknown = true
        open.model = model
      } else if (record.type === 'response_item') item(payload)
      else if (record.type === 'token_usage_record') response(record, fields(payload.usage))
      else if (record.type === 'compacted') open.unknown = true
      return undefined
    },
    flush: () => {},
    state: () => ({ open }),
  }
}
