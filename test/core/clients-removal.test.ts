import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { anythingOfOurs } from '../../src/core/clients/our-files.ts'
import { systemClock } from '../../src/core/clock.ts'
import { preparePaths } from '../../src/core/config/paths.ts'
import { acquireLock } from '../../src/core/daemon/lock.ts'
import { MyceliumError } from '../../src/core/errors.ts'
import { openLog } from '../../src/core/log.ts'
import { identityOf } from '../../src/core/process.ts'
import { type Sandbox, sandbox } from '../fixtures/configs/sandbox.ts'
import { verifies } from '../requirements.ts'

const CURSOR = '{"mcpServers":{"m":{"command":"m"}}}'

function cursor(options: Parameters<typeof sandbox>[0] = {}): Sandbox {
  const box = sandbox(options)
  box.put('.cursor/mcp.json', CURSOR)
  return box
}

/** A sandbox whose root is a directory that the user has, with things of theirs in it. */
function shared(): Sandbox {
  const box = cursor()
  const root = join(box.home, 'data')
  mkdirSync(root)
  return cursor({ env: { MYCELIUM_HOME: root } })
}

/** A file in the place of the root is somebody's; undo has nothing to do with it. */
it('undo takes a file in the place of its directory for nothing of ours', () => {
  verifies('LAUNCH-1')
  const box = sandbox()
  box.put('.mycelium', 'x')
  expect(anythingOfOurs(box.paths)).toBe(false)
})

/** Every name below the run directory that launcher or relay spells. */
const LAUNCHER_WRITES = ['launcher.sh', 'relay.mjs'].flatMap((file) => {
  const text = readFileSync(new URL(`../../templates/${file}`, import.meta.url), 'utf8')
  return [...text.matchAll(/run\}?\/([a-z.-]+)/g)].map((match) => match[1]!)
})

/** What a daemon and its launchers leave behind. */
async function daemonRan(box: Sandbox): Promise<void> {
  preparePaths(box.paths)
  const log = openLog(box.paths.log, systemClock)
  log.event('daemon-started')
  log.server('m', ['hello'])
  for (const name of ['daemon.err', 'server-m.log.1', 'daemon.log.3'])
    writeFileSync(join(box.paths.log, name), '')
  mkdirSync(join(box.paths.run, 'upstreams'))
  writeFileSync(join(box.paths.run, 'upstreams/123'), '{}')
  for (const name of ['agents.json', ...LAUNCHER_WRITES]) writeFileSync(join(box.paths.run, name), '')
  const lock = await acquireLock(box.paths.run, 'daemon', { identity: identityOf(process.pid)! })
  expect(lock).toHaveProperty('release')
}

describe('undo removes', () => {
  it('everything that init, the daemon and launchers wrote', async () => {
    verifies('LAUNCH-1')
    const box = cursor()
    await box.init()
    await daemonRan(box)
    writeFileSync(`${box.paths.registry}.17.0123abcd.tmp`, '{')
    expect(await box.undo()).toMatchObject({ removed: true, problems: [] })
    expect(readdirSync(box.home).sort()).toEqual(['.cursor', 'project'])
  })

  it('nothing from a directory in which init never ran, whatever its names', async () => {
    verifies('LAUNCH-1')
    const box = shared()
    rmSync(join(box.home, '.cursor'), { recursive: true })
    const mine = [
      'backups/db.sql',
      'log/mine.log',
      'launchers/mine',
      'run/mine',
      'servers.json',
      'backups/journal.json',
    ]
    const { root } = box.paths
    for (const name of mine) {
      mkdirSync(join(root, name, '..'), { recursive: true })
      writeFileSync(join(root, name), 'x')
    }
    mkdirSync(join(root, 'empty'))
    execFileSync('mkfifo', [join(root, 'launchers/pipe')])
    expect(anythingOfOurs(box.paths)).toBe(false)
    expect(await box.undo()).toMatchObject({ files: [], problems: [] })
    for (const name of mine) expect(existsSync(join(root, name)), name).toBe(true)
    expect(existsSync(join(root, 'empty'))).toBe(true)
  })

  it('only its own files where it shares the directory with the user', async () => {
    verifies('LAUNCH-1')
    const box = shared()
    const { root } = box.paths
    for (const name of ['backups', 'log', 'launchers', 'run']) {
      mkdirSync(join(root, name))
      writeFileSync(join(root, name, 'mine'), 'x')
    }
    await box.init()
    await daemonRan(box)
    expect(anythingOfOurs(box.paths)).toBe(true)
    expect((await box.undo()).removed).toBe(true)
    expect(readdirSync(root).sort()).toEqual(['backups', 'launchers', 'log', 'run'])
    for (const name of readdirSync(root)) expect(readdirSync(join(root, name))).toEqual(['mine'])
    expect(anythingOfOurs(box.paths)).toBe(false)
  })

  it('what is behind a symbolic link, and leaves the link, which the user made', async () => {
    verifies('LAUNCH-1')
    const box = cursor()
    mkdirSync(join(box.home, 'elsewhere'))
    symlinkSync(join(box.home, 'elsewhere'), box.paths.root)
    await box.init()
    await daemonRan(box)
    expect(await box.undo()).toMatchObject({ removed: true, problems: [] })
    expect(lstatSync(box.paths.root).isSymbolicLink()).toBe(true)
    expect(readdirSync(join(box.home, 'elsewhere'))).toEqual([])
    expect(box.read('.cursor/mcp.json')).toBe(CURSOR)
  })
})

describe('undo that cannot finish still tells what it did', () => {
  it('when the daemon does not answer: launchers stay, the next step is named, and a later undo ends it', async () => {
    verifies('LAUNCH-1')
    const box = cursor()
    await box.init()
    const hung = async () => {
      throw new MyceliumError('daemon_timeout', 'status: no answer within 10000 ms')
    }
    const undone = await box.undo([], { stopDaemon: hung })
    expect(undone).toMatchObject({ files: [{ outcome: 'restored' }], removed: false, stays: 'failed' })
    expect(undone.problems.map(({ error }) => error.code)).toEqual(['daemon_timeout'])
    expect(readdirSync(box.paths.launchers)).toEqual(['m'])
    expect(await box.undo()).toMatchObject({ removed: true, problems: [] })
    expect(existsSync(box.paths.root)).toBe(false)
  })

  it('when something cannot be removed: it is named, and the rest is gone', async () => {
    verifies('LAUNCH-1')
    const box = cursor()
    await box.init()
    rmSync(box.paths.registry)
    mkdirSync(join(box.paths.registry, 'in the way'), { recursive: true })
    const undone = await box.undo()
    expect(undone).toMatchObject({ files: [{ outcome: 'restored' }], removed: false })
    expect(undone.problems.map(({ file, error }) => [file, error.code])).toEqual([
      [box.paths.registry, 'not_removed'],
    ])
    expect(readdirSync(box.paths.root)).toEqual(['servers.json'])
  })

  it.skipIf(process.getuid?.() === 0)('when the home is not writable', async () => {
    const box = cursor()
    await box.init()
    chmodSync(box.home, 0o555)
    const undone = await box.undo()
    expect(undone).toMatchObject({ files: [{ outcome: 'restored' }], removed: false })
    expect(undone.problems.map(({ file, error }) => [file, error.code])).toEqual([
      [box.paths.root, 'not_removed'],
    ])
    chmodSync(box.home, 0o755)
    expect(anythingOfOurs(box.paths)).toBe(true)
    expect((await box.undo()).removed).toBe(true)
    expect(existsSync(box.paths.root)).toBe(false)
  })

  it('when it is interrupted between two files: a later undo does the rest', async () => {
    verifies('LAUNCH-1')
    const box = cursor()
    box.put('.claude.json', CURSOR)
    await box.init()
    const controller = new AbortController()
    // In the turn of the event loop that undo gives away before each file: the second one finds it aborted.
    setImmediate(() => setImmediate(() => controller.abort()))
    const undone = await box.undo([], { signal: controller.signal })
    expect(undone.problems.map(({ error }) => error.code)).toEqual(['interrupted'])
    expect(undone).toMatchObject({ files: [{ outcome: 'restored' }], removed: false })
    expect(readdirSync(box.paths.launchers)).toEqual(['m'])
    expect((await box.undo()).removed).toBe(true)
    expect([box.read('.claude.json'), box.read('.cursor/mcp.json')]).toEqual([CURSOR, CURSOR])
  })
})

describe('a project that was moved', () => {
  async function moved(): Promise<{ box: Sandbox; there: Sandbox; text: string }> {
    const box = sandbox()
    const text = '{ "mcpServers": { "m": { "command": "\\u006d", "args": [] } } }\n'
    box.put('project/.mcp.json', text)
    await box.init()
    const there = join(box.home, 'moved')
    renameSync(box.project, there)
    return { box: box.in(box.home), there: box.in(there), text }
  }

  it('keeps its launchers and its way back; undo says where, and undo inside it restores every byte', async () => {
    verifies('LAUNCH-1')
    const { box, there, text } = await moved()
    const { problems, removed } = await box.undo()
    expect(removed).toBe(false)
    expect(problems.map(({ error }) => error.code)).toEqual(['config_gone'])
    const [backup] = readdirSync(box.paths.backups).filter((name) => name !== 'journal.json')
    expect(problems[0]!.error.message).toContain(join(box.paths.backups, backup!))
    expect(problems[0]!.error.hint).toContain('mycelium undo')
    expect(readdirSync(box.paths.launchers)).toEqual(['m'])
    expect(await there.undo()).toMatchObject({
      files: [{ outcome: 'restored' }],
      removed: true,
      problems: [],
    })
    expect(box.read('moved/.mcp.json')).toBe(text)
    expect(existsSync(box.paths.root)).toBe(false)
  })

  it('that was deleted instead is forgotten once its backup is', async () => {
    const { box, there } = await moved()
    rmSync(there.project, { recursive: true })
    const { problems } = await box.undo()
    const backup = /rm '([^']+)'/.exec(problems[0]!.error.hint)![1]!
    rmSync(backup)
    expect(await box.undo()).toMatchObject({ removed: true, problems: [] })
    expect(existsSync(box.paths.root)).toBe(false)
  })

  it('is mended by undo inside it without registry, journal and launchers', async () => {
    verifies('LAUNCH-1')
    const { box, there, text } = await moved()
    rmSync(box.paths.root, { recursive: true })
    expect(await there.undo()).toMatchObject({ files: [{ outcome: 'merged', servers: ['m'] }], problems: [] })
    expect(JSON.parse(box.read('moved/.mcp.json'))).toEqual(JSON.parse(text))
  })

  it('keeps its launchers through an init elsewhere, and is known again after init inside it', async () => {
    verifies('LAUNCH-1')
    const { box, there } = await moved()
    box.put('.cursor/mcp.json', CURSOR.replaceAll('m"', 'k"'))
    await box.init()
    expect(readdirSync(box.paths.launchers).sort()).toEqual(['k', 'm'])
    await there.init()
    const registry = JSON.parse(box.read('.mycelium/servers.json'))
    expect(registry.servers.map(({ id }: { id: string }) => id)).toEqual(['k', 'm'])
    expect((await there.undo()).removed).toBe(true)
  })

  it('and still is in the old place too is taken back in both', async () => {
    const box = sandbox()
    box.put('project/.mcp.json', CURSOR)
    await box.init()
    const copy = join(box.home, 'copy')
    cpSync(box.project, copy, { recursive: true })
    await box.in(copy).undo()
    expect([box.read('project/.mcp.json'), box.read('copy/.mcp.json')]).toEqual([CURSOR, CURSOR])
  })
})
