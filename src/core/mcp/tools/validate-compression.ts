import { MyceliumError } from '../../errors.ts'
import { type OwnTool, textResult } from '../own-tool.ts'
import { textOf } from '../text-of.ts'

/** Losses that one answer lists. */
const MAX_LOST = 50

/** Whether a shorter text may stand for its original. */
export const VALIDATE_COMPRESSION: OwnTool = {
  name: 'validate_compression',
  title: 'Validate a compression',
  description:
    'Whether a shorter text keeps meaning and facts of its original; lists each loss with its line.',
  inputSchema: {
    type: 'object',
    properties: {
      original: { type: 'string', description: 'Text or handle' },
      compressed: { type: 'string', description: 'Text or handle' },
    },
    required: ['original', 'compressed'],
  },
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  run: async ({ original, compressed }, { originals, judging }) => {
    const [before, after] = [
      textOf(originals, 'original', original),
      textOf(originals, 'compressed', compressed),
    ]
    const verdict = await judging.judge(before, after).catch((cause) => {
      throw new MyceliumError('internal', `nothing could judge it: ${(cause as Error).message}`, { cause })
    })
    const { pass, tier, similarity, coverage, facts, lost } = verdict
    const said = {
      ...{ pass, tier, similarity, coverage, facts },
      lost: lost.slice(0, MAX_LOST),
      ...(lost.length > MAX_LOST && { lostInAll: lost.length }),
    }
    return textResult(JSON.stringify(said), said)
  },
}
