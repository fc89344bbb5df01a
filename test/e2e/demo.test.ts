import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { environmentOf, processTable } from '../../src/core/process.ts'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'
import { verifies } from '../requirements.ts'

let cli: string
/** HOME and TMPDIR of the demo: what it leaves anywhere shows here. */
let home: string
let temporary: string
let env: NodeJS.ProcessEnv

beforeAll(() => {
  cli = builtCli()
}, 120_000)

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
  temporary = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
  env = { HOME: home, PATH: process.env.PATH, TMPDIR: temporary }
})

afterEach(() => {
  for (const directory of [home, temporary]) rmSync(directory, { recursive: true, force: true })
})

/** Commands alive whose HOME lies in the demo's temporary directory. */
function sandboxed(): string[] {
  const table = processTable().filter((row) => !row.ended)
  return [...environmentOf(table, 'HOME').values()].filter((value) => value.startsWith(temporary))
}

/** Starts the demo and resolves `said` once stderr has the text. */
function startDemo() {
  const child = spawn(process.execPath, [cli, 'demo'], { env, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  const listeners = new Set<() => void>()
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    stderr += chunk
    for (const listener of listeners) listener()
  })
  child.stdout.resume()
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => stderr.includes(text) && resolve()
      listeners.add(look)
      child.once('close', (code) => reject(new Error(`ended with ${code} before it said ${text}: ${stderr}`)))
      look()
    })
  const end = new Promise<Pick<Ended, 'code' | 'signal' | 'stderr'>>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, stderr }))
  })
  return { child, said, end }
}

function expectNothingLeft(): void {
  expect(sandboxed()).toEqual([])
  expect(readdirSync(temporary)).toEqual([])
  expect(readdirSync(home)).toEqual([])
}

describe('mycelium demo', () => {
  it('compares real servers directly and through mycelium, twice, and leaves nothing', async () => {
    verifies('CLI-5')
    const table = await ended(process.execPath, [cli, 'demo'], env)
    expect(table.code, table.stderr).toBe(0)
    expect(table.stdout).toMatch(/^8 sessions × 4 servers +direct +mycelium\n/)
    expect(table.stdout).toMatch(/^a call, p99 of 1600 +\d+\.\d\d ms +\d+\.\d\d ms/m)
    expect(table.stdout).toContain('every file is byte for byte what it was')
    expect(table.stdout).toContain('mycelium init')
    expectNothingLeft()

    const { code, stdout, stderr } = await ended(process.execPath, [cli, 'demo', '--json'], env)
    expect(code, stderr).toBe(0)
    const found = JSON.parse(stdout)
    expect(found.direct).toMatchObject({ sessions: 8, servers: 4, serverProcesses: 32, orphans: 0 })
    expect(found.mycelium).toMatchObject({ sessions: 8, servers: 4, orphans: 0 })
    expect(found.mycelium.serverProcesses).toBeLessThan(16)
    expect(found.mycelium.memoryMb).toBeLessThan(found.direct.memoryMb * 0.7)
    expect(found.direct.callMs.n).toBe(1600)
    expect(found.undo).toEqual({ identical: true, undoDifferences: [] })
    expectNothingLeft()
  }, 300_000)

  it.each(['direct: session 3', 'mycelium: session 2'])(
    'stopped by Ctrl-C at "%s" leaves no process and no file',
    async (moment) => {
      const { child, said, end } = startDemo()
      await said(moment)
      child.kill('SIGINT')
      const { code, stderr } = await end
      expect(code, stderr).toBe(130)
      expect(stderr).toContain('stopped; the sandbox is gone')
      expectNothingLeft()
    },
    150_000,
  )

  it('installed without its servers says which are missing and the command that installs them', async () => {
    const installed = join(home, 'lib')
    await mkdir(installed)
    for (const part of ['bin', 'dist', 'templates', 'package.json'])
      await cp(join(dirname(dirname(cli)), part), join(installed, part), { recursive: true })
    symlinkSync('missing', join(installed, 'node_modules'))
    const { code, stderr, stdout } = await ended(
      process.execPath,
      [join(installed, 'bin/mycelium.js'), 'demo'],
      env,
    )
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('@modelcontextprotocol/server-everything')
    expect(stderr).toContain('npm install')
    expect(readdirSync(temporary)).toEqual([])
  })
})
