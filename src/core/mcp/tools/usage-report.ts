import { type OwnTool, textResult } from '../own-tool.ts'

/** What agents used: tokens, cost, calls. */
export const USAGE_REPORT: OwnTool = {
  name: 'usage_report',
  title: 'Usage report',
  description: 'Tokens, cost and tool calls of coding agents on this machine, by day.',
  inputSchema: {
    type: 'object',
    properties: { period: { type: 'string', description: 'E.g. 24h, 7d (default), 2026-01-31' } },
  },
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  run: async ({ period }, { usage }) => {
    const { text, data } = await usage(typeof period === 'string' ? period : undefined)
    return textResult(text, data)
  },
}
