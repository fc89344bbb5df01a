import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cliHome } from '../fixtures/cli-home.ts'
import { verifies } from '../requirements.ts'

const rows = Array.from({ length: 60 }, (_, i) => ({ id: i, name: `user ${i}`, ok: true }))
const payload = `${JSON.stringify({ total: 60, rows }, null, 2)}\r\n`
const home = cliHome({ files: { 'rows.json': payload, 'bytes.bin': '' } })
const HANDLE = /my:[0-9a-f]{10}/
const optimization = (...args: string[]) => home.run('optimization', ...args)

describe('mycelium optimization', () => {
  it('shortens a file, and gives it back byte for byte to a later process', async () => {
    verifies('COMP-1', 'COMP-2')
    const done = await optimization('compress', join(home.dir, 'rows.json'))
    expect(done.code, done.stderr).toBe(0)
    expect(done.stdout.length).toBeLessThan(payload.length / 2)
    expect(done.stdout).toContain('59,user 59')
    expect(done.stderr).toContain('nothing is lost')
    const handle = HANDLE.exec(done.stdout)![0]
    expect(await optimization('expand', handle)).toMatchObject({ code: 0, stdout: payload })
    expect(await optimization('expand', handle, '--lines', '2-3')).toMatchObject({
      code: 0,
      stdout: '  "total": 60,\n  "rows": [\n',
    })
    const inspected = await optimization('inspect', handle)
    expect(inspected.stdout).toContain('encoding')
    expect(inspected.stdout).toContain('After, ')
  })

  it('says the same as JSON, of a pipe too', async () => {
    verifies('COMP-1')
    const { stdout, status } = spawnSync(
      process.execPath,
      [home.bin, 'optimization', 'compress', '-', '--json', '--target', '40%'],
      {
        input: payload,
        env: home.env,
        encoding: 'utf8',
      },
    )
    expect(status).toBe(0)
    const done = JSON.parse(stdout)
    expect(Object.keys(done).sort()).toEqual([
      'content',
      'handle',
      'kind',
      'leftOut',
      'lossless',
      'steps',
      'strategies',
      'tokensAfter',
      'tokensBefore',
    ])
    expect(done).toMatchObject({
      kind: 'json',
      lossless: true,
      leftOut: [],
      handle: expect.stringMatching(HANDLE),
    })
  })

  it('refuses what it cannot do, says what to do instead, and keeps nothing', async () => {
    verifies('COMP-3')
    writeFileSync(join(home.dir, 'bytes.bin'), Buffer.from([0xff, 0xfe, 0x41]))
    mkdirSync(join(home.dir, 'directory'))
    const codes = await Promise.all(
      [
        ['compress', join(home.dir, 'none.txt')],
        ['compress', join(home.dir, 'bytes.bin')],
        ['compress', join(home.dir, 'directory')],
        ['compress', join(home.dir, 'rows.json'), '--strategy', 'magic'],
        ['compress', join(home.dir, 'rows.json'), '--target', 'half'],
        ['expand', 'my:0000000000'],
        ['expand', 'rubbish'],
        ['expand', 'my:0000000000', '--lines', '9-3'],
        ['inspect', 'my:0000000000'],
      ].map(async (args) => {
        const { code, stdout, stderr } = await optimization(...args)
        expect(stdout).toBe('')
        expect(stderr).not.toBe('')
        return code
      }),
    )
    expect(codes).toEqual([1, 1, 1, 2, 2, 1, 2, 2, 1])
    expect(existsSync(join(home.dir, '.mycelium', 'originals'))).toBe(false)
  })

  it.skipIf(process.getuid?.() === 0)(
    'lets a text out as it is where its original cannot be kept',
    async () => {
      verifies('COMP-2', 'COMP-3')
      mkdirSync(join(home.dir, '.mycelium'))
      chmodSync(join(home.dir, '.mycelium'), 0o500)
      const done = await optimization('compress', join(home.dir, 'rows.json'))
      chmodSync(join(home.dir, '.mycelium'), 0o700)
      expect(done).toMatchObject({ code: 0, stdout: payload })
    },
  )

  it('lets a text out as it is where a file stands in the place of originals, and says so', async () => {
    verifies('COMP-2', 'COMP-3')
    home.put('.mycelium/originals', '')
    const done = await optimization('compress', join(home.dir, 'rows.json'))
    expect(done).toMatchObject({ code: 0, stdout: payload })
    expect(done.stderr).toContain('not shortened')
  })

  it('keeps one original however many processes shorten it at once', async () => {
    verifies('COMP-2')
    const all = await Promise.all(
      Array.from({ length: 3 }, () => optimization('compress', join(home.dir, 'rows.json'))),
    )
    const handles = new Set(all.map(({ stdout }) => HANDLE.exec(stdout)?.[0]))
    expect(handles.size).toBe(1)
    expect(await optimization('expand', [...handles][0]!)).toMatchObject({ code: 0, stdout: payload })
  })
})
