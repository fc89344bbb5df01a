import { closeSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { judgeUse } from '../ignore/client-tools.ts'
import type { Verdict } from '../ignore/guard.ts'
import { guardFor } from '../ignore/guard-file.ts'
import { openRegular } from '../regular-file.ts'

/** The first line of a transcript has the directory near its start. */
const HEAD_BYTES = 16 * 1024

/** Whether the files that a project hides stand in the way of what a client is about to do. `root` is mycelium's own. Throws for input that is no JSON. */
export function guarded(input: Buffer, root: string, env: NodeJS.ProcessEnv, client: string): Verdict {
  const asked = Object(JSON.parse(input.toString('utf8')))
  const { cwd, tool_name: tool, tool_input: toolInput } = asked
  const at = typeof cwd === 'string' && cwd.startsWith('/') ? cwd : undefined
  const directory = join(root, 'ignore')
  const project = env.CLAUDE_PROJECT_DIR || (client === 'codex' && startOf(asked.transcript_path)) || ''
  // An agent that has gone elsewhere is still in its project, also where that place has a guard of its own.
  const guards = [at, project.startsWith('/') ? project : undefined].flatMap(
    (from) => (from && guardFor(directory, from)) || [],
  )
  if (guards.length === 0 || typeof tool !== 'string') return { kind: 'pass' }
  const isMcp = Object(asked.mcp_context).server_name !== undefined
  return judgeUse({ client, tool, input: toolInput, cwd: at ?? guards[0]!.project, env, isMcp }, guards)
}

/** Where a session of Codex began: `cwd` of its hooks is that of the one command. */
function startOf(transcript: unknown): string | undefined {
  if (typeof transcript !== 'string') return undefined
  try {
    const fd = openRegular(transcript)
    try {
      const head = Buffer.alloc(HEAD_BYTES)
      const text = head.toString('utf8', 0, readSync(fd, head))
      const found = /"cwd":("(?:[^"\\]|\\.)*")/.exec(text)
      return found === null ? undefined : JSON.parse(found[1]!)
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}

/** What a verdict is on record as; undefined where nothing was done. */
export function deedOf(
  verdict: Verdict,
): { readonly action: 'refuse' | 'narrow'; readonly because: string } | undefined {
  if (verdict.kind === 'pass') return undefined
  return verdict.kind === 'deny'
    ? { action: 'refuse', because: 'the files are hidden' }
    : { action: 'narrow', because: 'the search would have met hidden files' }
}

/**
 * A verdict as the client takes it from its hook; nothing where the tool may go on. Claude Code asks for leave for a rewritten input that has no decision with
 * it; Codex takes none without `allow` and asks nevertheless; Gemini CLI asks after the hook, and tells the agent itself that the input is another.
 */
export function answerOf(verdict: Verdict, client: string): string {
  if (verdict.kind === 'pass') return ''
  const specific = (fields: object) => ({ hookSpecificOutput: { hookEventName: 'PreToolUse', ...fields } })
  const answer =
    verdict.kind === 'deny'
      ? client === 'gemini-cli'
        ? { decision: 'deny', reason: verdict.reason }
        : specific({ permissionDecision: 'deny', permissionDecisionReason: verdict.reason })
      : client === 'gemini-cli'
        ? { hookSpecificOutput: { hookEventName: 'BeforeTool', tool_input: verdict.input } }
        : specific({
            ...(client === 'codex' && { permissionDecision: 'allow' }),
            updatedInput: verdict.input,
            additionalContext: verdict.note,
          })
  return `${JSON.stringify(answer)}\n`
}
