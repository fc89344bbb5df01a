import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startModel } from '../../bench/model-endpoint.ts'
import { apply } from '../../src/core/diff/apply.ts'
import { parse } from '../../src/core/diff/parse.ts'
import { ended } from '../fixtures/built-cli.ts'
import { type ClientHome, clientHome } from '../fixtures/client-home.ts'
import { sourceOf } from '../fixtures/parsed-files.ts'
import { realClient } from '../fixtures/real-clients.ts'
import { verifies } from '../requirements.ts'

const LIMIT_S = 120
const TEXT = sourceOf(10, 30).text

describe('the real Claude Code', () => {
  let claude = ''
  let home: ClientHome
  let file = ''
  beforeAll(() => {
    claude = realClient('claude')
  }, 600_000)
  beforeEach(async () => {
    home = clientHome()
    file = join(home.sandbox.project, 'a.ts')
    writeFileSync(file, TEXT)
    await home.mycelium('init', '--hooks', '--yes')
    expect(await home.mycelium('config', 'set', 'diff.enabled=true')).toMatchObject({ code: 0 })
  })
  afterEach(() => home.close())

  it('reads what its edit changed as a difference, may edit by that, and has the file when it reads once more', async () => {
    verifies('DIFF-1')
    const edit = (from: string, to: string) => ({ file_path: file, old_string: from, new_string: to })
    const steps = [
      ['Read', { file_path: file }],
      ['Edit', edit("work(0, 2, 'some text", "work(0, 2, 'other text")],
      ['Read', { file_path: file }],
      ['Edit', edit("work(0, 2, 'other text", "work(0, 2, 'third text")],
      ['Read', { file_path: file }],
      ['Read', { file_path: file }],
    ] as const
    const results = new Map<string, { content: unknown; is_error?: boolean }>()
    let asked = 0
    const model = await startModel(({ tools, messages }) => {
      for (const { content } of messages ?? [])
        for (const block of Array.isArray(content) ? content : [])
          if (block.type === 'tool_result') results.set(block.tool_use_id, block)
      const step = tools?.some(({ name }) => name === 'Read') ? steps[asked] : undefined
      if (step === undefined) return { type: 'text', text: 'Done.' }
      return { type: 'tool_use', id: `toolu_${asked++}`, name: step[0], input: step[1] }
    })
    try {
      const env = {
        ...home.sandbox.env,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'not-a-key',
      }
      const words = ['-s', 'KILL', String(LIMIT_S), claude, '-p', 'go', '--allowedTools', 'Read,Edit']
      expect(await ended('timeout', words, env, home.sandbox.project)).toMatchObject({ code: 0 })
    } finally {
      model.close()
    }
    const text = (step: number): string => {
      const { content, is_error } = results.get(`toolu_${step}`)!
      expect(is_error ?? false).toBe(false)
      return typeof content === 'string' ? content : (content as [{ text: string }])[0].text
    }
    const numbered = (whole: string) =>
      whole
        .split('\n')
        .map((line, i) => `${i + 1}\t${line}`)
        .join('\n')
    const second = TEXT.replace("work(0, 2, 'some text", "work(0, 2, 'other text")
    const third = TEXT.replace("work(0, 2, 'some text", "work(0, 2, 'third text")
    expect(text(0)).toBe(numbered(TEXT))
    expect(text(1)).toContain('has been updated')
    const patch = (answer: string) => {
      const from = answer.indexOf('--- ')
      const written = parse(answer.slice(from, answer.indexOf('</', from)).replace(/\n?$/, '\n'))
      return written.kind === 'patch' ? written.patch : undefined
    }
    expect(text(2)).toContain('has changed since you read all of it')
    expect(apply(TEXT, patch(text(2))!)).toBe(second)
    expect(text(3)).toContain('has been updated')
    // Against the text, not upon the other patch.
    expect(apply(TEXT, patch(text(4))!)).toBe(third)
    expect(text(5)).toBe(numbered(third))
    expect(readFileSync(file, 'utf8')).toBe(third)
  }, 300_000)
})
