import { spawn } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { apply } from '../../src/core/diff/apply.ts'
import { parse } from '../../src/core/diff/parse.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { verifies } from '../requirements.ts'

const home = cliHome()
const root = (name = '') => join(home.dir, '.mycelium', name)
const TEXT = Array.from(
  { length: 120 },
  (_, i) => `const value${i} = work(${i}, 'some text of line ${i}')\n`,
).join('')
const CHANGED = TEXT.replace("work(60, 'some", "work(61, 'other")
let file = ''
let transcript = ''

beforeEach(() => {
  mkdirSync(root('log'), { recursive: true })
  writeFileSync(root('config.json'), '{"diff.enabled": true}')
  file = home.put('work/a.ts', TEXT)
  transcript = home.put('work/s.jsonl', '')
  grow(1_000)
})

/** What Claude Code writes of an answer of the model: its context had so many tokens. */
function grow(tokens: number, path = transcript): void {
  mkdirSync(join(path, '..'), { recursive: true })
  const usage = {
    input_tokens: 3,
    cache_creation_input_tokens: 7,
    cache_read_input_tokens: tokens - 10,
    output_tokens: 5,
  }
  appendFileSync(path, `${JSON.stringify({ type: 'assistant', message: { role: 'assistant', usage } })}\n`)
}

/** Fires the hook; what the read's answer becomes, or undefined where it stays. */
function fire(payload: object): Promise<{ type: string; file: Record<string, unknown> } | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [home.bin, 'hook', 'claude-code'], {
      env: { HOME: home.dir },
      stdio: 'pipe',
    })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      expect([code, stderr]).toEqual([0, ''])
      resolve(stdout === '' ? undefined : JSON.parse(stdout).hookSpecificOutput.updatedToolOutput)
    })
    const base = { session_id: 's-1', transcript_path: transcript, cwd: join(home.dir, 'work') }
    child.stdin.end(JSON.stringify({ ...base, ...payload }))
  })
}

interface Asked {
  readonly stub?: boolean
  readonly offset?: number
  readonly agent?: string
  readonly use?: string
}

function read({ stub, offset, agent, use }: Asked = {}) {
  const content = readFileSync(file, 'utf8')
  const lines = content.split('\n').length
  return fire({
    hook_event_name: 'PostToolUse',
    tool_name: 'Read',
    tool_input: { file_path: file, offset },
    tool_response: stub
      ? { type: 'file_unchanged', file: { filePath: file } }
      : { type: 'text', file: { filePath: file, content, numLines: lines, startLine: 1, totalLines: lines } },
    agent_id: agent,
    tool_use_id: use,
  })
}

/** The patch in an answer, made on what was read before. */
function made(answer: Awaited<ReturnType<typeof read>>, base: string): string {
  const [{ source }] = answer!.file.cells as [{ source: string }]
  const written = parse(source.slice(source.indexOf('--- ')))
  if (written.kind !== 'patch') throw new Error('no patch')
  return apply(base, written.patch)
}

describe('a file that is read again in Claude Code', () => {
  it('is answered by the difference, and by all of it when asked once more', async () => {
    verifies('DIFF-1')
    expect(await read()).toBeUndefined()
    writeFileSync(file, CHANGED)
    grow(2_000)
    const answer = await read()
    expect(answer).toMatchObject({ type: 'notebook', file: { filePath: file } })
    expect(made(answer, TEXT)).toBe(CHANGED)
    // The client takes its own answer for what the agent has.
    expect(await read({ stub: true })).toEqual({
      type: 'text',
      file: { filePath: file, content: CHANGED, numLines: 121, startLine: 1, totalLines: 121 },
    })
    expect(await read({ stub: true })).toBeUndefined()
    writeFileSync(file, TEXT)
    expect(made(await read(), CHANGED)).toBe(TEXT)
    expect(await read()).toBeUndefined()
  })

  it('is answered alike where its hook is done again, because nobody heard the answer', async () => {
    verifies('DIFF-1')
    const twice = async (asked: Asked) => {
      const first = await read(asked)
      expect(await read(asked)).toEqual(first)
      return first
    }
    expect(await twice({ use: 'toolu_1' })).toBeUndefined()
    writeFileSync(file, CHANGED)
    expect(made(await twice({ use: 'toolu_2' }), TEXT)).toBe(CHANGED)
    expect(await twice({ use: 'toolu_3', stub: true })).toMatchObject({ file: { content: CHANGED } })
    expect(await read({ use: 'toolu_4', stub: true })).toBeUndefined()
    expect(await read({ use: 'toolu_5' })).toMatchObject({ type: 'notebook' })
  })

  it.each<[string, () => unknown]>([
    ['a compaction', () => fire({ hook_event_name: 'SessionStart', source: 'compact' })],
    ['a compaction that begins', () => fire({ hook_event_name: 'PreCompact' })],
    ['the context fell without a word', () => grow(999)],
    ['nobody can say how large the context is', () => rmSync(transcript)],
    ['the kept text is gone', () => rmSync(root('diffs/texts'), { recursive: true })],
    [
      'the kept text was changed',
      () => {
        for (const name of readdirSync(root('diffs/texts')))
          writeFileSync(root(`diffs/texts/${name}`), 'other')
      },
    ],
    [
      'the log was cut short',
      () => {
        const [name] = readdirSync(root('diffs/sessions'))
        appendFileSync(root(`diffs/sessions/${name}`), '{"kind":"gi\n')
      },
    ],
    ['the file became another', () => writeFileSync(file, CHANGED.replaceAll('value', 'result'))],
    ['the switch is off again', () => writeFileSync(root('config.json'), '{}')],
  ])('is given whole after %s', async (_, happen) => {
    verifies('DIFF-1')
    await read()
    writeFileSync(file, CHANGED)
    await happen()
    expect(await read()).toBeUndefined()
  })

  it('is given whole to another agent, and where lines are named; an agent has a context of its own', async () => {
    verifies('DIFF-1')
    await read()
    writeFileSync(file, CHANGED)
    expect(await read({ offset: 1 })).toBeUndefined()
    expect(await read({ agent: 'x' })).toBeUndefined()
    grow(500, join(home.dir, 'work/s/subagents/agent-x.jsonl'))
    expect(await read({ agent: 'x' })).toBeUndefined()
    writeFileSync(file, TEXT)
    expect(made(await read({ agent: 'x' }), CHANGED)).toBe(TEXT)
  })

  it('leaves nothing where it is off, and hashes and texts for the user alone where it is on; undo takes them', async () => {
    writeFileSync(root('config.json'), '{}')
    await read()
    expect(existsSync(root('diffs'))).toBe(false)
    writeFileSync(root('config.json'), '{"diff.enabled": true}')
    await read()
    expect(readdirSync(root('diffs')).sort()).toEqual(['sessions', 'texts'])
    const [name] = readdirSync(root('diffs/sessions'))
    expect(readFileSync(root(`diffs/sessions/${name}`), 'utf8')).not.toContain('a.ts')
    for (const path of ['diffs', 'diffs/texts', 'diffs/sessions', `diffs/sessions/${name}`])
      expect(statSync(root(path)).mode & 0o077).toBe(0)
    await home.run('undo', '--yes')
    expect(existsSync(root('diffs'))).toBe(false)
  })
})
