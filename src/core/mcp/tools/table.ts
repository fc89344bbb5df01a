import type { OwnDefinition, OwnTool } from '../own-tool.ts'
import { CALL_TOOL } from './call-tool.ts'
import { COMPRESS_CONTENT } from './compress-content.ts'
import { EXPAND } from './expand.ts'
import { FIND_TOOL } from './find-tool.ts'
import { INSPECT_COMPRESSION } from './inspect-compression.ts'
import { LOAD_AGENT } from './load-agent.ts'
import { USAGE_REPORT } from './usage-report.ts'
import { VALIDATE_COMPRESSION } from './validate-compression.ts'

/** Every tool of mycelium's own server, in the order in which they are listed. All definitions together stay within 1,200 tokens (test/process/mcp.test.ts). */
export const OWN_TOOLS: readonly OwnTool[] = [
  FIND_TOOL,
  CALL_TOOL,
  EXPAND,
  COMPRESS_CONTENT,
  VALIDATE_COMPRESSION,
  INSPECT_COMPRESSION,
  LOAD_AGENT,
  USAGE_REPORT,
]

/** A definition as it goes to clients. */
export function definitionOf({ name, title, description, inputSchema, annotations }: OwnTool): OwnDefinition {
  return { name, title, description, inputSchema, annotations }
}
