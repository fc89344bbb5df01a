import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { pathsOf } from '../../src/core/config/paths.ts'
import {
  compiledRelay,
  expectedRelay,
  removeOtherRelays,
  type Workshop,
} from '../../src/core/launch/compiled-relay.ts'
import { verifies } from '../requirements.ts'
import { isHere } from './launcher-rig.ts'
import { pidsWorkingIn, shortDirectory, until } from './programs.ts'

const source = fileURLToPath(new URL('../../templates/relay.c', import.meta.url))

/** A workshop of its own whose PATH has these programs first, as sh scripts, and then `rest`. */
function workshop(
  programs: Readonly<Record<string, string>> = {},
  rest: string | undefined = process.env.PATH,
  over: Partial<Workshop> = {},
): Workshop & { readonly root: string } {
  const dir = shortDirectory()
  const bin = join(dir, 'programs')
  mkdirSync(bin)
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  const root = join(dir, 'root')
  const PATH = rest === undefined ? bin : `${bin}:${rest}`
  return { root, paths: pathsOf(root), source, platform: 'linux', cwd: dir, env: { PATH }, ...over }
}

/** Only these programs, no compiler of this machine. */
const only = (programs: Readonly<Record<string, string>>, over: Partial<Workshop> = {}) =>
  workshop(programs, '/none', over)

const answers = (relay: string) => spawnSync(relay, ['--check']).status

describe.skipIf(!isHere('c'))('with a C compiler', () => {
  it('a relay is compiled that answers, under a name made of its source', async () => {
    verifies('LAUNCH-2')
    const { paths, ...rest } = workshop()
    const relay = await compiledRelay({ paths, ...rest })
    expect(relay).toMatch(new RegExp(`^${paths.bin}/relay-[0-9a-f]{12}$`))
    expect(answers(relay!)).toBe(42)
    expect(statSync(relay!).mode & 0o777).toBe(0o755)
    expect(readdirSync(paths.bin)).toEqual([basename(relay!)])
  })

  it('its source compiles without a warning', () => {
    const strict = ['-std=c99', '-pedantic', '-Wall', '-Wextra', '-Werror', '-fsyntax-only']
    expect(spawnSync('cc', [...strict, source], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    })
  })

  it('one that is there and answers is kept, compiler or not', async () => {
    verifies('LAUNCH-2')
    const here = workshop()
    const relay = (await compiledRelay(here))!
    const before = statSync(relay)
    expect(await compiledRelay(here)).toBe(relay)
    expect(await compiledRelay({ ...here, env: { PATH: '/none' } })).toBe(relay)
    expect(await expectedRelay({ ...here, env: { PATH: '/none' } })).toBe(relay)
    expect(statSync(relay)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs })
  })

  it('one that does not answer is made anew, and those of other sources go', async () => {
    verifies('LAUNCH-2')
    const here = workshop()
    const relay = (await compiledRelay(here))!
    writeFileSync(relay, readFileSync(relay).subarray(0, 5000))
    writeFileSync(join(here.paths.bin, 'relay-0123456789ab'), '')
    writeFileSync(join(here.paths.bin, 'mine'), '')
    expect(await compiledRelay(here)).toBe(relay)
    expect(answers(relay)).toBe(42)
    // Launchers may name the other until init has written them anew.
    expect(readdirSync(here.paths.bin)).toContain('relay-0123456789ab')
    removeOtherRelays(here.paths, relay)
    expect(readdirSync(here.paths.bin).sort()).toEqual(['mine', basename(relay)])
  })

  it('what cannot be asked at all, because a file stands where the directory should, is no relay', async () => {
    verifies('LAUNCH-2')
    const here = workshop()
    const root = join(here.root, 'file')
    mkdirSync(here.root, { recursive: true })
    writeFileSync(root, '')
    const nowhere = { ...here, paths: pathsOf(root) }
    expect(await expectedRelay(nowhere)).toBe(join(nowhere.paths.bin, basename((await expectedRelay(here))!)))
    expect(await compiledRelay(nowhere)).toBeUndefined()
  })

  it('a compiler that fails, or cannot link statically, leaves it to the next attempt', async () => {
    verifies('LAUNCH-2')
    const cc = spawnSync('/bin/sh', ['-c', 'command -v cc'], { encoding: 'utf8' }).stdout.trim()
    const dynamic = `case " $* " in *' -static '*) exit 1 ;; esac; exec ${cc} "$@"`
    for (const programs of [{ cc: dynamic }, { cc: 'exit 1', gcc: `exec ${cc} "$@"` }]) {
      const relay = await compiledRelay(workshop(programs))
      expect(answers(relay!)).toBe(42)
    }
  })
})

describe('nothing is compiled and nothing is left', () => {
  it('where there is no compiler', async () => {
    verifies('LAUNCH-2')
    const here = only({})
    expect(await expectedRelay(here)).toBe(undefined)
    expect(await compiledRelay(here)).toBe(undefined)
    expect(existsSync(here.root)).toBe(false)
  })

  /** A compiler that makes something; the name to make is what follows -o. */
  const making = (what: string) => `while [ "$1" != -o ]; do shift; done; ${what}`
  it.each([
    ['fails', 'exit 1'],
    ['makes nothing', 'exit 0'],
    ['fails half-way', making(': >"$2"; exit 1')],
    ['makes what cannot run', making(': >"$2"; /bin/chmod 755 "$2"')],
    ['is no program of this machine', making('echo "exit 0" >"$2"; /bin/chmod 755 "$2"')],
  ])('where the compiler %s', async (_, script) => {
    verifies('LAUNCH-2')
    const here = only({ cc: script, gcc: script, clang: script })
    expect(await compiledRelay(here)).toBe(undefined)
    expect(existsSync(here.paths.bin)).toBe(false)
  })

  it('where the compiler hangs: after the limit it is ended with all its processes', async () => {
    verifies('LAUNCH-2')
    const limits: number[] = []
    const clock: Clock = {
      ...systemClock,
      now: () => limits.length * 30_000,
      after: (delayMs, run) => {
        limits.push(delayMs)
        return systemClock.after(200, run)
      },
    }
    const here = only({ cc: '/bin/sleep 300; true' }, { clock })
    expect(await compiledRelay(here)).toBe(undefined)
    // For a relay that may be there, and for the only attempt that fits.
    expect(limits).toEqual([2_000, 20_000])
    expect(existsSync(here.paths.bin)).toBe(false)
    await until('no process is left', () => pidsWorkingIn(here.cwd).length === 0)
  })

  it('when it is interrupted', async () => {
    verifies('LAUNCH-2')
    const control = new AbortController()
    const here = only({ cc: ': >"$PWD/running"; /bin/sleep 300; true' }, { signal: control.signal })
    const compiling = compiledRelay(here)
    void until('the compiler runs', () => existsSync(join(here.cwd, 'running'))).then(() => control.abort())
    await expect(compiling).rejects.toMatchObject({ code: 'interrupted' })
    expect(existsSync(here.paths.bin)).toBe(false)
    await until('no process is left', () => pidsWorkingIn(here.cwd).length === 0)
  })

  it('where its directory cannot be made', async () => {
    verifies('LAUNCH-2')
    const here = workshop({ cc: 'exit 1' })
    mkdirSync(here.root)
    writeFileSync(here.paths.bin, 'a file of somebody')
    expect(await compiledRelay(here)).toBe(undefined)
    expect(readFileSync(here.paths.bin, 'utf8')).toBe('a file of somebody')
  })
})

describe('on macOS', () => {
  const note = ': >"$PWD/asked"; exit 1'

  it('a compiler elsewhere than in /usr/bin is used without its command line tools', async () => {
    const here = only({ cc: note, 'xcode-select': 'exit 2' }, { platform: 'darwin' })
    await compiledRelay(here)
    expect(existsSync(join(here.cwd, 'asked'))).toBe(true)
  })

  it.runIf(existsSync('/usr/bin/cc'))('one in /usr/bin is used only with them', async () => {
    const here = (status: number) =>
      workshop({ 'xcode-select': `exit ${status}` }, '/usr/bin', { platform: 'darwin' })
    expect(await expectedRelay(here(2))).toBe(undefined)
    expect(await expectedRelay(here(0))).toMatch(/\/relay-[0-9a-f]{12}$/)
  })
})
