import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cliHome } from '../fixtures/cli-home.ts'
import { verifies } from '../requirements.ts'

const CURSOR = '{ "mcpServers": { "cat": { "command": "cat", "args": ["-u"] } } }\n'
/** A command that waits for a FIFO waits for ever. */
const LIMIT_MS = 20_000

const home = cliHome({ files: { '.cursor/mcp.json': CURSOR }, limitMs: LIMIT_MS, stopsDaemon: true })
const mycelium = home.run

const KINDS = {
  file: (path: string) => writeFileSync(path, 'x\n'),
  directory: (path: string) => mkdirSync(path),
  fifo: (path: string) => void execFileSync('mkfifo', [path]),
  'link to itself': (path: string) => symlinkSync(path, path),
} as const

function put(kind: keyof typeof KINDS, name: string): string {
  const path = join(home.dir, '.mycelium', name)
  rmSync(path, { recursive: true, force: true })
  KINDS[kind](path)
  return path
}

/** Each command says what is wrong, or does without it: no stack trace, no exit code of a bug, and an end. */
async function expectNamed(...commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const { code, signal, stdout, stderr } = await mycelium(...command.split(' '))
    expect([command, signal, code === 70 ? stderr + stdout : '']).toEqual([command, null, ''])
    expect(stderr).not.toMatch(/^ +at /m)
    if (code !== 0 && stderr !== '') expect(stderr).toContain('next: ')
  }
}

describe('something else in the place of what is ours', () => {
  for (const kind of ['file', 'link to itself'] as const)
    it(`a ${kind} in the place of the root is named with the next step, and doctor finds it`, async () => {
      verifies('CLI-3')
      put(kind, '')
      const doctor = JSON.parse((await mycelium('doctor', '--json')).stdout)
      expect(doctor.findings).toContainEqual(
        expect.objectContaining({ id: 'directory-blocked', subject: join(home.dir, '.mycelium') }),
      )
      const start = await mycelium('daemon', 'start')
      expect([start.code, start.stderr]).toEqual([1, expect.stringContaining('.mycelium')])
      await expectNamed(
        ...['status', 'status --json', 'server list', 'daemon status', 'daemon start', 'daemon logs'],
        ...['usage report', 'usage import', 'usage prune --yes', 'config list', 'init --yes', 'undo'],
      )
    })

  const PLACES: readonly (readonly [name: string, ...kinds: (keyof typeof KINDS)[]])[] = [
    ...['launchers', 'backups', 'bin', 'events', 'log', 'run'].map(
      (name) => [name, 'file', 'link to itself'] as const,
    ),
    ...['servers.json', 'config.json', 'usage.duckdb'].map(
      (name) => [name, 'directory', 'fifo', 'link to itself'] as const,
    ),
  ]
  for (const [name, ...kinds] of PLACES)
    for (const kind of kinds)
      it(`a ${kind} at ${name} is named or done without, and undo gives the configs back`, async () => {
        verifies('CLI-3', 'LAUNCH-1')
        expect((await mycelium('init', '--yes')).code).toBe(0)
        put(kind, name)
        await expectNamed('status', 'server list', 'usage report', 'doctor', 'daemon start', 'init --yes')
        put(kind, name)
        await expectNamed('undo')
        expect(JSON.parse(readFileSync(join(home.dir, '.cursor/mcp.json'), 'utf8'))).toEqual(
          JSON.parse(CURSOR),
        )
      })

  it('a FIFO in the place of what a hook reads or writes does not hold the agent up', async () => {
    verifies('CLI-3')
    mkdirSync(join(home.dir, '.mycelium/events'), { recursive: true })
    mkdirSync(join(home.dir, '.mycelium/log'))
    for (const name of ['config.json', 'events/shared.seg', 'log/hook.log']) put('fifo', name)
    const started = performance.now()
    expect(await mycelium('hook', 'claude-code')).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  it('a FIFO in the place of a log, a backup or a launcher holds nobody up', async () => {
    verifies('CLI-3')
    expect((await mycelium('init', '--yes')).code).toBe(0)
    for (const name of ['log/daemon.log', 'launchers/cat', 'backups/journal.json']) put('fifo', name)
    await expectNamed('doctor', 'daemon logs', 'daemon start', 'status')
    expect((await mycelium('init', '--yes')).code).toBe(0)
    expect(statSync(join(home.dir, '.mycelium/launchers/cat')).isFile()).toBe(true)
    renameSync(join(home.dir, '.mycelium/launchers/cat'), join(home.dir, '.mycelium/launchers/cat.mine'))
    await expectNamed('undo')
  })
})
