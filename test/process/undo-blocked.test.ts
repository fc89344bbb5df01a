import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { pathsOf } from '../../src/core/config/paths.ts'
import { type Ended, ended } from '../fixtures/built-cli.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { verifies } from '../requirements.ts'

const CURSOR = '{ "mcpServers": { "cat": { "command": "cat" } } }\n'

const outer = cliHome()
let home: string
beforeEach(() => {
  home = join(outer.dir, 'h')
})

const mycelium = (...args: string[]): Promise<Ended> =>
  ended(process.execPath, [outer.bin, ...args], { ...outer.env, HOME: home })
const config = () => readFileSync(join(home, '.cursor/mcp.json'), 'utf8')

async function init(): Promise<void> {
  mkdirSync(join(home, '.cursor'), { recursive: true })
  writeFileSync(join(home, '.cursor/mcp.json'), CURSOR)
  const { code, stderr } = await mycelium('init', '--yes')
  expect(code, stderr).toBe(0)
  expect(config()).not.toBe(CURSOR)
}

describe('undo where its lock cannot be had', () => {
  const FOREIGN: readonly (readonly [what: string, make: (run: string) => void])[] = [
    ['a file', (run) => writeFileSync(run, '')],
    [
      'a directory of somebody else',
      (run) => {
        mkdirSync(run, { mode: 0o700 })
        chownSync(run, 65_534, 65_534)
      },
    ],
  ]
  for (const [what, make] of FOREIGN)
    it.skipIf(what !== 'a file' && process.getuid?.() !== 0)(
      `${what} in the place of a socket directory in /tmp stops neither undo nor status`,
      async () => {
        verifies('LAUNCH-1', 'CLI-2')
        home = join(outer.dir, 'h'.repeat(100))
        await init()
        const { run, root } = pathsOf(join(home, '.mycelium'))
        expect(run.startsWith(root)).toBe(false)
        rmSync(run, { recursive: true })
        make(run)
        try {
          const status = await mycelium('status')
          expect(status.code).toBe(0)
          expect(status.stdout).toMatch(/^no daemon is running/m)
          expect(status.stderr).toContain(`${run} is not a directory of this user`)
          expect(await mycelium('daemon', 'start')).toMatchObject({ code: 1 })

          const { code, stdout, stderr } = await mycelium('undo')
          expect([code, stderr]).toEqual([0, expect.stringContaining('goes on without keeping other')])
          expect(stdout).toContain('launchers, registry, backups and sockets removed')
          expect(config()).toBe(CURSOR)
          expect([existsSync(root), existsSync(run)]).toEqual([false, true])
        } finally {
          rmSync(run, { recursive: true, force: true })
        }
      },
    )

  it.each(['run', 'log'])('a file in the place of %s stays, and all of ours goes', async (name) => {
    verifies('LAUNCH-1')
    await init()
    const path = join(home, '.mycelium', name)
    rmSync(path, { recursive: true, force: true })
    writeFileSync(path, '')
    const { code, stdout, stderr } = await mycelium('undo')
    expect([code, stderr]).toEqual([0, expect.stringContaining(path)])
    expect(stdout).toContain('removed')
    expect(config()).toBe(CURSOR)
    rmSync(path)
    expect(existsSync(join(home, '.mycelium/launchers'))).toBe(false)
  })

  it('a disk that takes nothing more is told of, and each file that could not be undone by it', async () => {
    verifies('LAUNCH-1')
    await init()
    const script = 'trap "" XFSZ; ulimit -f 0; exec "$0" "$@"'
    const env = { ...outer.env, HOME: home }
    const full = await ended('/bin/sh', ['-c', script, process.execPath, outer.bin, 'undo'], env)
    expect(full.code).toBe(1)
    expect(full.stderr).toContain('goes on without keeping other mycelium commands out: no lock')
    expect(full.stderr).toMatch(/mcp\.json was not written: EFBIG/)
    expect(await mycelium('undo')).toMatchObject({ code: 0 })
    expect(config()).toBe(CURSOR)
  })
})
