import type { ToolRead } from './tool-read.ts'

/**
 * What Claude Code's Read tool was asked for and has answered, from the input of its PostToolUse hook. Anything but a text file (images, notebooks,
 * PDF), and whatever this version does not know, is undefined: it stays as it is.
 */
export function claudeRead(input: unknown): ToolRead | undefined {
  const { tool_input: asked, tool_response: given } = Object(input)
  const { file_path: file, offset, limit, pages } = Object(asked)
  if (typeof file !== 'string' || pages !== undefined) return undefined
  if (!isCount(offset) || !isCount(limit)) return undefined
  const { type, file: answered } = Object(given)
  const read = {
    file,
    whole: offset === undefined && limit === undefined,
    offset: Math.max(1, offset ?? 1),
    limit,
    numbered: true,
  }
  if (type === 'file_unchanged') return { ...read, answer: 'stub' }
  const { content, numLines, startLine, totalLines } = Object(answered)
  if (type !== 'text' || typeof content !== 'string' || content === '') return undefined
  if (![numLines, startLine, totalLines].every(Number.isSafeInteger)) return undefined
  return { ...read, answer: { content, from: startLine, to: startLine + numLines - 1, of: totalLines } }
}

function isCount(value: unknown): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)
}

/** A file's text as Read shows it: without byte order mark, lines ending with `\n`. */
export function textAsRead(bytes: Buffer): string {
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe
  return bytes
    .toString(isWide ? 'utf16le' : 'utf8')
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n')
}

/** The tool's own answer with these lines of a text; the client numbers them. */
export function textOutput(file: string, lines: readonly string[], from: number, to: number): object {
  const content = lines.slice(from - 1, to).join('\n')
  return {
    type: 'text',
    file: { filePath: file, content, numLines: to - from + 1, startLine: from, totalLines: lines.length },
  }
}

/**
 * A text that brings its own line numbers. An answer of type text is numbered by the client from one line on, which would put wrong numbers before
 * the right ones; the cells of a notebook are passed on as they are. Where a version of the client does not take it, it gives the file whole.
 */
export function ownOutput(file: string, text: string): object {
  // A cell of Python is the one kind that the client adds no mark to.
  const cell = { cell_id: 'outline', cellType: 'code', language: 'python', source: text }
  return { type: 'notebook', file: { filePath: file, cells: [cell] } }
}

/** What the hook prints to put another answer in the place of a tool's. */
export function replacing(output: object): string {
  return JSON.stringify({ hookSpecificOutput: { hookEventName: 'PostToolUse', updatedToolOutput: output } })
}
