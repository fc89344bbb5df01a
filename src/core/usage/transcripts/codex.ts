import { basename, join } from 'node:path'
import { type CodexUsage, codexTokens, codexUsage, sinceLast } from './codex-tokens.ts'
import { below, foundFile } from './files.ts'
import { type ByteFields, byteText, jsonBytes, parseLine, resultBytes, textBytes } from './json-line.ts'
import { OpenUses } from './open-uses.ts'
import { readLines } from './read-lines.ts'
import {
  count,
  type Emit,
  type FoundFile,
  fields,
  type LineReader,
  mcpName,
  microseconds,
  type TranscriptReader,
  type Where,
} from './reader.ts'

/** Codex's rollouts: `sessions/<year>/<month>/<day>/rollout-<time>-<thread>.jsonl`, and what was archived. */
export const CODEX: TranscriptReader = {
  client: 'codex',
  find: ({ home, env }: Where) =>
    ['sessions', 'archived_sessions'].flatMap((name) =>
      below(join(env.CODEX_HOME || join(home, '.codex'), name), 4, (file) =>
        /^rollout-.*\.jsonl$/.test(file),
      ).flatMap((path) => foundFile('codex', path)),
    ),
  read: (file, known, context) => readLines(file, known, context, openCodex),
}

/** What goes over from one read of a rollout to the next. */
interface Remembered {
  /** The thread of this file, and the one that its history began in when it is a fork. */
  thread?: string | undefined
  origin?: string | undefined
  session?: string | undefined
  agentType?: string | undefined
  cwd?: string | undefined
  model?: string | undefined
  total?: CodexUsage
  /** Its responses say their own usage, so running totals are not read. */
  exact?: boolean
  uses?: unknown
}

/** Reads one rollout of Codex; see docs/usage.md for what it counts and how. */
export function openCodex(file: FoundFile, state: unknown, emit: Emit): LineReader {
  return new CodexReader(file, fields(state) as Remembered, emit)
}

class CodexReader implements LineReader {
  readonly #emit: Emit
  readonly #uses: OpenUses
  readonly #is: Omit<Remembered, 'uses'>

  constructor(file: FoundFile, { uses, ...remembered }: Remembered, emit: Emit) {
    this.#emit = emit
    this.#uses = new OpenUses(emit, uses)
    const [, thread] = /([0-9a-f]{8}-[0-9a-f-]{27})\.jsonl$/.exec(basename(file.path)) ?? []
    this.#is = { thread, ...remembered }
  }

  push(line: Buffer): string | undefined {
    const record = parseLine(line)
    const type = byteText(record.type)
    const payload = fields(record.payload)
    const at = microseconds(record.timestamp)
    switch (type) {
      case 'session_meta':
        this.#meta(payload)
        return undefined
      case 'turn_context':
        this.#is.model = byteText(payload.model) || this.#is.model
        this.#is.cwd = byteText(payload.cwd) || this.#is.cwd
        return undefined
      case 'token_usage_record':
        this.#usageRecord(at, payload)
        return undefined
      case 'response_item':
      case 'event_msg': {
        const taken = type === 'event_msg' ? this.#event(payload, at) : this.#responseItem(payload, at)
        return taken ? undefined : `${type}/${byteText(payload.type)}`
      }
      default:
        return type || 'untyped'
    }
  }

  flush(): void {
    this.#uses.flush()
  }

  state(): Remembered {
    const uses = this.#uses.state()
    return { ...this.#is, ...(uses === undefined ? {} : { uses }) }
  }

  /** A fork's file holds its own record first, then the copied history with the records of the threads it came from. */
  #meta(meta: Readonly<Record<string, unknown>>): void {
    const id = byteText(meta.id)
    const first = this.#is.origin === undefined
    this.#is.origin = byteText(meta.forked_from_id) || id || this.#is.origin
    if (!first) return
    const { subagent } = fields(meta.source)
    this.#is.thread = id || this.#is.thread
    this.#is.session = byteText(meta.session_id) || id
    this.#is.cwd = byteText(meta.cwd)
    if (subagent !== undefined) {
      const spawned = fields(fields(subagent).thread_spawn)
      this.#is.session = byteText(spawned.parent_thread_id) || this.#is.session
      this.#is.agentType = byteText(spawned.agent_role) || byteText(subagent) || 'subagent'
    }
  }

  #place(at: number, thread = this.#is.thread ?? '', session = this.#is.session ?? '') {
    const clientSession = session || thread
    return {
      at,
      client: 'codex',
      clientSession,
      project: this.#is.cwd ?? '',
      agent: thread === clientSession ? '' : thread,
      agentType: thread === clientSession ? '' : (this.#is.agentType ?? ''),
      model: this.#is.model ?? '',
    }
  }

  #usageRecord(at: number, record: Readonly<Record<string, unknown>>): void {
    this.#is.exact = true
    this.#emit('response', {
      ...this.#place(at, byteText(record.thread_id) || undefined, byteText(record.session_id) || undefined),
      message: byteText(record.response_id) || `${byteText(record.thread_id)}:${at}`,
      ...codexTokens(codexUsage(record.usage)),
      clientCostUsd: -1,
    })
  }

  #event(payload: ByteFields, at: number): boolean {
    const call = byteText(payload.call_id)
    switch (payload.type) {
      case 'token_count':
        this.#running(at, fields(payload.info))
        return true
      case 'item_completed': {
        const item = fields(payload.item)
        if (item.type !== 'McpToolCall' && item.type !== 'CommandExecution') return false
        this.#uses.amend(byteText(item.id), {
          ...(item.type === 'McpToolCall'
            ? { server: byteText(item.server), tool: byteText(item.tool) }
            : {}),
          failed: item.status === 'failed' || isFailure({ Ok: item.result }) || count(item.exit_code) !== 0,
          ...lasting(item.duration),
        })
        return true
      }
      case 'mcp_tool_call_end': {
        const { server, tool } = fields(payload.invocation)
        this.#uses.amend(call, {
          server: byteText(server),
          tool: byteText(tool),
          failed: isFailure(payload.result),
          ...lasting(payload.duration),
        })
        return true
      }
      case 'exec_command_end':
        this.#uses.amend(call, { failed: count(payload.exit_code) !== 0, ...lasting(payload.duration) })
        return true
      default:
        return false
    }
  }

  /**
   * Running totals, of versions that do not tell each response's usage. The key is the total itself: a fork's copy of the history repeats
   * it under other times.
   */
  #running(at: number, info: Readonly<Record<string, unknown>>): void {
    if (this.#is.exact || info.total_token_usage === undefined) return
    const total = codexUsage(info.total_token_usage)
    const used = sinceLast(total, this.#is.total, codexUsage(info.last_token_usage))
    this.#is.total = total
    if (used === undefined) return
    const thread = this.#is.origin ?? this.#is.thread ?? ''
    this.#emit('response', {
      ...this.#place(at),
      message: `${thread}:${total.input}-${total.cached}-${total.output}`,
      ...codexTokens(used),
      clientCostUsd: -1,
    })
  }

  #responseItem(payload: ByteFields, at: number): boolean {
    const call = byteText(payload.call_id) || byteText(payload.id)
    switch (payload.type) {
      case 'function_call':
      case 'custom_tool_call':
      case 'local_shell_call': {
        const namespace = byteText(payload.namespace)
        const name = byteText(payload.name) || byteText(payload.type)
        this.#uses.start({
          ...this.#place(at),
          message: '',
          toolUse: call,
          ...mcpName(namespace.startsWith('mcp__') ? `${namespace}__${name}` : name),
          // Arguments are JSON within a string, so their text is what counts.
          bytesIn: textBytes(payload.arguments) + textBytes(payload.input) + jsonBytes(payload.action),
          bytesOut: -1,
          failed: false,
          durationUs: -1,
          // It reads and writes files by commands and patches.
          file: '',
        })
        return true
      }
      case 'function_call_output':
      case 'custom_tool_call_output': {
        // Older versions wrap it.
        const { output } = payload
        const { content } = fields(output)
        this.#uses.finish(call, at, resultBytes(content ?? output), fields(output).success === false)
        return true
      }
      default:
        return false
    }
  }
}

/** Nothing where the duration is not told. */
function lasting(duration: unknown): { readonly durationUs?: number } {
  const { secs, nanos } = fields(duration)
  return typeof secs === 'number' ? { durationUs: Math.round(secs * 1e6 + count(nanos) / 1000) } : {}
}

/** `{Err: …}`, or a result that the server itself calls an error. */
function isFailure(result: unknown): boolean {
  const { Err, Ok } = fields(result)
  return Err !== undefined || fields(Ok).isError === true || fields(Ok).is_error === true
}
