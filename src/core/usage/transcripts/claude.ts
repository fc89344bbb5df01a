import { findClaudeFiles } from './claude-files.ts'
import { claudeTokens, clientCosts, schemasOf } from './claude-usage.ts'
import { fileOfUse } from './file-of-use.ts'
import { type ByteFields, byteText, jsonBytes, parseLine, resultBytes } from './json-line.ts'
import { OpenUses } from './open-uses.ts'
import { PendingResponses } from './pending-responses.ts'
import { readLines } from './read-lines.ts'
import {
  type Emit,
  type FoundFile,
  fields,
  type LineReader,
  mcpName,
  microseconds,
  type TranscriptReader,
} from './reader.ts'

/** Ids of real responses are longer: a shorter one is an endpoint's constant, which would make all its responses one. */
const LEAST_ID_LENGTH = 12
/** Ends of chains of entries that are remembered. */
const MAX_TIPS = 64
const MAX_SHAPES = 16

/** Claude Code's transcripts. */
export const CLAUDE: TranscriptReader = {
  client: 'claude-code',
  find: findClaudeFiles,
  read: (file, known, context) => readLines(file, known, context, openClaude),
}

/** What goes over from one read of a file to the next. */
interface Remembered {
  readonly project?: string
  readonly at?: number
  readonly uses?: unknown
  readonly responses?: [string, string][]
  readonly sidechains?: [string, string][]
  readonly shapes?: string[]
}

/** Reads one transcript of Claude Code; see docs/usage.md for what it counts and how. */
export function openClaude(file: FoundFile, state: unknown, emit: Emit): LineReader {
  return new ClaudeReader(file, fields(state) as Remembered, emit)
}

class ClaudeReader implements LineReader {
  readonly #emit: Emit
  readonly #hints: Readonly<Record<string, string>>
  readonly #responses: PendingResponses
  readonly #uses: OpenUses
  /** Of responses without an id: their last entry, and the response's key. */
  readonly #tips: Map<string, string>
  /** Of sub-agents without an id: an entry, and the first one of that sub-agent. */
  readonly #sidechains: Map<string, string>
  readonly #shapes: Set<string>
  #project: string
  #at: number

  constructor(file: FoundFile, remembered: Remembered, emit: Emit) {
    this.#emit = emit
    this.#hints = file.hints
    this.#responses = new PendingResponses(emit)
    this.#uses = new OpenUses(emit, remembered.uses)
    this.#tips = new Map(remembered.responses)
    this.#sidechains = new Map(remembered.sidechains)
    this.#shapes = new Set(remembered.shapes)
    this.#project = remembered.project ?? ''
    this.#at = remembered.at ?? 0
  }

  push(line: Buffer): string | undefined {
    const entry = parseLine(line)
    switch (entry.type) {
      case 'assistant':
        return this.#assistant(entry)
      case 'user':
        return this.#user(entry)
      case 'cost-state':
        for (const cost of clientCosts(entry, this.#at, this.#project)) this.#emit('clientCost', cost)
        return undefined
      case 'api-request-shape':
        this.#shape(entry)
        return undefined
      default:
        // It may be a link in the chain of a sub-agent without an id.
        this.#agent(entry)
        return byteText(entry.type) || 'untyped'
    }
  }

  flush(): void {
    this.#responses.flush()
    this.#uses.flush()
  }

  state(): Remembered {
    const uses = this.#uses.state()
    return {
      ...(this.#project === '' ? {} : { project: this.#project }),
      at: this.#at,
      ...(uses === undefined ? {} : { uses }),
      ...(this.#tips.size === 0 ? {} : { responses: [...this.#tips] }),
      ...(this.#sidechains.size === 0 ? {} : { sidechains: [...this.#sidechains] }),
      ...(this.#shapes.size === 0 ? {} : { shapes: [...this.#shapes] }),
    }
  }

  #assistant(entry: ByteFields): string | undefined {
    const message = fields(entry.message)
    const model = byteText(message.model)
    const place = this.#place(entry)
    // An error of the API that Claude Code wrote down as an answer.
    if (model === '<synthetic>' || entry.isApiErrorMessage === true) return 'synthetic'
    const made = { ...place, model, message: this.#responseKey(entry, message, model) }
    if (typeof message.usage === 'object' && message.usage !== null)
      this.#responses.add({
        ...made,
        ...claudeTokens(fields(message.usage)),
        clientCostUsd: typeof entry.costUSD === 'number' ? entry.costUSD : -1,
      })
    for (const block of blocksOf(message)) {
      if (block.type !== 'tool_use') continue
      this.#uses.start({
        ...made,
        toolUse: byteText(block.id),
        ...mcpName(byteText(block.name)),
        bytesIn: jsonBytes(block.input),
        bytesOut: -1,
        failed: false,
        durationUs: -1,
        file: fileOfUse(fields(block.input), place.project),
      })
    }
    return undefined
  }

  #user(entry: ByteFields): string | undefined {
    const { at } = this.#place(entry)
    const results = blocksOf(fields(entry.message)).filter(({ type }) => type === 'tool_result')
    for (const { tool_use_id, content, is_error } of results)
      this.#uses.finish(byteText(tool_use_id), at, resultBytes(content), is_error === true)
    return results.length === 0 ? 'user' : undefined
  }

  #shape(entry: ByteFields): void {
    const hash = byteText(entry.shapeHash)
    if (hash !== '' && this.#shapes.has(hash)) return
    remember(this.#shapes, hash, MAX_SHAPES)
    for (const schema of schemasOf(entry)) this.#emit('schema', schema)
  }

  /** When, where and by whom the entry was made. An entry that a fork copied says from which session. */
  #place(entry: ByteFields) {
    const at = microseconds(entry.timestamp) || this.#at
    this.#at = Math.max(at, this.#at)
    const cwd = byteText(entry.cwd)
    // The agent may change its directory; the session belongs to the one that the transcript's directory is named after.
    if (this.#project === '' && cwd.replace(/[^a-zA-Z0-9]/g, '-') === this.#hints.slug) this.#project = cwd
    return {
      at,
      client: 'claude-code',
      clientSession: byteText(fields(entry.forkedFrom).sessionId) || byteText(entry.sessionId),
      project: this.#project || cwd,
      agent: this.#agent(entry),
      agentType: byteText(entry.attributionAgent) || this.#hints.agentType || '',
    }
  }

  /** Id of the sub-agent; of one without an id, as older versions wrote them into the session's file, its first entry. */
  #agent(entry: ByteFields): string {
    if (entry.isSidechain !== true) return ''
    const id = byteText(entry.agentId)
    if (id !== '') return id
    const uuid = byteText(entry.uuid)
    const root = this.#sidechains.get(byteText(entry.parentUuid)) ?? uuid
    rememberIn(this.#sidechains, uuid, root)
    return root
  }

  /**
   * What the entries of one response have in common: the message's id, else the request's, else that each is the child of the one before:
   * two answers of a model always have something of the user or a tool between them.
   */
  #responseKey(entry: ByteFields, message: ByteFields, model: string): string {
    const id = byteText(message.id)
    if (id.length >= LEAST_ID_LENGTH) return id
    const request = byteText(entry.requestId)
    if (request !== '') return `request:${request}`
    const uuid = byteText(entry.uuid)
    const parent = `${model}:${byteText(entry.parentUuid)}`
    const key = this.#tips.get(parent) ?? `entry:${uuid}`
    this.#tips.delete(parent)
    rememberIn(this.#tips, `${model}:${uuid}`, key)
    return key
  }
}

function blocksOf(message: ByteFields): ByteFields[] {
  return Array.isArray(message.content) ? message.content.map(fields) : []
}

function rememberIn(map: Map<string, string>, key: string, value: string): void {
  map.set(key, value)
  if (map.size > MAX_TIPS) map.delete(map.keys().next().value!)
}

function remember(set: Set<string>, value: string, most: number): void {
  set.add(value)
  if (set.size > most) set.delete(set.values().next().value!)
}
