import { spawn, spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { passMemoryOn } from '../../src/core/bounds/delegated.ts'
import { groupRung } from '../../src/core/bounds/group.ts'
import { ladderOf } from '../../src/core/bounds/ladder.ts'
import { placesIn } from '../../src/core/bounds/places.ts'
import { dataMbFor, rlimitRung } from '../../src/core/bounds/rlimit.ts'
import { UNBOUNDED } from '../../src/core/bounds/rung.ts'
import { isNode, runtimeVariables } from '../../src/core/bounds/runtime.ts'
import { scopeRung } from '../../src/core/bounds/scope.ts'
import { systemClock } from '../../src/core/clock.ts'
import { CrashRecord } from '../../src/core/pool/crash.ts'
import { verifies } from '../requirements.ts'

const MB = 1024 * 1024
let dir: string
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const text = (...path: string[]) => readFileSync(join(dir, ...path), 'utf8')
/** A directory with the files of a v2 group, which nobody but the test acts by. */
function fakeGroup(own: readonly number[] = [], passedOn = 'memory pids'): void {
  writeFileSync(join(dir, 'cgroup.controllers'), 'cpu memory pids\n')
  writeFileSync(join(dir, 'cgroup.subtree_control'), `${passedOn}\n`)
  writeFileSync(join(dir, 'cgroup.procs'), own.map((pid) => `${pid}\n`).join(''))
}

const ground = (given: string) => ({
  platform: 'linux' as const,
  given,
  path: dir,
  runtimeDir: join(dir, 'none'),
  run: async () => {},
  ours: () => [101, 102],
})
const mechanisms = (given: string) => ladderOf(ground(given)).rungs.map(({ mechanism }) => mechanism)

describe('places among control groups', () => {
  const HYBRID = `31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`
  it.each([
    [
      'hybrid',
      '4:memory:/a/b\n0::/\n',
      HYBRID,
      { legacy: '/sys/fs/cgroup/memory/a/b', unified: '/sys/fs/cgroup/unified' },
    ],
    [
      'v2 alone',
      '0::/user.slice/x.scope\n',
      '30 1 0:2 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
      { unified: '/sys/fs/cgroup/user.slice/x.scope' },
    ],
    [
      'a mount of a part',
      '0::/docker/1/x\n',
      '30 1 0:2 /docker/1 /sys/fs/c\\040g rw - cgroup2 cgroup2 rw\n',
      { unified: '/sys/fs/c g/x' },
    ],
    ['a group outside the mount', '0::/../x\n', '30 1 0:2 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n', {}],
    [
      'a mount of another part',
      '0::/other\n',
      '30 1 0:2 /docker /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
      {},
    ],
    ['none', '', '', {}],
  ])('%s', (_, cgroup, mountinfo, expected) => {
    verifies('ENV-1')
    expect(placesIn(cgroup, mountinfo)).toEqual(expected)
  })
})

describe('the ladder', () => {
  it('takes a group that was given, where its own groups can have memory bounds', () => {
    verifies('ENV-1')
    fakeGroup()
    expect(mechanisms(dir)[0]).toBe('cgroup-v2')
    fakeGroup([101, 102], '')
    expect(mechanisms(dir)[0]).toBe('cgroup-v2')
  })

  it('ends with looking and acting, and says of each better one why not and what next', () => {
    verifies('ENV-1')
    fakeGroup([101, 999], '')
    const { rungs, refused } = ladderOf(ground(dir))
    expect(rungs.at(-1)?.mechanism).toBe('polling')
    expect(refused.map(({ mechanism }) => mechanism).slice(0, 3)).toEqual([
      'cgroup-v2',
      'systemd-scope',
      'cgroup-v1',
    ])
    expect(refused[0]?.because).toBe(
      `${dir} has processes of its own, and so none of its groups can be bounded`,
    )
    for (const { because, next } of refused) expect([because, next]).not.toContain('')
    expect(ladderOf(ground(join(dir, 'gone'))).refused[0]?.because).toBe(
      `${join(dir, 'gone')} is no cgroup v2`,
    )
  })

  it('has nothing but looking on other systems', () => {
    verifies('ENV-1')
    const { rungs, refused } = ladderOf({ ...ground(''), platform: 'darwin' })
    expect(rungs.map(({ mechanism }) => mechanism)).toEqual(['polling'])
    expect(refused).toHaveLength(3)
  })
})

describe('a v2 group (its files, in a directory that stands for one)', () => {
  const rung = () => groupRung(2, dir, async () => passMemoryOn(dir, () => [101, 102]))

  it('has soft and hard bounds, swap too, ends as one, and takes the process in', async () => {
    verifies('ENV-1')
    fakeGroup()
    const bounds = { softMb: 100, hardMb: 150 }
    const hold = await rung().hold({ name: 'mycelium-a-1-1', pid: 4711, file: 'x', bounds })
    expect(hold.dir).toBe(join(dir, 'mycelium-a-1-1'))
    const read = () =>
      Object.fromEntries(readdirSync(hold.dir!).map((name) => [name, text('mycelium-a-1-1', name)]))
    expect(read()).toEqual({
      'memory.high': String(100 * MB),
      'memory.max': String(150 * MB),
      'memory.swap.max': String(150 * MB),
      'memory.oom.group': '1',
      'cgroup.procs': '4711',
    })
    await hold.bound(UNBOUNDED)
    expect(read()).toMatchObject({
      'memory.high': 'max',
      'memory.max': 'max',
      'memory.swap.max': 'max',
      'memory.oom.group': '0',
    })
    expect(hold.kills()).toBe(0)
    writeFileSync(join(hold.dir!, 'memory.events'), 'low 0\nhigh 7\nmax 3\noom 1\noom_kill 2\n')
    expect(hold.kills()).toBe(2)
    // The kernel's files go with the directory; these do not.
    expect(await hold.release()).toBe(false)
    rmSync(hold.dir!, { recursive: true })
    expect(await hold.release()).toBe(true)
  })

  it('that has processes passes memory on once they are in a leaf, and is put back', async () => {
    verifies('ENV-1')
    fakeGroup([101, 102], '')
    const back = passMemoryOn(dir, () => [101, 102])
    expect(text('cgroup.subtree_control')).toBe('+memory')
    // The last that was written: a real one would list both.
    expect(text('mycelium-daemon', 'cgroup.procs')).toBe('102')
    back()
    expect(text('cgroup.subtree_control')).toBe('-memory')
    fakeGroup([101, 999], '')
    expect(() => passMemoryOn(dir, () => [101])).toThrow(`1 processes in ${dir} are not mycelium's`)
  })

  it('goes on passing memory on while another daemon has groups there, and the last one puts it back', () => {
    verifies('ENV-1')
    fakeGroup([101], '')
    const first = passMemoryOn(dir, () => [101])
    fakeGroup([], 'memory')
    const second = passMemoryOn(dir, () => [102])
    const ofSecond = join(dir, 'mycelium-a-102-1')
    mkdirSync(ofSecond)
    first()
    expect(text('cgroup.subtree_control')).toBe('memory\n')
    rmSync(ofSecond, { recursive: true })
    second()
    expect(text('cgroup.subtree_control')).toBe('-memory')
  })

  it('leaves no directory where it cannot be had', async () => {
    verifies('ENV-1')
    fakeGroup()
    const bounds = { softMb: 1, hardMb: 1 }
    const held = groupRung(1, join(dir, 'gone'), async () => () => {}).hold({
      name: 'x',
      pid: 1,
      file: 'x',
      bounds,
    })
    await expect(held).rejects.toMatchObject({ code: 'ENOENT' })
    expect(readdirSync(dir).filter((name) => name.startsWith('x'))).toEqual([])
  })
})

it('a scope of systemd is asked for over the bus, for the process that runs', async () => {
  verifies('ENV-1')
  const asked: (readonly string[])[] = []
  const rung = scopeRung('/usr/bin/busctl', async (_, args) => void asked.push(args))
  const hold = await rung.hold({
    name: 'mycelium-a-1-1',
    pid: 4711,
    file: 'x',
    bounds: { softMb: 1, hardMb: 2 },
  })
  await hold.bound(UNBOUNDED)
  const [started, changed] = asked.map((args) => args.slice(args.indexOf('call') + 4).join(' '))
  expect(started).toBe(
    'StartTransientUnit ssa(sv)a(sa(sv)) mycelium-a-1-1.scope fail 4 PIDs au 1 4711 MemoryHigh t 1048576 MemoryMax t 2097152 MemorySwapMax t 2097152 0',
  )
  expect(changed).toBe(
    'SetUnitProperties sba(sv) mycelium-a-1-1.scope true 3 MemoryHigh t 18446744073709551615 MemoryMax t 18446744073709551615 MemorySwapMax t 18446744073709551615',
  )
})

describe('what a runtime is told', () => {
  const told = (env: Record<string, string>, args: string[] = [], file = '/usr/bin/node') =>
    runtimeVariables(file, args, env, 200)

  it('is three quarters of the hard limit for Node, after what the user said', () => {
    verifies('ENV-1')
    expect(told({})).toEqual({ NODE_OPTIONS: '--max-old-space-size=150' })
    expect(told({ NODE_OPTIONS: '--no-warnings' })).toEqual({
      NODE_OPTIONS: '--no-warnings --max-old-space-size=150',
    })
    expect(runtimeVariables('node', [], {}, 1)).toEqual({ NODE_OPTIONS: '--max-old-space-size=32' })
  })

  it.each([
    [{ NODE_OPTIONS: '--max-old-space-size=4096' }, []],
    [{ NODE_OPTIONS: '--max_old_space_size=4096' }, []],
    [{}, ['--max-old-space-size=64', 'server.js']],
  ])('is nothing where the user has said it (%j %j)', (env, args) => {
    verifies('ENV-1')
    expect(told(env, args)).toEqual({})
  })

  it('is nothing to what is not Node', () => {
    verifies('ENV-1')
    writeFileSync(join(dir, 'tool'), '#!/usr/bin/env node\nconsole.log(1)\n')
    writeFileSync(join(dir, 'other'), '#!/usr/bin/env python3\n')
    expect(isNode(join(dir, 'tool'))).toBe(true)
    expect(isNode(join(dir, 'other'))).toBe(false)
    expect(isNode(join(dir, 'gone'))).toBe(false)
    expect(told({}, [], '/usr/bin/python3')).toEqual({})
  })
})

const PYTHON = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).stdout?.trim()
const PRLIMIT = ['/usr/bin/prlimit', '/bin/prlimit'].find(
  (path) => spawnSync(path, ['--version']).status === 0,
)

describe('prlimit', () => {
  it('is far above the limit: it counts what is mapped', () => {
    verifies('ENV-1')
    expect([dataMbFor(100), dataMbFor(1_000)]).toEqual([612, 2_000])
  })

  it.skipIf(!PYTHON || PRLIMIT === undefined)(
    'ends a burst of Python by an exception, is lifted again, and leaves Node alone',
    async () => {
      verifies('ENV-1')
      const run = async (file: string, args: readonly string[]) => {
        const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' })
        if (status !== 0) throw new Error(stderr)
      }
      const program = `
import sys
for line in sys.stdin:
  try:
    b = bytearray(700 << 20)
    print('had', flush=True)
  except MemoryError:
    print('MemoryError', flush=True)`
      const child = spawn(PYTHON!, ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] })
      onTestFinished(() => void child.kill('SIGKILL'))
      const lines = createInterface({ input: child.stdout })
      const ask = () => {
        child.stdin.write('\n')
        return new Promise<string>((resolve) => lines.once('line', resolve))
      }
      const rung = rlimitRung(PRLIMIT!, run)
      const hold = await rung.hold({
        name: 'x',
        pid: child.pid!,
        file: '/usr/bin/python3.12',
        bounds: { softMb: 50, hardMb: 100 },
      })
      expect(hold.by).toBeUndefined()
      expect(await ask()).toBe('MemoryError')
      await hold.bound(UNBOUNDED)
      expect(await ask()).toBe('had')
      const node = await rung.hold({
        name: 'x',
        pid: 1,
        file: '/usr/bin/node',
        bounds: { softMb: 1, hardMb: 1 },
      })
      expect(node.by).toBe('polling')
    },
  )
})

it('ends for want of memory are waited for, and make no crash loop', () => {
  verifies('ENV-1', 'POOL-2')
  const loop = (memoryShort: boolean) => {
    const record = new CrashRecord({ ...systemClock, now: () => 0 })
    for (let i = 0; i < 8; i++) record.note('gone', memoryShort)
    return [record.looping, record.delayMs() > 0]
  }
  expect(loop(false)).toEqual([true, true])
  expect(loop(true)).toEqual([false, true])
})

it('a directory without memory files is no group to bound anything by', () => {
  verifies('ENV-1')
  mkdirSync(join(dir, 'empty'))
  expect(mechanisms(join(dir, 'empty'))[0]).not.toMatch(/^cgroup/)
})
