import type { Compression } from '../../compress/strategy.ts'
import { type OwnTool, textResult } from '../own-tool.ts'
import { originalOf } from '../text-of.ts'

/** Passages that one answer lists. */
const MAX_LEFT_OUT = 100

/** What was done to a text, without the text. */
export const INSPECT_COMPRESSION: OwnTool = {
  name: 'inspect_compression',
  title: 'Inspect a compression',
  description: 'How the text behind a handle was shortened: steps, tokens, line ranges left out.',
  inputSchema: { type: 'object', properties: { handle: { type: 'string' } }, required: ['handle'] },
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  run: async ({ handle }, { originals, count }) => {
    const original = originalOf(originals, handle)
    const known = originals.noteOf(String(handle).trim()) as Compression | undefined
    const size = {
      handle: String(handle).trim(),
      bytes: Buffer.byteLength(original),
      lines: linesIn(original),
    }
    if (known === undefined) {
      const said = { ...size, tokensBefore: count(original), steps: null }
      return textResult(`${size.handle} is kept; nothing is on record of what became of it.`, said)
    }
    const { kind, tokensBefore, tokensAfter, strategies, lossless, steps, leftOut, verdict } = known
    const said = {
      ...size,
      ...{ kind, tokensBefore, tokensAfter, strategies, lossless },
      steps: steps.map(({ strategy, tokensBefore, tokensAfter, taken, because }) => ({
        ...{ strategy, tokensBefore, tokensAfter, taken, because },
      })),
      leftOut: leftOut.slice(0, MAX_LEFT_OUT),
      ...(leftOut.length > MAX_LEFT_OUT && { leftOutInAll: leftOut.length }),
      ...(verdict && { similarity: verdict.similarity, tier: verdict.tier }),
    }
    return textResult(JSON.stringify(said), said)
  },
}

function linesIn(text: string): number {
  return text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}
