import { textAsRead } from './claude-read.ts'
import type { ToolRead } from './tool-read.ts'

/**
 * A file that a tool of an MCP server was asked for by its path alone, and what it answered, from the input of Claude Code's PostToolUse hook. Whether
 * that is the file's text is for the caller to compare; a tool with other arguments, or with another answer than one text, is not understood
 * and stays as it is. Claude Code 2.1.197 gives the hook the JSON of `structuredContent` where there is one, else the blocks.
 */
export function mcpRead(input: unknown): ToolRead | undefined {
  const { tool_input: asked, tool_response: given } = Object(input)
  const values = Object.values(Object(asked))
  const [file] = values
  if (values.length !== 1 || typeof file !== 'string' || file === '') return undefined
  const text = textIn(given)
  if (text === undefined || text === '') return undefined
  const content = textAsRead(Buffer.from(text))
  const lines = content.split('\n').length
  return {
    file,
    whole: true,
    offset: 1,
    limit: undefined,
    answer: { content, from: 1, to: lines, of: lines },
    numbered: false,
  }
}

function textIn(given: unknown): string | undefined {
  if (typeof given === 'string') return onlyText(parsed(given)) ?? given
  const blocks = Array.isArray(given) ? given : Object(given).content
  if (!Array.isArray(blocks) || blocks.length !== 1) return undefined
  const { type, text } = Object(blocks[0])
  return type === 'text' && typeof text === 'string' ? text : undefined
}

/** The text of `{ content: "…" }`, whatever the member is called. */
function onlyText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const values = Object.values(value)
  return values.length === 1 && typeof values[0] === 'string' ? values[0] : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What the hook prints to put a text in the place of an MCP tool's answer. */
export function replacingMcp(text: string): string {
  const output = [{ type: 'text', text }]
  return JSON.stringify({
    hookSpecificOutput: { hookEventName: 'PostToolUse', updatedMCPToolOutput: output },
  })
}
