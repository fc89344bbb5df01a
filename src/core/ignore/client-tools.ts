import { realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { judgeAll, type ToolUse, type Verdict } from './guard.ts'
import type { Guard } from './guard-file.ts'

/** One use of a tool in its client's own words, as its hook is given it. */
export interface ClientUse extends Omit<ToolUse, 'unfiltered'> {
  readonly client: string
  /** Of an MCP server, where the name of the tool does not say so. */
  readonly isMcp: boolean
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Whether it may go on. The judge knows Claude Code's tools; those of others are put to it in their words, each file of several by itself. What it
 * has rewritten is in the client's words again.
 */
export function judgeUse(use: ClientUse, guards: readonly Guard[]): Verdict {
  const translate = Object.hasOwn(CLIENTS, use.client) ? CLIENTS[use.client] : undefined
  const { tool, input, cwd, env } = use
  const uses = translate === undefined ? [{ tool, input, cwd, env }] : translate(use, Object(input))
  let verdict: Verdict = { kind: 'pass' }
  for (const one of uses) {
    const own = judgeAll(one, guards)
    if (own.kind === 'deny') return own
    // Of several uses one at most is the tool's own: only that can have another input.
    if (own.kind === 'rewrite') verdict = own
  }
  return verdict
}

/** By client: what one use of a tool is in the judge's words; none where it opens no file. Names and inputs as measured in the clients (docs/usage.md). */
const CLIENTS: Readonly<Record<string, (use: ClientUse, fields: Fields) => readonly ToolUse[]>> = {
  codex: (use, fields) => {
    const as = (tool: string, input: unknown): ToolUse => ({ tool, input, cwd: use.cwd, env: use.env })
    const files = patched(fields.command).map(([tool, path]) => as(tool, { file_path: path }))
    if (use.tool === 'apply_patch') return files
    // A command that runs apply_patch with a here-document is made by Codex itself.
    if (use.tool === 'Bash' && /\bapply_?patch\b/.test(String(fields.command))) {
      const [, ...words] = CD_FIRST.exec(String(fields.command)) ?? []
      const cwd = resolve(use.cwd, words.find((word) => word !== undefined) ?? '')
      return [...files.map((one) => ({ ...one, cwd })), as(use.tool, use.input)]
    }
    if (use.tool === 'view_image') return [as('Read', { file_path: fields.path })]
    if (use.tool === 'read_mcp_resource') return [as('mcp__resource', fields)]
    return [as(use.tool, use.input)]
  },
  'gemini-cli': (use, fields) => {
    const { env, isMcp } = use
    const folder = text(fields, 'dir_path', 'directory', 'path')
    const as = (tool: string, input: Fields, more: Partial<ToolUse> = {}): ToolUse => ({
      ...{ tool, input, cwd: use.cwd, env },
      ...more,
    })
    if (isMcp || use.tool === 'read_mcp_resource') return [as('mcp__', fields)]
    switch (use.tool) {
      case 'read_file':
        return [as('Read', { file_path: text(fields, 'file_path', 'absolute_path', 'path') })]
      case 'read_many_files':
        return texts(fields.include ?? fields.paths).map((pattern) => as('Glob', { pattern }))
      case 'write_file':
        return [as('Write', { file_path: fields.file_path })]
      case 'replace':
        return [as('Edit', { file_path: fields.file_path })]
      case 'list_directory':
        return [as('LS', { path: folder })]
      case 'glob':
        return [as('Glob', { path: folder, pattern: fields.pattern })]
      case 'grep_search':
      case 'search_file_content': {
        const glob = text(fields, 'include_pattern', 'include')
        const unfiltered = fields.no_ignore === true || !hasTrustedRipgrep(use)
        return [as('Grep', { path: folder, glob }, { unfiltered })]
      }
      case 'run_shell_command':
        return [as('Bash', fields, { cwd: folder === undefined ? use.cwd : resolve(use.cwd, folder) })]
      default:
        return []
    }
  },
}

/** The one thing that Codex takes before it. */
const CD_FIRST = /^\s*cd\s+(?:'([^']*)'|"([^"]*)"|([^\s'"&;|]+))\s*&&\s*apply_?patch\b/

/** The files that a patch in Codex's language opens: changed and deleted ones, and those that it writes anew. Codex takes these lines indented, too. */
function patched(patch: unknown): readonly (readonly [tool: 'Edit' | 'Write', path: string])[] {
  if (typeof patch !== 'string') return []
  return [...patch.matchAll(/^[^\S\n]*\*\*\* (Update File|Delete File|Add File|Move to): (.+)$/gm)].map(
    ([, what, path]) => [/^(Update|Delete)/.test(what!) ? 'Edit' : 'Write', path!.trim()] as const,
  )
}

/** Where Gemini CLI takes a ripgrep from; any other, or none, and its search is one that leaves out nothing but what git ignores (0.61.0). */
const TRUSTED =
  /^\/(usr\/bin|bin|usr\/local\/bin|opt\/homebrew\/(bin|Cellar)|usr\/local\/Cellar|usr\/sbin|sbin)\//

/** Whether it finds one there. */
export function hasTrustedRipgrep({ env, cwd }: Pick<ClientUse, 'env' | 'cwd'>): boolean {
  for (const directory of (env.PATH ?? '').split(':')) {
    try {
      const real = realpathSync(join(resolve(cwd, directory), 'rg'))
      if (statSync(real).isFile()) return TRUSTED.test(real) && !real.startsWith(`${cwd}/`)
    } catch {
      // Not here.
    }
  }
  return false
}

function text(fields: Fields, ...keys: readonly string[]): string | undefined {
  const found = keys.map((key) => fields[key]).find((value) => typeof value === 'string' && value !== '')
  return found as string | undefined
}

function texts(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.filter((one): one is string => typeof one === 'string')
}
