import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { type DaemonHome, daemonHome, PROBE } from '../fixtures/daemon-home.ts'
import { writeLauncher } from '../fixtures/launched-agent.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

const REQUEST =
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"direct"}}}'

/** Runs a shell script, because Node can pass only UTF-8, with one request on stdin. */
async function asked(
  script: string,
  env: Record<string, string> = {},
): Promise<{ stdout: string; stderr: string }> {
  const child = spawn('/bin/sh', ['-c', script], { env: { ...home.env, ...env }, cwd: home.dir })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk))
  child.stdin.end(`${REQUEST}\n`)
  await new Promise((resolve) => child.once('close', resolve))
  return { stdout, stderr }
}

const BAD = String.raw`$(printf 'caf\351')`

it.each(['perl', 'node'])(
  'a directory, argument or declared variable that is not UTF-8 is left to the original server (%s)',
  async (relay) => {
    verifies('LAUNCH-5')
    home = daemonHome()
    home.define({ name: 'all', envNames: ['DECLARED'] })
    await home.start()
    const launcher = writeLauncher(home.paths, 'all', [process.execPath, PROBE])
    execFileSync('/bin/sh', ['-c', `mkdir "${home.dir}/${BAD}"`])
    const env = { MYCELIUM_RELAY: relay }
    for (const [what, script] of [
      ['cwd', `cd "${join(home.dir, BAD)}" && exec '${launcher}'`],
      ['arg', `exec '${launcher}' -- '${process.execPath}' '${PROBE}' "${BAD}"`],
      ['declared', `DECLARED="${BAD}" exec '${launcher}'`],
    ] as const) {
      const { stdout, stderr } = await asked(script, env)
      expect([what, stderr]).toEqual([what, expect.stringContaining('not_utf8')])
      expect([what, stdout]).toEqual([what, expect.stringContaining('"text":"direct"')])
    }
    const { stdout, stderr } = await asked(`OTHER="${BAD}" exec '${launcher}'`, env)
    expect([stderr, stdout]).toEqual(['', expect.stringContaining('"text":"direct"')])
  },
)
