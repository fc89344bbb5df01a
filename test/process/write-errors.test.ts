import { spawn } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Ended, ended } from '../fixtures/built-cli.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { verifies } from '../requirements.ts'

const home = cliHome()
const shell = (script: string): Promise<Ended> =>
  ended('/bin/sh', ['-c', script, process.execPath, home.bin], home.env)

/** Whose readers of stdout and stderr are gone before it writes anything. */
function unread(args: readonly string[], streams: readonly (1 | 2)[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [home.bin, ...args], {
      env: home.env,
      cwd: home.dir,
      stdio: 'pipe',
    })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk))
    for (const n of streams) child.stdio[n]?.destroy()
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

describe('an answer that cannot be written', () => {
  it.each([
    [['config', 'list', '--all'], [1]],
    [
      ['config', 'list', '--all'],
      [1, 2],
    ],
    [['no-such-command'], [2]],
    [
      ['no-such-command', '--json'],
      [1, 2],
    ],
  ] as const)('%j ends quietly when whoever read %j has gone', async (args, streams) => {
    verifies('CLI-3')
    expect(await unread(args, streams)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
  })

  it.skipIf(!existsSync('/dev/full')).each(['config list --all', '--help', 'doctor --json', 'version'])(
    '%s on a full disk says so, with the next step and no stack trace',
    async (args) => {
      verifies('CLI-3')
      const { code, stdout, stderr } = await shell(`"$0" "$1" ${args} >/dev/full`)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^mycelium: the answer could not be written: ENOSPC\n {2}next: [^\n]+\n$/)
    },
  )

  it.skipIf(!existsSync('/dev/full'))('and where nobody can be told either, ends with 1', async () => {
    verifies('CLI-3')
    const full = openSync('/dev/full', 'w')
    const child = spawn(process.execPath, [home.bin, 'version'], {
      env: home.env,
      stdio: ['ignore', full, full],
    })
    expect(await new Promise((resolve) => child.on('exit', resolve))).toBe(1)
  })
})
