import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Paths, preparePaths } from '../../src/core/config/paths.ts'
import { verifies } from '../requirements.ts'
import { type Agent, agent, isHere, makeLauncher, RELAYS, readBytes } from './launcher-rig.ts'

const starts = (paths: Paths): number[] =>
  readFileSync(join(paths.root, 'starts'), 'utf8').trim().split('\n').map(Number)

function endDaemon(paths: Paths): void {
  onTestFinished(() => {
    for (const pid of starts(paths)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {}
    }
  })
}

async function pings(client: Agent): Promise<void> {
  const heard = readBytes(client, 4)
  client.child.stdin.write('ping')
  await Promise.race([heard, client.done.then((end) => Promise.reject(new Error(JSON.stringify(end))))])
}

/** The fields of /proc/PID/stat after the name: state, parent, process group, session. */
function processOf(pid: number): { parent: number; group: number; session: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const [, parent, group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { parent: Number(parent), group: Number(group), session: Number(session) }
}

/** What an entry may set for its own server, and what would end or change a node that gets it. */
const STEERING = {
  NODE_OPTIONS: '--require /none/preload.cjs',
  NODE_V8_COVERAGE: '/none/coverage',
  LD_LIBRARY_PATH: '/none/lib',
  UV_THREADPOOL_SIZE: '1',
  SSL_CERT_FILE: '/none/cert',
  MALLOC_ARENA_MAX: '1',
  NODEMON: 'kept',
  MYCELIUM_UPSTREAM: 'of:another',
}

const call = (file: string) => [file, '--client=test', '--', '/bin/false']
const linux = process.platform === 'linux'

describe.each(RELAYS.filter(isHere))('a cold start by %s', (relay) => {
  it('makes the directories, starts the daemon and relays; the next one finds it', async () => {
    verifies('LAUNCH-3')
    const { file, paths } = makeLauncher()
    endDaemon(paths)
    await pings(agent(call(file), { relay }))
    await pings(agent(call(file), { relay }))
    expect(starts(paths).length).toBe(1)
    expect(statSync(paths.run).mode & 0o777).toBe(0o700)
    expect(readdirSync(paths.run)).not.toContain('start-failed')
  })

  it('heals a stale socket', async () => {
    verifies('LAUNCH-3')
    const { paths } = makeLauncher()
    endDaemon(paths)
    preparePaths(paths)
    const bind = 'require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, 9))'
    spawnSync(process.execPath, ['-e', bind, paths.socket])
    expect(statSync(paths.socket).isSocket()).toBe(true)
    const unlinker = join(paths.root, 'unlink-first.sh')
    writeFileSync(unlinker, `#!/bin/sh\nrm -f '${paths.socket}'\nexec '${process.execPath}' "$@"\n`, {
      mode: 0o700,
    })
    const { file } = makeLauncher({ paths, nodePath: unlinker })
    await pings(agent(call(file), { relay }))
    expect(starts(paths).length).toBe(1)
  })

  it.runIf(linux)(
    'leaves the daemon outside the agent: no descendant, own session, clean descriptors',
    async () => {
      verifies('LAUNCH-4')
      const { paths } = makeLauncher()
      endDaemon(paths)
      const witness = join(paths.root, 'witness.sh')
      // ls sees what is inherited, its own stdout and the directory it reads.
      const look = `ls -l /proc/self/fd | cat >'${paths.root}/fds'; env -0 >'${paths.root}/env'; pwd >'${paths.root}/cwd'`
      writeFileSync(witness, `#!/bin/sh\n${look}\nexec '${process.execPath}' "$@"\n`, { mode: 0o700 })
      const { file } = makeLauncher({ paths, nodePath: witness })
      const read = (name: string) => readFileSync(join(paths.root, name), 'utf8')

      const child = spawn(file, call(file).slice(1), {
        detached: true,
        env: { ...STEERING, PATH: process.env.PATH, MYCELIUM_RELAY: relay, KEEP_ME: 'yes' },
        stdio: ['pipe', 'pipe', 'inherit', 'pipe', 'pipe', 'pipe'],
      })
      child.stdin!.write('ping')
      await once(child.stdout!, 'data')
      const [daemon] = starts(paths) as [number]
      const of = processOf(daemon)
      expect(of.parent).not.toBe(child.pid)
      expect(of.session).not.toBe(processOf(child.pid!).session)
      expect(of.group).not.toBe(child.pid)
      for (let pid = of.parent; pid > 1; pid = processOf(pid).parent) expect(pid).not.toBe(child.pid)

      const fds = [...read('fds').matchAll(/ (\d+) -> (.*)$/gm)].map(([, fd, target]) => ({
        fd: Number(fd),
        target,
      }))
      const inherited = fds.filter(({ fd, target }) => fd !== 1 && !target!.startsWith('/proc/'))
      // sh can name no descriptor above 9.
      expect(inherited.filter(({ fd }) => relay === 'c' || relay === 'perl' || fd < 10)).toEqual([
        { fd: 0, target: '/dev/null' },
        { fd: 2, target: join(paths.log, 'daemon.log') },
      ])
      expect(read('cwd')).toBe('/\n')
      const variables = read('env').split('\0')
      expect(variables).toContain('KEEP_ME=yes')
      expect(variables.filter((line) => /^mycelium|^LC_ALL|^(NODE|LD|UV|SSL|MALLOC)_/i.test(line))).toEqual(
        [],
      )
      expect(variables).toContain('NODEMON=kept')

      process.kill(-child.pid!, 'SIGKILL')
      await once(child, 'exit')
      await pings(agent(call(file), { relay }))
      expect(starts(paths)).toEqual([daemon])
    },
  )

  it('finds another node when the embedded one is gone', async () => {
    verifies('LAUNCH-2')
    const { paths } = makeLauncher()
    endDaemon(paths)
    symlinkSync(process.execPath, join(paths.root, 'node'))
    const { file } = makeLauncher({ paths, nodePath: '/none/bin/node' })
    await pings(agent(call(file), { relay, env: { PATH: `${paths.root}:${process.env.PATH}` } }))
    expect(starts(paths).length).toBe(1)
  })
})

it.each((['c', 'perl'] as const).filter(isHere))(
  '64 launchers at once start exactly one daemon, and all are served by %s',
  async (relay) => {
    verifies('LAUNCH-3')
    const { file, paths } = makeLauncher()
    endDaemon(paths)
    const clients = Array.from({ length: 64 }, () => agent(call(file), { relay, cwd: tmpdir() }))
    await Promise.all(clients.map(pings))
    expect(starts(paths).length).toBe(1)
  },
)
