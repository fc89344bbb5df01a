import { type ContentClass, contentClassOf } from '../../tokens/content-class.ts'
import type { CountTokens } from '../../tokens/count.ts'
import { claudeTokens } from '../transcripts/claude-usage.ts'
import { type ByteFields, byteText, parseLine, resultText } from '../transcripts/json-line.ts'
import { fields, type LineReader, microseconds } from '../transcripts/reader.ts'
import { type Counted, countResult, isPlausible, modelName, NOTHING, plus, type Step } from './step.ts'

/** Entries after a response that are remembered; a step of more is left out. */
const MAX_ENTRIES = 64
/** Agents whose last response is remembered. */
const MAX_CHAINS = 8
/** The tools that a response asks for at once, at most; more is left out. */
const MAX_USES = 64

/** Attachments and notes that say nothing to the model; sample transcripts of Claude Code 2.1.329 and 2.1.197 show them without a rendering. */
const SILENT_ATTACHMENTS: readonly string[] = ['prompt_snapshot', 'session_context']
const SILENT_NOTES: readonly string[] = ['api_error', 'turn_duration']
/** Records that are no part of the conversation at all. */
const SILENT_TYPES: readonly string[] = ['progress']

/** A response, and what has come after it in its chain. Plain data: it is kept between two reads of a file. */
interface Open {
  readonly id: string
  readonly model: string
  atMs: number
  /** Tokens of the whole input: read from the cache, written to it, and neither. */
  input: number
  output: number
  thinking: number
  /** What the table counts of its texts and the input of its tools. */
  said: number
  /** Tools that it asked for and whose results are not there yet, with the kind of file that they show. */
  readonly uses: [string, ContentClass][]
  /** Its entries and those below them: a response whose parent is not among them follows something else. */
  readonly uuids: string[]
  counted: Counted
  /** Something is between it and the next that the transcript may not tell the whole of. */
  unknown: boolean
}

/**
 * Finds steps in a transcript of Claude Code. The text that a tool result holds in `message.content` is what was sent. A step is left out
 * when anything else came between, told or not: text of the user, attachments that are shown to the model, requests with messages of their
 * own, compaction; when a result is missing or is not text; when the later response does not follow the earlier one (a rewind, another
 * agent) or is of another model; when the earlier one thought more than a little, since thinking may be dropped; and when its output tokens
 * do not fit what it said (transcripts may hold the count of the response's beginning).
 */
export function openClaudeSteps(count: CountTokens, state: unknown, emit: (step: Step) => void): LineReader {
  const { chains: kept } = fields(state)
  const chains = new Map<string, Open>(Array.isArray(kept) ? (kept as [string, Open][]) : [])

  const assistant = (chain: string, entry: ByteFields): void => {
    const message = fields(entry.message)
    const id = byteText(message.id)
    let open = chains.get(chain)
    if (open?.id !== id || id === '') {
      const next = opened(entry, message)
      if (open !== undefined) close(open, next, byteText(entry.parentUuid), emit)
      open = next
      chains.delete(chain)
      chains.set(chain, open)
      if (chains.size > MAX_CHAINS) chains.delete(chains.keys().next().value!)
    }
    respond(open, message, count)
    note(open, entry)
  }

  return {
    push(line) {
      const entry = parseLine(line)
      const chain = byteText(entry.agentId) || (entry.isSidechain === true ? 'side' : '')
      if (entry.type === 'assistant') assistant(chain, entry)
      else {
        const open = chains.get(chain)
        if (open !== undefined) follow(open, entry, count)
      }
      return undefined
    },
    flush: () => {},
    state: () => ({ chains: [...chains] }),
  }
}

function opened(entry: ByteFields, message: ByteFields): Open {
  const usage = fields(message.usage)
  const { inputTokens, cacheReadTokens, cacheWrite5mTokens, cacheWrite1hTokens } = claudeTokens(usage)
  const input = inputTokens + cacheReadTokens + cacheWrite5mTokens + cacheWrite1hTokens
  const model = byteText(message.model)
  const edits = fields(message.context_management).applied_edits
  const many = Array.isArray(usage.iterations) && usage.iterations.length > 1
  const unknown =
    model === '<synthetic>' ||
    entry.isApiErrorMessage === true ||
    input === 0 ||
    many ||
    (Array.isArray(edits) && edits.length > 0)
  const atMs = Math.round(microseconds(entry.timestamp) / 1000)
  const none = { output: 0, thinking: 0, said: 0, counted: NOTHING }
  return {
    id: byteText(message.id),
    model: modelName(model),
    atMs,
    input: unknown ? 0 : input,
    ...none,
    uses: [],
    uuids: [],
    unknown,
  }
}

/** One more entry of the same response: its usage grows, and each has blocks of its own. */
function respond(open: Open, message: ByteFields, count: CountTokens): void {
  const { outputTokens, reasoningTokens } = claudeTokens(fields(message.usage))
  open.output = Math.max(open.output, outputTokens)
  open.thinking = Math.max(open.thinking, reasoningTokens)
  const told = fields(fields(message.usage).output_tokens_details).thinking_tokens !== undefined
  for (const block of Array.isArray(message.content) ? message.content.map(fields) : []) {
    if (block.type === 'text') open.said += count(byteText(block.text))
    else if (block.type === 'tool_use') {
      const json = JSON.stringify(block.input) ?? ''
      open.said += count(byteText(block.name)) + count(byteText(json))
      open.uses.push([byteText(block.id), classOfUse(block)])
      if (open.uses.length > MAX_USES) open.unknown = true
    } else if (!(told && (block.type === 'thinking' || block.type === 'redacted_thinking')))
      open.unknown = true
  }
}

/** The kind of file that a tool's result shows; `other` for what tools print. */
function classOfUse({ name, input }: ByteFields): ContentClass {
  return name === 'Read' ? contentClassOf(byteText(fields(input).file_path)) : 'other'
}

function follow(open: Open, entry: ByteFields, count: CountTokens): void {
  if (entry.type === 'api-request-blob' && open.uuids.length > 0) open.unknown = true
  // What the response said and what answers it; a third message is one that the transcript has no entry for.
  if (entry.type === 'api-request' && Array.isArray(entry.tail) && entry.tail.length > 2) open.unknown = true
  if (!open.uuids.includes(byteText(entry.parentUuid))) return
  note(open, entry)
  if (entry.type === 'user') takeResults(open, fields(entry.message).content, count)
  else if (!isSilent(entry)) open.unknown = true
}

function isSilent(entry: ByteFields): boolean {
  const type = byteText(entry.type)
  if (type === 'system') return SILENT_NOTES.includes(byteText(entry.subtype))
  if (type !== 'attachment') return SILENT_TYPES.includes(type)
  const rendered = entry.rendered ?? null
  return rendered === null && SILENT_ATTACHMENTS.includes(byteText(fields(entry.attachment).type))
}

function takeResults(open: Open, content: unknown, count: CountTokens): void {
  if (!Array.isArray(content)) open.unknown = true
  for (const block of Array.isArray(content) ? content.map(fields) : []) {
    const at = open.uses.findIndex(([id]) => id === byteText(block.tool_use_id))
    const text = resultText(block.content, 'text')
    if (block.type !== 'tool_result' || at < 0 || text === undefined) {
      open.unknown = true
      continue
    }
    const [[, contentClass]] = open.uses.splice(at, 1) as [[string, ContentClass]]
    open.counted = plus(open.counted, countResult(text, block.is_error ? 'other' : contentClass, count))
  }
}

function note(open: Open, entry: ByteFields): void {
  const uuid = byteText(entry.uuid)
  if (uuid !== '') open.uuids.push(uuid)
  if (open.uuids.length <= MAX_ENTRIES) return
  open.uuids.shift()
  open.unknown = true
}

function close(open: Open, next: Open, parent: string, emit: (step: Step) => void): void {
  const { model, input, output, thinking, said, counted } = open
  if (open.unknown || next.unknown || next.model !== model) return
  if (open.uses.length > 0 || !open.uuids.includes(parent)) return
  if (!fits(output - thinking, said)) return
  const step = { model, atMs: next.atMs, tokens: next.input - input - output, ...counted }
  if (isPlausible(step, thinking)) emit(step)
}

/** Whether that many output tokens can be what was said, with the frames of a few tools. */
function fits(output: number, said: number): boolean {
  return output >= said * 0.6 - 5 && output <= said * 3 + 100
}
