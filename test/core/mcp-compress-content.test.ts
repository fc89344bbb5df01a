import { expect, it } from 'vitest'
import type { Surroundings } from '../../src/core/mcp/own-tool.ts'
import { COMPRESS_CONTENT } from '../../src/core/mcp/tools/compress-content.ts'
import type { JudgeOptions } from '../../src/core/verdict/judge.ts'
import { verifies } from '../requirements.ts'

const made = { signal: new AbortController().signal, progress: undefined }

it('the judge of compress_content is told which lines are gone, as that of every other way is', async () => {
  verifies('MCP-1', 'VALID-1')
  const passed = Array.from({ length: 40 }, (_, i) => `✓ case ${i} of the pool holds what it promised`)
  const asked: JudgeOptions[] = []
  const around = {
    count: (text: string) => text.length / 4,
    originals: { keep: () => 'my:0123456789', note: () => {} },
    judging: {
      judge: async (_: string, __: string, options: JudgeOptions) => {
        asked.push(options)
        throw new Error('only what it is asked counts here')
      },
    },
  } as unknown as Surroundings
  await COMPRESS_CONTENT.run(
    { content: [...passed, '✗ one fails'].join('\n'), strategy: 'passed', target: 20 },
    around,
    made,
  )
  expect(asked).toEqual([{ isReversible: true, gone: [{ from: 1, to: 40 }] }])
})
