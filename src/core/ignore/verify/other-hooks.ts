import { join } from 'node:path'
import ignore from 'ignore'
import { readConfig } from '../../config/config-text.ts'
import { MyceliumError } from '../../errors.ts'
import { hasTrustedRipgrep } from '../client-tools.ts'
import { askHook, type VerifyPlace, whyUnasked } from './ask-hook.ts'
import { type Canary, type Probe, rowFor, shellProbes, type VerifyRow } from './row.ts'

/** Clients beside Claude Code whose hook asks the guard. */
export const OTHER_GUARDED: readonly string[] = ['codex', 'gemini-cli']

const GEMINI_FILE = '.geminiignore'

/** Codex or Gemini CLI without either: the installed hook really run with the inputs that it would get, and what Gemini CLI leaves out by its ignore file. */
export async function verifyOther(
  client: string,
  canary: Canary,
  place: VerifyPlace,
): Promise<readonly VerifyRow[]> {
  const unasked = whyUnasked(client, place)
  const isLeftOut = client === 'gemini-cli' && leavesOut(place.project, canary.path)
  const rows: VerifyRow[] = []
  for (const probe of client === 'codex' ? codexProbes(canary) : geminiProbes(canary)) {
    // Its search holds to the file only with a ripgrep of the system.
    const byFile =
      isLeftOut && probe.byFile && (probe.searches !== true || hasTrustedRipgrep(asProcess(place)))
    const byHook = unasked ?? (await askHook(client, probe, canary, place))
    rows.push(rowFor(client, probe, byFile ? GEMINI_FILE : undefined, byHook))
  }
  return rows
}

interface OtherProbe extends Probe {
  /** The client's ignore file holds for it. */
  readonly byFile?: true
}

/** The attempts that Codex's tools allow, with the inputs that it gives its hooks (measured). */
function codexProbes({ file, path, mark }: Canary): readonly OtherProbe[] {
  const patch = `*** Begin Patch\n*** Update File: ${path}\n@@\n-${mark}\n+x\n*** End Patch`
  return [
    ...shellProbes({ file, path, mark }, 'exec_command', 'Bash', {}),
    { name: 'apply_patch', tool: 'apply_patch', input: { command: patch } },
    { name: 'view_image', tool: 'view_image', input: { path } },
    { name: 'MCP file tool', tool: 'mcp__filesystem__read_text_file', input: { path: file } },
  ]
}

/** The same of Gemini CLI. */
function geminiProbes({ file, path, mark }: Canary): readonly OtherProbe[] {
  const mcp = { mcp_context: { server_name: 'filesystem', tool_name: 'read_text_file' } }
  const search = { tool: 'grep_search', searches: true } as const
  return [
    { name: 'read_file', tool: 'read_file', input: { file_path: path }, byFile: true },
    { name: 'grep_search', ...search, input: { pattern: mark }, byFile: true },
    { name: 'grep_search no_ignore', ...search, input: { pattern: mark, no_ignore: true } },
    { name: 'replace', tool: 'replace', input: { file_path: path, old_string: mark, new_string: 'x' } },
    ...shellProbes({ file, path, mark }, 'run_shell_command', 'run_shell_command', { description: 'read' }),
    { name: 'MCP file tool', tool: 'mcp_filesystem_read_text_file', input: { path: file }, more: mcp },
  ]
}

function leavesOut(project: string, path: string): boolean {
  try {
    const text = readConfig(join(project, GEMINI_FILE))?.text
    return text !== undefined && ignore().add(text).ignores(path)
  } catch (error) {
    if (error instanceof MyceliumError) return false
    throw error
  }
}

function asProcess({ project, where }: VerifyPlace): Parameters<typeof hasTrustedRipgrep>[0] {
  return { cwd: project, env: where.env }
}
