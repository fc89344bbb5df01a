import { join } from 'node:path'
import { judgeAll, type Verdict } from '../ignore/guard.ts'
import { guardFor } from '../ignore/guard-file.ts'

/** Whether the files that a project hides stand in the way of what a client is about to do. `root` is mycelium's own. Throws for input that is no JSON. */
export function guarded(input: Buffer, root: string, env: NodeJS.ProcessEnv): Verdict {
  const { cwd, tool_name: tool, tool_input: toolInput } = Object(JSON.parse(input.toString('utf8')))
  const at = typeof cwd === 'string' && cwd.startsWith('/') ? cwd : undefined
  const directory = join(root, 'ignore')
  const project = env.CLAUDE_PROJECT_DIR
  // An agent that has gone elsewhere is still in its project, also where that place has a guard of its own.
  const guards = [at, project?.startsWith('/') ? project : undefined].flatMap(
    (from) => (from && guardFor(directory, from)) || [],
  )
  if (guards.length === 0 || typeof tool !== 'string') return { kind: 'pass' }
  return judgeAll({ tool, input: toolInput, cwd: at ?? guards[0]!.project, env }, guards)
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

/** A verdict as Claude Code takes it from a PreToolUse hook; nothing where the tool may go on. Without a decision a rewritten input still asks for leave. */
export function answerOf(verdict: Verdict): string {
  if (verdict.kind === 'pass') return ''
  const decision =
    verdict.kind === 'deny'
      ? { permissionDecision: 'deny', permissionDecisionReason: verdict.reason }
      : { updatedInput: verdict.input, additionalContext: verdict.note }
  return `${JSON.stringify({ hookSpecificOutput: { hookEventName: 'PreToolUse', ...decision } })}\n`
}
