import { spawn } from 'node:child_process'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { builtCli } from '../fixtures/built-cli.ts'
import { type DaemonHome, daemonHome } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

const INPUT = {
  session_id: 's',
  cwd: '/w',
  model: { id: 'claude-opus-5-5', display_name: 'Opus 5.5' },
  cost: { total_cost_usd: 1.2345, total_duration_ms: 3 },
  context_window: { context_window_size: 200_000, used_percentage: 37.4, total_input_tokens: 74_000 },
}
const PLAIN = 'Opus 5.5 · $1.23 · 37% of 200k'

let bin: string
beforeAll(() => {
  bin = builtCli()
})

function status(input: string, env: NodeJS.ProcessEnv): Promise<readonly [number | null, string, string]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, 'statusline'], { env, stdio: 'pipe' })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.on('error', reject)
    child.on('close', (code) => resolve([code, stdout, stderr]))
  })
}

const nowhere = { HOME: '/nowhere', NO_COLOR: '1' }

describe('mycelium statusline', () => {
  let home: DaemonHome | undefined
  afterEach(() => home?.close())

  it('says model, cost and context in one line, without a daemon', async () => {
    verifies('CLI-2')
    expect(await status(JSON.stringify(INPUT), nowhere)).toEqual([0, `${PLAIN}\n`, ''])
  })

  it('says what the daemon keeps warm', async () => {
    verifies('CLI-2')
    home = daemonHome()
    home.define({ name: 'probe' })
    const agent = await home.agent('probe')
    await agent.initialize()
    const env = { HOME: home.dir, MYCELIUM_HOME: home.paths.root, NO_COLOR: '1' }
    const lines: string[] = []
    // On a busy machine a line may have to go without: it waits 20 ms.
    for (let i = 0; i < 20 && !lines.at(-1)?.includes('warm'); i++)
      lines.push((await status(JSON.stringify(INPUT), env))[1])
    expect(lines.at(-1)).toMatch(/^Opus 5\.5 · \$1\.23 · 37% of 200k · \d warm, 1 session\n$/)
  })

  it.each([
    ['no JSON', 'nope', ''],
    ['nothing', '', ''],
    ['a list', '[]', ''],
    ['other types', '{"model":7,"cost":"x","context_window":[]}', ''],
    [
      'no percentage',
      JSON.stringify({
        ...INPUT,
        context_window: { context_window_size: 1_000_000, total_input_tokens: 910_000 },
      }),
      'Opus 5.5 · $1.23 · 91% of 1M\n',
    ],
    ['a name that plays with the terminal', '{"model":{"display_name":"a\\u001b[2Jb\\nc"}}', undefined],
  ])('prints what it can of %s, and ends well', async (_, input, expected) => {
    const [code, stdout, stderr] = await status(input, nowhere)
    expect([code, stderr]).toEqual([0, ''])
    if (expected !== undefined) expect(stdout).toBe(expected)
    expect(stdout.split('\n').length).toBeLessThanOrEqual(2)
    expect(stdout).not.toContain('\u001b')
  })

  it('is coloured unless NO_COLOR is set', async () => {
    const [, stdout] = await status(JSON.stringify(INPUT), { HOME: '/nowhere' })
    expect(stdout).toContain('\u001b[32m37%')
  })
})
