import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judgeUse } from '../../src/core/ignore/client-tools.ts'
import type { Guard } from '../../src/core/ignore/guard-file.ts'
import { verifies } from '../requirements.ts'

let project = ''
let guard: Guard
beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
  for (const path of ['old/a.ts', 'src/legacy.ts', 'src/main.ts', 'docs/x.md']) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), `needle in ${path}\n`)
  }
  guard = { version: 1, project, directories: ['old'], files: ['src/legacy.ts'] }
})
afterAll(() => rmSync(project, { recursive: true }))

function judge(client: string, tool: string, input: object, more: { isMcp?: boolean; path?: string } = {}) {
  const given = JSON.parse(JSON.stringify(input).replaceAll('{P}', project)) as object
  // No directory has a ripgrep that Gemini CLI would take, unless a test says so.
  const env = { HOME: '/home/u', PATH: more.path ?? project }
  return judgeUse({ client, tool, input: given, cwd: project, env, isMcp: more.isMcp === true }, [guard])
}
const patch = (lines: string) => ({ command: `*** Begin Patch\n${lines}\n*** End Patch` })

describe('tools of other clients, in the words of the judge', () => {
  it.each([
    ['gemini-cli', 'read_file', { file_path: 'src/legacy.ts' }],
    ['gemini-cli', 'read_file', { absolute_path: '{P}/old/a.ts' }],
    ['gemini-cli', 'read_many_files', { include: ['src/main.ts', 'old/**'] }],
    ['gemini-cli', 'read_many_files', { paths: ['src/legacy.ts'] }],
    ['gemini-cli', 'write_file', { file_path: 'old/a.ts', content: 'x' }],
    ['gemini-cli', 'replace', { file_path: 'src/legacy.ts', old_string: 'a', new_string: 'b' }],
    ['gemini-cli', 'list_directory', { dir_path: 'old' }],
    ['gemini-cli', 'glob', { pattern: '*.ts', dir_path: 'old' }],
    ['gemini-cli', 'grep_search', { pattern: 'x', dir_path: 'old' }],
    ['gemini-cli', 'search_file_content', { pattern: 'x', path: 'old' }],
    ['gemini-cli', 'grep_search', { pattern: 'x', include_pattern: 'old/**' }],
    // Nothing leaves hidden files out of these two.
    ['gemini-cli', 'grep_search', { pattern: 'x' }],
    ['gemini-cli', 'grep_search', { pattern: 'x', dir_path: 'src', no_ignore: true }],
    ['gemini-cli', 'run_shell_command', { command: 'cat a.ts', dir_path: 'old' }],
    ['gemini-cli', 'run_shell_command', { command: 'cat src/legacy.ts' }],
    ['gemini-cli', 'read_mcp_resource', { uri: 'file://{P}/old/a.ts' }],
    ['codex', 'Bash', { command: 'cat old/a.ts' }],
    ['codex', 'view_image', { path: 'old/a.ts' }],
    [
      'codex',
      'apply_patch',
      patch('*** Update File: src/main.ts\n@@\n-a\n+b\n*** Update File: src/legacy.ts\n@@\n-a\n+b'),
    ],
    ['codex', 'apply_patch', patch('*** Delete File: old/a.ts')],
    ['codex', 'Bash', { command: `apply_patch <<'EOF'\n${patch('*** Delete File: old/a.ts').command}\nEOF` }],
    [
      'codex',
      'Bash',
      { command: `cd old && apply_patch <<'EOF'\n${patch('*** Delete File: a.ts').command}\nEOF` },
    ],
    [
      'codex',
      'Bash',
      { command: `cd "old" && apply_patch <<'EOF'\n${patch('*** Delete File: a.ts').command}\nEOF` },
    ],
    ['codex', 'apply_patch', patch('*** Add File: new.ts\n+x\n \t*** Delete File: old/a.ts')],
    ['codex', 'apply_patch', patch('*** Update File: docs/x.md\n*** Move to: src/legacy.ts\n@@\n-a\n+b')],
    ['codex', 'read_mcp_resource', { server: 'fs', uri: 'file://{P}/old/a.ts' }],
    ['codex', 'mcp__fs__read', { path: '{P}/src/legacy.ts' }],
  ])('%s: refuses %s %j', (client, tool, input) => {
    verifies('IGNORE-1')
    expect(judge(client, tool, input)).toMatchObject({
      kind: 'deny',
      reason: expect.stringContaining('mycelium ignore allow'),
    })
  })

  it.each([
    ['gemini-cli', 'read_file', { file_path: 'src/main.ts' }],
    ['gemini-cli', 'read_many_files', { include: ['**/*'] }],
    ['gemini-cli', 'write_file', { file_path: 'old/new.ts', content: 'x' }],
    ['gemini-cli', 'list_directory', { dir_path: '.' }],
    ['gemini-cli', 'glob', { pattern: '**/*.ts' }],
    ['gemini-cli', 'grep_search', { pattern: 'old/a.ts', dir_path: 'docs', no_ignore: true }],
    ['gemini-cli', 'run_shell_command', { command: 'cat main.ts', dir_path: 'src' }],
    ['gemini-cli', 'run_shell_command', { command: 'ls old' }],
    ['gemini-cli', 'web_fetch', { prompt: 'old/a.ts' }],
    ['gemini-cli', 'write_todos', { todos: ['old/a.ts'] }],
    ['gemini-cli', 'read_file', 7],
    ['gemini-cli', 'read_many_files', { include: { a: 1 } }],
    ['codex', 'Bash', { command: 'cat src/main.ts' }],
    ['codex', 'apply_patch', patch('*** Update File: src/main.ts\n@@\n-a\n+*** old/a.ts')],
    ['codex', 'apply_patch', patch('*** Add File: old/later.ts\n+x')],
    ['codex', 'apply_patch', { command: 7 }],
    [
      'codex',
      'Bash',
      { command: `apply_patch <<'EOF'\n${patch('*** Delete File: src/main.ts').command}\nEOF` },
    ],
    ['codex', 'Bash', { command: "cat <<'EOF'\n*** Delete File: old/a.ts\nEOF" }],
    ['codex', 'update_plan', { plan: 'old/a.ts' }],
    ['other', 'read_file', { file_path: 'old/a.ts' }],
  ])('%s: lets %s %j pass', (client, tool, input) => {
    expect(judge(client, tool, input as object)).toEqual({ kind: 'pass' })
  })

  it('gives a rewritten command back whole, in the words of the client', () => {
    const input = { command: 'grep -rn needle .', description: 'd', dir_path: '.' }
    const verdict = judge('gemini-cli', 'run_shell_command', input)
    expect(verdict).toMatchObject({ kind: 'rewrite', input: { description: 'd', dir_path: '.' } })
    expect(JSON.stringify(verdict)).not.toContain('legacy.ts ')
    const both = `grep -rn needle . && apply_patch <<'EOF'\n${patch('*** Add File: x.ts\n+x').command}\nEOF`
    expect(judge('codex', 'Bash', { command: both }).kind).toBe('rewrite')
  })

  it('judges a tool of an MCP server by its input, where Gemini CLI says that it is one', () => {
    const input = { path: '{P}/old/a.ts' }
    expect(judge('gemini-cli', 'mcp_fs_read', input, { isMcp: true })).toMatchObject({ kind: 'deny' })
    expect(judge('gemini-cli', 'save_memory', input)).toEqual({ kind: 'pass' })
  })
})
