import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { putHooks } from '../../clients/hook-edit.ts'
import { hookHost } from '../../clients/hook-hosts.ts'
import { type VerifyPlace, whyUnasked } from './ask-hook.ts'
import { startScriptedModel } from './model.ts'
import { type Canary, isGivenAway, probesFor, type VerifyRow } from './row.ts'
import { runProgram } from './run-program.ts'

const LIVE_LIMIT_MS = 120_000
const TOOLS = 'Read,Grep,Bash'

/**
 * The real Claude Code, in the real project with its deny rules, in a home of its own that holds our hook, if the user's does, and nothing else, against a model on
 * loopback that asks for one tool after the other; none of them writes. `visible` is a file that it must be able to read, or nothing is proven.
 */
export async function verifyClaudeLive(
  program: string,
  canary: Canary,
  visible: string,
  place: VerifyPlace,
): Promise<readonly VerifyRow[]> {
  const { project, where, quiet, clock, signal } = place
  const probes = probesFor(canary, project).filter(({ tool }) => /^(Read|Grep|Bash)$/.test(tool))
  const control = { tool: 'Read', input: { file_path: visible } }
  const model = await startScriptedModel([control, ...probes])
  const home = mkdtempSync(join(tmpdir(), 'mycelium-verify-'))
  try {
    mkdirSync(join(home, '.claude'))
    const host = hookHost('claude-code', { ...where, env: {}, home })!
    const wish = {
      host,
      quiet,
      hooks: false,
      statusline: false,
      guards: whyUnasked('claude-code', place) === undefined,
    }
    writeFileSync(host.file, putHooks('', wish).text)
    const env = {
      PATH: where.env.PATH,
      HOME: home,
      ANTHROPIC_BASE_URL: model.url,
      ANTHROPIC_API_KEY: 'none',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
    }
    const args = [
      '-p',
      'verify',
      '--tools',
      TOOLS,
      '--allowedTools',
      TOOLS,
      '--strict-mcp-config',
      '--setting-sources',
      'user,local',
    ]
    await runProgram({ command: program, args, cwd: project, env, limitMs: LIVE_LIMIT_MS, clock, signal })
    const [seen, ...answers] = model.answers
    const works = seen !== undefined && !/denied|tool_use_error/i.test(seen)
    return probes.map((probe, i): VerifyRow => {
      const answer = works ? answers[i] : undefined
      const row = { client: 'claude-code (live)', tool: probe.name }
      if (answer === undefined)
        return {
          ...row,
          result: 'not tested',
          by: works ? 'it asked no further' : 'a visible file could not be read either',
        }
      if (isGivenAway(answer, probe, canary))
        return {
          ...row,
          result: 'READABLE',
          by: `it came back: ${answer.replace(/\s+/g, ' ').slice(0, 200)}`,
        }
      if (/command not found/.test(answer))
        return { ...row, result: 'not tested', by: 'the program is not here' }
      return { ...row, result: 'unreadable', by: answer.replace(/\s+/g, ' ').slice(0, 80) }
    })
  } finally {
    model.close()
    rmSync(home, { recursive: true, force: true })
  }
}
