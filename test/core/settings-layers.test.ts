import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { projectFileFor, type Resolved, resolveSettings } from '../../src/core/config/layers.ts'
import { pathsOf } from '../../src/core/config/paths.ts'
import type { MyceliumError } from '../../src/core/errors.ts'
import { verifies } from '../requirements.ts'

const KEY = 'token_optimization.target_reduction'
const VARIABLE = 'MYCELIUM_TOKEN_OPTIMIZATION__TARGET_REDUCTION'

let home: string
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
})
afterEach(() => rmSync(home, { recursive: true }))

function put(path: string, content: unknown): void {
  const file = join(home, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
}

function resolved(given: { flags?: string[]; env?: Record<string, string>; cwd?: string } = {}): Resolved {
  mkdirSync(join(home, 'work/deep'), { recursive: true })
  return resolveSettings({
    flags: given.flags ?? [],
    env: { HOME: home, ...given.env },
    cwd: join(home, given.cwd ?? 'work/deep'),
    paths: pathsOf(join(home, '.mycelium')),
  })
}

function errorOf(run: () => unknown): Pick<MyceliumError, 'code' | 'message' | 'hint'> {
  try {
    run()
  } catch (error) {
    const { code, message, hint } = error as MyceliumError
    return { code, message, hint }
  }
  throw new Error('nothing was thrown')
}

describe('a setting', () => {
  it('is what the strongest layer says that says anything', () => {
    verifies('CLI-1')
    const layers = [
      ['default', 0.5],
      ['user', 0.1],
      ['project', 0.2],
      ['environment', 0.3],
      ['flag', 0.4],
    ] as const
    const given: { flags?: string[]; env?: Record<string, string> } = {}
    const add = {
      default: () => {},
      user: () => put('.mycelium/config.json', { token_optimization: { target_reduction: 0.1 } }),
      project: () => put('work/.mycelium.json', { [KEY]: 0.2 }),
      environment: () => Object.assign(given, { env: { [VARIABLE]: '0.3' } }),
      flag: () => Object.assign(given, { flags: [`${KEY}=0.4`] }),
    }
    for (const [layer, value] of layers) {
      add[layer]()
      const settings = resolved(given)
      expect([settings.winner(KEY).layer, settings.get(KEY)]).toEqual([layer, value])
    }
    expect(
      resolved(given)
        .opinions(KEY)
        .map(({ layer, value }) => [layer, value]),
    ).toEqual([...layers].reverse())
  })

  it('of a project is that of the nearest file below the home directory', () => {
    put('.mycelium.json', { [KEY]: 0.1 })
    put('work/.mycelium.json', { [KEY]: 0.2 })
    expect(resolved().get(KEY)).toBe(0.2)
    put('work/deep/.mycelium.json', { [KEY]: 0.3 })
    expect(resolved().get(KEY)).toBe(0.3)
    expect(projectFileFor(home, { HOME: home })).toBeUndefined()
    expect(projectFileFor('/', { HOME: home })).toBeUndefined()
  })

  it('that a repository may not decide keeps its value, and the refusal is told', () => {
    verifies('CLI-1')
    put('work/.mycelium.json', {
      events: { enabled: false },
      usage: { prices_file: '/etc/passwd' },
      limits: { idleMs: 1 },
    })
    const settings = resolved()
    expect([
      settings.get('events.enabled'),
      settings.get('usage.prices_file'),
      settings.get('limits.idle_ms'),
    ]).toEqual([true, '', 600_000])
    const [refusal] = settings.opinions('usage.prices_file')
    expect(refusal).toEqual({
      layer: 'project',
      from: join(home, 'work/.mycelium.json'),
      value: '/etc/passwd',
      refused: 'a file that comes with a repository may not set it',
    })
  })

  it('of the daemon is not what the environment of a command says', () => {
    const settings = resolved({ env: { MYCELIUM_LIMITS__IDLE_MS: '5s' } })
    expect(settings.get('limits.idle_ms')).toBe(600_000)
    expect(settings.opinions('limits.idle_ms')[0]).toMatchObject({ layer: 'environment', value: 5_000 })
    expect(settings.opinions('limits.idle_ms')[0]!.refused).toContain('user file only')
  })

  it('with a wrong value in one layer is what the next one says', () => {
    verifies('CLI-1')
    put('.mycelium/config.json', { token_optimization: { target_reduction: 'half', enabled: 'yes' } })
    const settings = resolved({ env: { [VARIABLE]: '7' } })
    expect(settings.winner(KEY).layer).toBe('default')
    expect(settings.opinions(KEY).map(({ refused }) => refused)).toEqual([
      '7 is not a number from 0 to 1',
      '"half" is not a number from 0 to 1',
      undefined,
    ])
    expect(settings.get('token_optimization.enabled')).toBe(false)
  })

  it('is found under its first spelling, under a key in one piece, and with a unit', () => {
    put('.mycelium/config.json', { limits: { idleMs: '5m', wait_ms: 7 }, 'limits.lineBytes': '2KB' })
    const settings = resolved()
    expect(settings.get('limits.idle_ms')).toBe(300_000)
    expect(settings.get('limits.wait_ms')).toBe(7)
    expect(settings.get('limits.line_bytes')).toBe(2_048)
    expect(settings.unknown).toEqual([])
  })

  it('that nobody knows is listed and harms nothing', () => {
    verifies('CLI-1')
    put(
      '.mycelium/config.json',
      '{"$schema": "./x.json", "__proto__": {"a": 1}, "constructor": 1, "limits": {"__proto__": 2, "idle_ms": 3}, "events": 5, "ключ": 1}',
    )
    const settings = resolved({ env: { MYCELIUM_NO__SUCH: '1', MYCELIUM_HOME: home } })
    expect(settings.unknown.map(({ key }) => key)).toEqual([
      'MYCELIUM_NO__SUCH',
      '__proto__',
      'constructor',
      'limits.__proto__',
      'events',
      'ключ',
    ])
    expect(settings.get('limits.idle_ms')).toBe(3)
    expect(({} as Record<string, unknown>).a).toBeUndefined()
  })
})

describe('a file that is broken', () => {
  it.each([
    ['{\n  "a": }', ':2:8: value expected'],
    ['{"a": 1,}', ':1:9: property name expected'],
    ['{\r\n  // why\r\n}', ':2:3: a comment, which JSON has not'],
    ['{"limits": {"x": 1, "x": 2}}', ':1:21: "x" is there twice'],
    ['{"limits": 1, "limits": 2}', ':1:15: "limits" is there twice'],
    ['[1]', ':1:1: the top level is not an object'],
    ['{"a": "\n"}', ':1:7: '],
    ['['.repeat(100_000), ''],
    ['\u0000', ':1:1: '],
  ])('%.40j: is named, with line and column', (text, place) => {
    verifies('CLI-1')
    put('.mycelium/config.json', text)
    const { code, message } = errorOf(() => resolved())
    expect(code).toBe('config_invalid')
    expect(message).toContain(join(home, '.mycelium/config.json') + place)
  })

  it('in a project does not count, and stops nobody', () => {
    put('work/.mycelium.json', '{')
    const settings = resolved()
    expect(settings.broken?.message).toContain('.mycelium.json:1:2: ')
    expect(settings.get(KEY)).toBe(0.5)
    rmSync(join(home, 'work/.mycelium.json'))
    mkdirSync(join(home, 'work/.mycelium.json'))
    expect(resolved().broken?.code).toBe('config_unreadable')
  })

  it('by nothing but its emptiness, or a byte order mark, is not broken', () => {
    for (const text of ['', ' \n', '\uFEFF', '\uFEFF{}\r\n']) {
      put('.mycelium/config.json', text)
      expect(resolved().winner(KEY).layer).toBe('default')
    }
  })
})

describe('a flag', () => {
  it.each([
    ['nope=1', { code: 'unknown_setting', message: 'no setting "nope"' }],
    ['cache.enable=true', { code: 'unknown_setting', hint: 'did you mean cache.enabled?' }],
    ['diffs.enabled=maybe', { code: 'setting_invalid', hint: 'mycelium config explain diffs.enabled' }],
    ['diffs.enabled', { code: 'usage' }],
    ['cache.enabled=true', { code: 'setting_invalid', hint: 'mycelium config set cache.enabled=true' }],
  ])('%s is refused', (flag, error) => {
    verifies('CLI-1')
    expect(errorOf(() => resolved({ flags: [flag] }))).toMatchObject(error)
  })
})
