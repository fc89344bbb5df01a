import { failedResult, type OwnTool, textResult } from '../own-tool.ts'
import { originalOf } from '../text-of.ts'

/** The original behind a handle, byte for byte. */
export const EXPAND: OwnTool = {
  name: 'expand',
  title: 'Get an original',
  description:
    'The exact original of a shortened text by the handle in its mark (my:…), or some of its lines.',
  inputSchema: {
    type: 'object',
    properties: {
      handle: { type: 'string' },
      range: { type: 'string', description: 'Lines, e.g. 40-60' },
    },
    required: ['handle'],
  },
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  run: async ({ handle, range }, { originals, expanded, count }) => {
    const lines = range === undefined ? undefined : linesOf(range)
    if (lines === null) return failedResult('range: lines counted from 1, as "40-60" or "40"')
    const text = originalOf(originals, handle, lines)
    expanded(String(handle).trim(), count(text))
    // Without data beside it: clients show one of the two, and only the text is the bytes.
    return textResult(text)
  },
}

function linesOf(range: unknown): { readonly from: number; readonly to: number } | null {
  const [, from, to = from] = /^\s*(\d{1,9})\s*(?:-\s*(\d{1,9}))?\s*$/.exec(String(range)) ?? []
  if (from === undefined || Number(from) < 1 || Number(to) < Number(from)) return null
  return { from: Number(from), to: Number(to) }
}
