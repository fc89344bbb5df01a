import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** What was written, as the one who wrote it counts. */
export interface Corpus {
  readonly bytes: number
  readonly lines: number
  readonly responses: number
  readonly outputTokens: number
}

const TURN_MS = 4000
const STARTED_MS = Date.UTC(2026, 9, 1)
const CODE =
  '  const found = rows.filter((row) => row.name === "alpha" && row.size > 1024) // first\n\tif (found.length === 0) return { ok: false, why: \'none\' }\n'
const PROSE =
  'The test fails because the cache keeps the old entry after the rename; the fix is to drop it there and to say so.\n'

/**
 * Writes sessions of Claude Code and Codex into a home until they have this many bytes. Sizes after real ones: three quarters of the bytes
 * are results of tools, which Claude Code writes twice; a response has one to three lines that repeat its usage.
 */
export function writeCorpus(home: string, bytes: number, files: number): Corpus {
  let corpus: Corpus = { bytes: 0, lines: 0, responses: 0, outputTokens: 0 }
  for (let n = 0; n < files; n++) {
    const session = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
    const share = bytes / files
    corpus = added(corpus, n % 5 === 4 ? writeCodex(home, session, share) : writeClaude(home, session, share))
  }
  return corpus
}

/** One result in five has something beyond ASCII, for which the whole line has to be decoded. */
function beyondAscii(turn: number): string {
  return turn % 5 === 0 ? '\u00fcber\n' : ''
}

function added(a: Corpus, b: Corpus): Corpus {
  return {
    bytes: a.bytes + b.bytes,
    lines: a.lines + b.lines,
    responses: a.responses + b.responses,
    outputTokens: a.outputTokens + b.outputTokens,
  }
}

function writeClaude(home: string, sessionId: string, bytes: number): Corpus {
  const directory = join(home, '.claude/projects/-work-project')
  mkdirSync(directory, { recursive: true })
  const common = {
    userType: 'external',
    cwd: '/work/project',
    sessionId,
    version: '2.1.197',
    gitBranch: 'main',
  }
  return write(join(directory, `${sessionId}.jsonl`), bytes, (turn, seed) => {
    const at = (ms: number) => new Date(STARTED_MS + turn * TURN_MS + ms).toISOString()
    const uuid = (part: number) => `${sessionId.slice(0, 24)}${String(turn * 10 + part).padStart(12, '0')}`
    const usage = (output: number) => ({
      input_tokens: 3,
      cache_creation_input_tokens: 350 + (turn % 700),
      cache_read_input_tokens: 12_936 + turn * 40,
      output_tokens: output,
      server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
      service_tier: 'standard',
      cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 350 + (turn % 700) },
    })
    const id = `msg_01${sessionId.slice(-12)}${String(turn).padStart(10, '0')}`
    const block = (part: number, output: number, content: object) => ({
      parentUuid: uuid(part - 1),
      isSidechain: false,
      message: {
        id,
        type: 'message',
        role: 'assistant',
        model: 'claude-opus-4-8',
        content: [content],
        stop_reason: null,
        stop_sequence: null,
        usage: usage(output),
      },
      requestId: `req_01${turn}`,
      type: 'assistant',
      uuid: uuid(part),
      timestamp: at(part * 10),
      ...common,
    })
    const text = CODE.repeat(1 + ((seed * 37) % 260)) + beyondAscii(turn)
    const tool = `toolu_01${sessionId.slice(-12)}${turn}`
    const output = 40 + (turn % 900)
    const lines: object[] = [
      block(1, 8, { type: 'thinking', thinking: PROSE.repeat(1 + (seed % 9)), signature: 'Eq'.repeat(700) }),
      block(2, 8, { type: 'text', text: PROSE.repeat(1 + (seed % 14)) }),
      block(3, output, {
        type: 'tool_use',
        id: tool,
        name: 'Read',
        input: { file_path: `/work/project/src/${turn}.ts` },
      }),
      {
        parentUuid: uuid(3),
        isSidechain: false,
        type: 'user',
        message: { role: 'user', content: [{ tool_use_id: tool, type: 'tool_result', content: text }] },
        uuid: uuid(4),
        timestamp: at(900),
        toolUseResult: {
          type: 'text',
          file: { filePath: `/work/project/src/${turn}.ts`, content: text, numLines: 200 },
        },
        ...common,
      },
    ]
    if (turn % 6 === 0)
      lines.push({
        parentUuid: uuid(4),
        attachment: { type: 'todo_reminder', content: PROSE.repeat(5) },
        type: 'attachment',
        uuid: uuid(5),
        timestamp: at(950),
        ...common,
      })
    return { lines, output }
  })
}

function writeCodex(home: string, thread: string, bytes: number): Corpus {
  const directory = join(home, '.codex/sessions/2026/10/01')
  mkdirSync(directory, { recursive: true })
  return write(join(directory, `rollout-2026-10-01T00-00-00-${thread}.jsonl`), bytes, (turn, seed) => {
    const record = (type: string, payload: object) => ({
      timestamp: new Date(STARTED_MS + turn * TURN_MS).toISOString(),
      type,
      payload,
    })
    const output = 20 + (turn % 400)
    const call = `call_${turn}_${thread.slice(-12)}`
    const lines = [
      ...(turn === 0
        ? [
            record('session_meta', { session_id: thread, id: thread, cwd: '/work/project', source: 'exec' }),
            record('turn_context', { cwd: '/work/project', model: 'gpt-5.4' }),
          ]
        : []),
      record('response_item', { type: 'reasoning', summary: [], encrypted_content: 'gAAAA'.repeat(400) }),
      record('response_item', {
        type: 'function_call',
        name: 'shell',
        arguments: JSON.stringify({ command: ['sed', '-n', '1,200p', `src/${turn}.ts`] }),
        call_id: call,
      }),
      record('token_usage_record', {
        thread_id: thread,
        session_id: thread,
        response_id: `resp_${thread.slice(-12)}_${turn}`,
        usage: {
          input_tokens: 12_232,
          cached_input_tokens: 9785,
          output_tokens: output,
          reasoning_output_tokens: 5,
        },
      }),
      record('response_item', {
        type: 'function_call_output',
        call_id: call,
        output: CODE.repeat(1 + ((seed * 31) % 240)) + beyondAscii(turn),
      }),
    ]
    return { lines, output }
  })
}

function write(
  path: string,
  bytes: number,
  turn: (n: number, seed: number) => { readonly lines: readonly object[]; readonly output: number },
): Corpus {
  const file = openSync(path, 'w')
  let [written, lines, responses, outputTokens] = [0, 0, 0, 0]
  try {
    while (written < bytes) {
      // The same corpus each time, without a pattern of one size after the other.
      const made = turn(responses, (responses * 2654435761) % 1009)
      written += writeSync(file, made.lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
      lines += made.lines.length
      outputTokens += made.output
      responses++
    }
  } finally {
    closeSync(file)
  }
  return { bytes: written, lines, responses, outputTokens }
}
