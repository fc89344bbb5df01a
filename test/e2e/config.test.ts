import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ended } from '../fixtures/built-cli.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { verifies } from '../requirements.ts'

const isRoot = process.getuid?.() === 0
const home = cliHome()
let root: string
let file: string
beforeEach(() => {
  root = join(home.dir, '.mycelium')
  file = join(root, 'config.json')
})
afterEach(() => {
  chmodSync(home.dir, 0o700)
  if (existsSync(root)) chmodSync(root, 0o700)
})

const env = (more: Record<string, string> = {}) => ({ ...home.env, ...more })
const config = (...args: string[]) => home.run('config', ...args)
const json = async (...args: string[]) => JSON.parse((await config(...args, '--json')).stdout)

function put(text: string): void {
  mkdirSync(root, { recursive: true, mode: 0o700 })
  writeFileSync(file, text)
}
const text = () => readFileSync(file, 'utf8')

describe('config', () => {
  it('sets, gets, explains and unsets, from a home that has nothing', async () => {
    verifies('CLI-1')
    const set = await config(
      'set',
      'token_optimization.enabled=true',
      'token_optimization.target_reduction=0.4',
    )
    expect(set).toMatchObject({ code: 0, stderr: '' })
    expect(set.stdout).toBe(
      `token_optimization.enabled: false (default) → true in ${file}\n` +
        '  counts at once\n' +
        `token_optimization.target_reduction: 0.5 (default) → 0.4 in ${file}\n` +
        '  counts at once\n',
    )
    expect(text()).toBe(
      '{\n  "token_optimization": {\n    "enabled": true,\n    "target_reduction": 0.4\n  }\n}\n',
    )
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(root).sort()).toEqual(['config.json', 'log', 'run'])
    expect((await config('get', 'token_optimization.target_reduction')).stdout).toBe('0.4\n')
    expect((await config('get', 'token_optimization.enabled', 'limits.idleMs')).stdout).toBe(
      'token_optimization.enabled=true\nlimits.idle_ms=10m\n',
    )
    expect(await json('get', 'token_optimization.enabled', 'limits.idle_ms')).toEqual({
      'token_optimization.enabled': true,
      'limits.idle_ms': 600_000,
    })
    expect((await config('explain', 'token_optimization.enabled')).stdout).toContain(
      `true, from user (${file})`,
    )
    await config('set', 'usage.prices_file', 'a=b')
    expect((await config('get', 'usage.prices_file')).stdout).toBe('a=b\n')
    await config(
      'unset',
      'token_optimization.enabled',
      'token_optimization.target_reduction',
      'usage.prices_file',
    )
    expect(text()).toBe('{}\n')
    expect((await config('unset', 'usage.prices_file')).stdout).toBe(
      `usage.prices_file: is not set in ${file}\n`,
    )
    expect((await config('path')).stdout).toBe(`${file}\n`)
  })

  it('says which layer won', async () => {
    verifies('CLI-1', 'CLI-4')
    await config('set', 'token_optimization.target_reduction=0.1')
    const project = join(home.dir, 'work')
    mkdirSync(join(project, 'sub'), { recursive: true })
    writeFileSync(
      join(project, '.mycelium.json'),
      '{"token_optimization": {"target_reduction": 0.2}, "events.enabled": false, "what": 1}',
    )
    const at = (more: Record<string, string>, ...args: string[]) =>
      ended(process.execPath, [home.bin, ...args], env(more), join(project, 'sub'))
    const key = 'token_optimization.target_reduction'
    const variable = { MYCELIUM_TOKEN_OPTIMIZATION__TARGET_REDUCTION: '0.3' }
    expect((await at({}, 'config', 'get', key)).stdout).toBe('0.2\n')
    expect((await at({}, 'config', 'get', key)).stderr).toContain('events.enabled does not count')
    expect((await at(variable, 'config', 'get', key)).stdout).toBe('0.3\n')
    expect((await at(variable, '--config', `${key}=0.4`, 'config', 'get', key)).stdout).toBe('0.4\n')
    const explained = await at(variable, 'config', 'explain', key, '--json', '--config', `${key}=0.4`)
    expect(JSON.parse(explained.stdout)).toEqual({
      key,
      value: 0.4,
      text: '0.4',
      layer: 'flag',
      from: '--config',
      default: 0.5,
      type: 'number',
      allowed: 'a number from 0 to 1',
      reload: 'live',
      reach: 'project',
      hasEffect: true,
      sentence: 'Share of the tokens of a tool result that shortening aims to save.',
      layers: [
        { layer: 'flag', from: '--config', value: 0.4, counts: true, refused: null },
        { layer: 'environment', from: Object.keys(variable)[0], value: 0.3, counts: false, refused: null },
        { layer: 'project', from: join(project, '.mycelium.json'), value: 0.2, counts: false, refused: null },
        { layer: 'user', from: file, value: 0.1, counts: false, refused: null },
        { layer: 'default', from: null, value: 0.5, counts: false, refused: null },
      ],
    })
    const set = await at(variable, 'config', 'set', `${key}=0.6`)
    expect(set.stdout).toContain('  here MYCELIUM_TOKEN_OPTIMIZATION__TARGET_REDUCTION goes before it: 0.3\n')
    const listed = JSON.parse((await at({}, 'config', 'list', '--json')).stdout)
    expect(listed.unknown).toEqual([{ key: 'what', from: join(project, '.mycelium.json') }])
    expect(listed.refused).toEqual([
      {
        key: 'events.enabled',
        layer: 'project',
        from: join(project, '.mycelium.json'),
        because: 'one daemon serves all directories, and it reads the user file only',
      },
    ])
  })

  it('lists every setting, with the value, where it is from, and whether it has an effect', async () => {
    verifies('CLI-1', 'CLI-4')
    await config('set', 'limits.idle_ms=5m')
    const { stdout, stderr } = await config('list')
    expect(stdout).toMatch(/^SETTING +VALUE +FROM +WHAT\n/)
    expect(stdout).toMatch(/^limits\.idle_ms +5m +user +A process in service/m)
    expect(stdout).toMatch(/^cache\.enabled +false +default +\(has no effect in this version\)/m)
    expect(stdout).not.toContain('limits.wait_ms')
    expect(stderr).toContain('mycelium config list --all')
    expect((await config('list', '--all')).stdout).toMatch(/^limits\.wait_ms +1m +default /m)
    const { settings } = await json('list', '--all')
    expect(settings.find((row: { key: string }) => row.key === 'limits.idle_ms')).toMatchObject({
      value: 300_000,
      text: '5m',
      layer: 'user',
      from: file,
      default: 600_000,
      hasEffect: true,
    })
  })

  it('names the schema that it ships, and a file may name it too', async () => {
    verifies('CLI-1')
    const schema = (await config('path', '--schema')).stdout.trim()
    const { properties } = JSON.parse(readFileSync(schema, 'utf8'))
    expect(properties.token_optimization.properties.target_reduction).toMatchObject({
      minimum: 0,
      maximum: 1,
      default: 0.5,
    })
    put(`{"$schema": ${JSON.stringify(schema)}}`)
    expect(await json('list')).toMatchObject({ unknown: [] })
    await config('set', 'cache.enabled=true')
    expect(JSON.parse(text())).toEqual({ $schema: schema, cache: { enabled: true } })
  })
})

describe('config explain', () => {
  it('says why a layer does not count', async () => {
    verifies('CLI-1')
    const at = { MYCELIUM_LIMITS__IDLE_MS: '4', MYCELIUM_DIFF__ENABLED: 'perhaps' }
    const explain = (key: string) => ended(process.execPath, [home.bin, 'config', 'explain', key], env(at))
    expect((await explain('limits.idle_ms')).stdout).toContain(
      'note: MYCELIUM_LIMITS__IDLE_MS: limits.idle_ms does not count: one daemon serves all directories, and it reads the user file only\n',
    )
    expect((await explain('diff.enabled')).stdout).toContain('"perhaps" is not true or false\n')
  })
})

describe('config set', () => {
  it.each([
    [
      ['token_optimization.enabled=true', 'token_optimisation.target_reduction=0.5'],
      'did you mean token_optimization.target_reduction?',
    ],
    [['cache.enabled=true', 'dedup.enabled=perhaps'], 'mycelium config explain dedup.enabled'],
    [['cache.enabled=true', 'events.fsync=sometimes'], 'mycelium config explain events.fsync'],
    [['cache.enabled=true', 'cache.enabled=false'], 'name it once'],
    [['cache.enabled=true', 'limits.idle_ms='], 'mycelium config explain limits.idle_ms'],
    [['cache.enabled'], 'mycelium config set key=value, or one key and its value'],
    [['__proto__=1'], 'mycelium config list --all'],
    [['constructor.prototype=1'], undefined],
    [[`${'x'.repeat(10_000)}=1`], undefined],
    [['кэш.enabled=true'], undefined],
  ])('%.60j: exit 2, the next step, and a file that was not touched', async (args, next) => {
    verifies('CLI-1')
    put('{"cache": {"enabled": false}}')
    const { code, stdout, stderr } = await config('set', ...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^mycelium: .+\n {2}next: .+\n$/)
    if (next !== undefined) expect(stderr).toContain(`  next: ${next}\n`)
    expect(text()).toBe('{"cache": {"enabled": false}}')
  })

  it('says what would have been accepted', async () => {
    verifies('CLI-1')
    expect((await config('set', 'events.fsync=x')).stderr).toContain('"x" is not batch or always or never')
    expect((await config('set', 'limits.idle_ms=x')).stderr).toContain(
      'is not a duration from 0 to 24d: 500ms, 5s,',
    )
    expect(existsSync(file)).toBe(false)
  })

  it('keeps all that it does not know, to the byte', async () => {
    verifies('CLI-1')
    put(
      '\uFEFF{\r\n\t"mine": {"n": 12345678901234567890, "f": 1.0, "__proto__": {"x": 1}},\r\n\t"limits": {\r\n\t\t"idleMs": 5\r\n\t}\r\n}\r\n',
    )
    const { code } = await config('set', 'limits.idle_ms=6')
    expect(code).toBe(0)
    expect(text()).toBe(
      '\uFEFF{\r\n\t"mine": {"n": 12345678901234567890, "f": 1.0, "__proto__": {"x": 1}},\r\n\t"limits": {\r\n\t\t"idleMs": 6\r\n\t}\r\n}\r\n',
    )
    expect((await config('unset', 'mine')).stdout).toBe(`mine: removed from ${file}\n`)
    expect(JSON.parse(text().slice(1))).toEqual({ limits: { idleMs: 6 } })
  })

  it.each([
    ['{"a": 1,}', 'config.json:1:9: '],
    ['{ // mine\n}', 'config.json:1:3: a comment, which JSON has not'],
    ['{"a": 1, "a": 2}', 'config.json:1:10: "a" is there twice'],
    ['null', 'config.json:1:1: the top level is not an object'],
    ['{"cache": true}', 'cache is not an object'],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'is not UTF-8 text'],
  ])('leaves %j as it is', async (content, what) => {
    verifies('CLI-1')
    mkdirSync(root, { mode: 0o700 })
    writeFileSync(file, content)
    const { code, stderr } = await config('set', 'cache.enabled=true')
    expect([code, stderr]).toEqual([1, expect.stringContaining(what)])
    expect(stderr).toMatch(/\n {2}next: .+\n$/)
    expect(readFileSync(file)).toEqual(Buffer.from(content))
  })

  it('writes an empty file, and through a link, and makes no link a file', async () => {
    verifies('CLI-1')
    const dotfile = join(home.dir, 'dotfiles.json')
    writeFileSync(dotfile, '')
    mkdirSync(root, { mode: 0o700 })
    symlinkSync(dotfile, file)
    expect((await config('set', 'cache.enabled=true')).code).toBe(0)
    expect(lstatSync(file).isSymbolicLink()).toBe(true)
    expect(JSON.parse(readFileSync(dotfile, 'utf8'))).toEqual({ cache: { enabled: true } })
    rmSync(dotfile)
    const { code, stderr } = await config('set', 'cache.enabled=true')
    expect([code, stderr]).toEqual([1, expect.stringContaining('is a link to a file that is not there')])
    expect(lstatSync(file).isSymbolicLink()).toBe(true)
  })

  it('names a directory, a read-only file and a place that cannot be made', async () => {
    verifies('CLI-1')
    mkdirSync(file, { recursive: true })
    expect(await config('set', 'cache.enabled=true')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('config.json is not a regular file'),
    })
    rmSync(root, { recursive: true })
    put('{}')
    chmodSync(file, 0o400)
    expect(await config('set', 'cache.enabled=true')).toMatchObject({
      code: 1,
      stderr: `mycelium: ${file} is read-only\n  next: make ${file} and its directory writable\n`,
    })
    expect(text()).toBe('{}')
    rmSync(root, { recursive: true })
    writeFileSync(root, '')
    const { code, stderr } = await config('set', 'cache.enabled=true')
    expect([code, stderr]).toEqual([1, expect.stringContaining('cannot be made a directory')])
    rmSync(root)
    if (isRoot) return
    chmodSync(home.dir, 0o500)
    expect((await config('set', 'cache.enabled=true')).code).toBe(1)
  })

  it('loses nothing when the disk takes only a part, also under a snap', async () => {
    verifies('CLI-1')
    const before = `{"mine": "${'x'.repeat(6_000)}"}`
    for (const more of [{}, { SNAP: '/snap/code/1' }]) {
      put(before)
      // Files of at most 4 kB: the write of a longer one is cut short, as on a full disk.
      const { code, stderr } = await ended(
        '/bin/bash',
        [
          '-c',
          'trap "" XFSZ; ulimit -f 4; exec "$0" "$@"',
          process.execPath,
          home.bin,
          'config',
          'set',
          'cache.enabled=true',
        ],
        env(more),
      )
      expect([code, stderr]).toEqual([1, expect.stringContaining('config.json was not written')])
      expect(text()).toBe(before)
      expect(readdirSync(root).filter((name) => name.startsWith('config'))).toEqual(['config.json'])
    }
  })

  it('of several commands at once all land', async () => {
    verifies('CLI-1')
    put('{"mine": 1}')
    const keys = ['cache', 'dedup', 'diff', 'budget', 'ignore', 'prewarm']
    const all = await Promise.all(keys.map((key) => config('set', `${key}.enabled=true`)))
    expect(all.map(({ code }) => code)).toEqual(keys.map(() => 0))
    expect(JSON.parse(text())).toEqual({
      mine: 1,
      ...Object.fromEntries(keys.map((key) => [key, { enabled: true }])),
    })
  })

  it('answers scripts', async () => {
    verifies('CLI-4')
    expect(await json('set', 'limits.idle_ms=5m', 'cache.enabled', 'x=y')).toHaveProperty(
      'error.code',
      'usage',
    )
    expect(await json('set', 'limits.idle_ms=5m')).toEqual({
      file,
      changed: true,
      daemon: 'not running',
      changes: [
        {
          key: 'limits.idle_ms',
          before: null,
          after: 300_000,
          value: 300_000,
          layer: 'user',
          reload: 'live',
          hasEffect: true,
        },
      ],
    })
    expect(await json('set', 'limits.idle_ms=300000')).toMatchObject({ changed: false })
    expect(await json('unset', 'limits.idle_ms')).toMatchObject({
      changed: true,
      changes: [{ key: 'limits.idle_ms', before: 300_000, after: null, value: 600_000, layer: 'default' }],
    })
    expect(await json('path')).toEqual({
      user: file,
      schema: expect.stringContaining('mycelium-config.schema.json'),
    })
  })
})
