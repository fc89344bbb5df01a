import type { OwnTool } from '../own-tool.ts'
import { CALL_TOOL } from './call-tool.ts'
import { FIND_TOOL } from './find-tool.ts'
import { USAGE_REPORT } from './usage-report.ts'

/** Every tool of mycelium's own server, in the order in which they are listed. All definitions together stay within 1,200 tokens (test/process/mcp.test.ts). */
export const OWN_TOOLS: readonly OwnTool[] = [FIND_TOOL, CALL_TOOL, USAGE_REPORT]

/** A definition as it goes to clients. */
export function definitionOf({ name, title, description, inputSchema, annotations }: OwnTool): object {
  return { name, title, description, inputSchema, annotations }
}
