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

  it('leaves what is pinned as it is, by its text and by its lines', async () => {
    verifies('COMP-1')
    const block = (name: string) => Array.from({ length: 30 }, (_, i) => `step ${i} of ${name} went well`)
    const [first, again] = [block('the build'), block('the build')]
    const file = home.put('log.txt', [...first, 'and once more:', ...again].join('\n'))
    const exact = (...more: string[]) =>
      optimization('compress', file, '--no-judge', '--target', '1', ...more)
    expect((await exact()).stdout).not.toContain('step 8 of the build went well\nstep 9 of')
    const text = 'step 8 of the build went well\nstep 9 of the build went well'
    for (const pinned of [await exact('--pin', text), await exact('--pin-lines', '9-10')]) {
      expect(pinned.code, pinned.stderr).toBe(0)
      expect(pinned.stdout.split(text)).toHaveLength(3)
      expect(pinned.stdout.length).toBeLessThan([...first, ...again].join('\n').length)
    }
    expect(await exact('--pin', 'step 99')).toMatchObject({ code: 2, stdout: '' })
    expect(await exact('--pin-lines', '60-62')).toMatchObject({ code: 2, stdout: '' })
  })

  it('keeps the sentences that are near to the query in meaning, without a word in common', async () => {
    verifies('COMP-1')
    const wanted = 'Whoever wants to stop paying may end the subscription at the close of any month.'
    const others = [
      'The offices have large windows and look out onto the river that runs through the old town.',
      'People there like to have lunch together on the grass when the weather is warm enough for it.',
      'There is a garden behind the building with apple trees that somebody planted long before.',
      'The colour of the logo was chosen after a long talk about what would look best on the door.',
      'Coffee is served in the kitchen on the second floor all day, with tea for those who want it.',
      'A band that some of the colleagues founded plays there on Friday evenings in the summer.',
      'The team has a habit of writing long letters about what it has learnt over the years.',
    ]
    const file = home.put('prose.md', `# The service\n\n${[...others, wanted].join(' ')}\n`)
    const kept = async (query: string) =>
      (await optimization('compress', file, '--target', '60%', '--query', query)).stdout.includes(wanted)
    expect(await kept('how do I cancel my plan?')).toBe(true)
    expect(await kept('what can one see outdoors?')).toBe(false)
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
