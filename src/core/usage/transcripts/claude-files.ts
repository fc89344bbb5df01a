import { readFileSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { hasErrno } from '../../errors.ts'
import { below, foundFile, list } from './files.ts'
import type { FoundFile, Where } from './reader.ts'

const MAX_DEPTH = 6

/**
 * Claude Code's transcripts: a file for each session, one for each sub-agent below it (`<session>/subagents/agent-<id>.jsonl`, in older
 * versions beside it), in a directory named after the project's.
 */
export function findClaudeFiles({ home, env }: Where): FoundFile[] {
  const roots = env.CLAUDE_CONFIG_DIR
    ? env.CLAUDE_CONFIG_DIR.split(',').map((dir) => dir.trim())
    : [join(home, '.claude'), join(env.XDG_CONFIG_HOME || join(home, '.config'), 'claude')]
  const projects = new Set(
    roots.filter((root) => root !== '').flatMap((root) => real(join(root, 'projects'))),
  )
  return [...projects].flatMap((root) =>
    list(root)
      .filter((entry) => entry.isDirectory())
      .flatMap((entry) =>
        below(join(root, entry.name), MAX_DEPTH, (name) => name.endsWith('.jsonl')).flatMap((path) =>
          foundFile('claude-code', path, { slug: entry.name, agentType: agentTypeOf(path) }),
        ),
      ),
  )
}

function real(path: string): string[] {
  try {
    return [realpathSync(path)]
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP')) return []
    throw error
  }
}

function agentTypeOf(path: string): string {
  if (!basename(path).startsWith('agent-')) return ''
  try {
    const meta = JSON.parse(readFileSync(path.replace(/\.jsonl$/, '.meta.json'), 'utf8')) as {
      agentType?: unknown
    }
    return typeof meta.agentType === 'string' ? meta.agentType : ''
  } catch (error) {
    // Without one, or half-written: the entries may say it themselves.
    if (error instanceof SyntaxError || hasErrno(error, 'ENOENT', 'EACCES', 'EPERM')) return ''
    throw error
  }
}
