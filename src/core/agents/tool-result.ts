import { claudeRead, textOutput } from '../budget/claude-read.ts'
import { cutText, linesWithin } from './cut-text.ts'

/** What a tool of Claude Code answered, as its PostToolUse hook has it. */
export interface ToolResult {
  /** What the agent gets to read of it, as far as it is text. */
  readonly text: string
  /**
   * The same with at most about so many code units of text, as the client takes it; undefined for a shape that is not known, which stays as it is. `gap` says what
   * stands in the place of lines that were left out.
   */
  cut(most: number, gap: Gap): Replaced | undefined
}

/** What is said of so many lines left out. Kept: the whole text can be read elsewhere; else it is read on from line `next` of the same file. */
export type Gap = (lines: number) => string

/** Another answer in the place of the tool's. */
export interface Replaced {
  readonly output: { readonly updatedToolOutput: object } | { readonly updatedMCPToolOutput: object }
  readonly text: string
  /** For a file that was shown up to some line: the first one that was not. */
  readonly next: number | undefined
}

/** A result by its tool; `input` is all of the hook's input. */
export function toolResult(tool: string, input: unknown): ToolResult {
  const { tool_response: response } = Object(input)
  if (tool === 'Read') return readResult(input)
  if (tool === 'Bash') return bashResult(response)
  if (tool.startsWith('mcp__')) return mcpResult(response)
  return {
    text: typeof response === 'string' ? response : (JSON.stringify(response) ?? ''),
    cut: () => undefined,
  }
}

function readResult(input: unknown): ToolResult {
  const read = claudeRead(input)
  if (read === undefined) {
    // An image or a notebook: its text is not what it weighs.
    return { text: '', cut: () => undefined }
  }
  const { answer, file } = read
  if (answer === 'stub') return { text: '', cut: () => undefined }
  return {
    text: answer.content,
    cut: (most) => {
      const lines = answer.content.split('\n')
      const count = linesWithin(lines, most)
      if (count >= lines.length) return undefined
      // Numbered by the client from where it began.
      const padded = [...Array<string>(answer.from - 1).fill(''), ...lines]
      const to = answer.from + count - 1
      const output = textOutput(file, padded, answer.from, to) as { file: { totalLines: number } }
      output.file.totalLines = answer.of
      return {
        output: { updatedToolOutput: output },
        text: lines.slice(0, count).join('\n'),
        next: to + 1,
      }
    },
  }
}

function bashResult(response: unknown): ToolResult {
  const { stdout, stderr } = Object(response)
  if (typeof stdout !== 'string') return { text: '', cut: () => undefined }
  const rest = typeof stderr === 'string' ? stderr : ''
  return {
    text: stdout + rest,
    cut: (most, gap) => {
      // Errors are short and what matters most: they stay.
      const text = cutText(stdout, Math.max(200, most - rest.length), gap)
      if (text.length >= stdout.length) return undefined
      return {
        output: { updatedToolOutput: { ...Object(response), stdout: text } },
        text: text + rest,
        next: undefined,
      }
    },
  }
}

function mcpResult(response: unknown): ToolResult {
  const blocks: unknown = Array.isArray(response) ? response : Object(response).content
  const texts = typeof response === 'string' ? [response] : textsIn(blocks)
  if (texts === undefined) return { text: JSON.stringify(response) ?? '', cut: () => undefined }
  const text = texts.join('\n')
  return {
    text,
    cut: (most, gap) => {
      const short = cutText(text, most, gap)
      if (short.length >= text.length) return undefined
      return {
        output: { updatedMCPToolOutput: [{ type: 'text', text: short }] },
        text: short,
        next: undefined,
      }
    },
  }
}

/** Undefined where anything else than text is among the blocks. */
function textsIn(blocks: unknown): readonly string[] | undefined {
  if (!Array.isArray(blocks)) return undefined
  const texts = blocks.flatMap((block) => {
    const { type, text } = Object(block)
    return type === 'text' && typeof text === 'string' ? [text] : []
  })
  return texts.length === blocks.length ? texts : undefined
}
