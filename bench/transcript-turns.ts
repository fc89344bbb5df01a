import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toolSource } from '../src/core/diff/source.ts'

/** A result of a tool as it stands in a transcript, by what was asked for. */
export interface ToolResult {
  readonly source: string
  readonly text: string
}

/** One session: what each message added to its context, and the results of its tools, in order. */
export interface TurnsOfSession {
  readonly added: readonly string[]
  readonly results: readonly ToolResult[]
}

/** Sessions of Claude Code and Codex in a directory, at any depth; what is neither has no turns. */
export function sessionsIn(dir: string): readonly TurnsOfSession[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => turnsOf(readFileSync(join(dir, name), 'utf8')))
    .filter(({ added }) => added.length > 1)
}

function turnsOf(text: string): TurnsOfSession {
  const added: string[] = []
  const results: ToolResult[] = []
  const asked = new Map<string, string>()
  const ask = (id: string, tool: string, args: unknown) => {
    asked.set(id, toolSource('', tool, args))
    added.push(`assistant: ${tool} ${JSON.stringify(args)}\n`)
  }
  const give = (id: string, content: unknown) => {
    const given = textIn(content)
    results.push({ source: asked.get(id) ?? id, text: given })
    added.push(`tool: ${given}\n`)
  }
  for (const line of text.split('\n')) {
    const { type, message, payload } = Object(parsed(line))
    if (type === 'user' || type === 'assistant') {
      const { content } = Object(message)
      for (const block of Array.isArray(content) ? content : [{ type: 'text', text: content }]) {
        if (block.type === 'tool_use') ask(block.id, block.name, block.input)
        else if (block.type === 'tool_result') give(block.tool_use_id, block.content)
        else added.push(`${type}: ${textIn([block])}\n`)
      }
    } else if (type === 'response_item') {
      const { type: kind, call_id: id, name, arguments: args, output, role, content } = Object(payload)
      if (kind === 'function_call') ask(id, name, parsed(args) ?? args)
      else if (kind === 'function_call_output') give(id, output)
      else if (kind === 'message') added.push(`${role}: ${textIn(content)}\n`)
    }
  }
  return { added, results }
}

function textIn(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return JSON.stringify(content) ?? ''
  return content.map((block) => Object(block).text ?? Object(block).thinking ?? '').join('\n')
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
