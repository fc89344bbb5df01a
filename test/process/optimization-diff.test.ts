import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cliHome } from '../fixtures/cli-home.ts'
import { verifies } from '../requirements.ts'

const home = cliHome({ per: 'file' })
const BASE = Array.from(
  { length: 40 },
  (_, i) => `${i % 10 === 0 ? `## Part ${i / 10}` : `line ${i}`}\n`,
).join('')
const optimization = (...args: string[]) => home.run('optimization', ...args)

/** What a shell would have written to a file, as bytes. */
function bytesOf(...args: string[]): Buffer {
  return execFileSync(process.execPath, [home.bin, 'optimization', ...args], { env: home.env, cwd: home.dir })
}

describe('mycelium optimization', () => {
  it('prints a patch that can be read, and makes the file of it again', async () => {
    verifies('DIFF-1')
    home.put('base.md', BASE)
    home.put('next.md', `${BASE.replace('line 14\n', 'line fourteen\n')}## Part 4\nthe end`)
    const { code, stdout, stderr } = await optimization('diff', 'base.md', 'next.md')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.split('\n').slice(2)).toEqual([
      '@@ -15 +15 @@ ## Part 1',
      '-line 14',
      '+line fourteen',
      '@@ -40,0 +41,2 @@ added: ## Part 4',
      '+## Part 4',
      '+the end',
      '\\',
      '',
    ])
    home.put('patch', stdout)
    expect((await optimization('apply', 'base.md', 'patch')).stdout).toBe(
      `${BASE.replace('line 14\n', 'line fourteen\n')}## Part 4\nthe end`,
    )
  })

  it('says what became of the sections with --json', async () => {
    verifies('DIFF-1')
    home.put('base.md', BASE)
    home.put('next.md', BASE.replace(/## Part 2\n[^#]*/, '').replace('## Part 3', '## Part three'))
    const { stdout } = await optimization('diff', 'base.md', 'next.md', '--json')
    expect(JSON.parse(stdout)).toEqual({
      kind: 'patch',
      base: { hash: expect.stringMatching(/^[0-9a-f]{64}$/), lines: 40, bytes: BASE.length },
      next: { hash: expect.stringMatching(/^[0-9a-f]{64}$/), lines: 30, bytes: expect.any(Number) },
      patchBytes: expect.any(Number),
      hunks: 1,
      sections: [
        { what: 'renamed', name: '## Part three', formerName: '## Part 3', base: [31, 40], next: [21, 30] },
        { what: 'removed', name: '## Part 2', formerName: null, base: [21, 30], next: null },
      ],
      patch: expect.stringContaining('@@ -21,11 +21 @@ renamed: ## Part three'),
    })
  })

  it.each<[string, Buffer, Buffer]>([
    ['not UTF-8', Buffer.from('ff00fe0a80', 'hex'), Buffer.from('ff00fe0a8081', 'hex')],
    ['UTF-8 become something else', Buffer.from('text\n'.repeat(50)), Buffer.from([0xc3, 0x28, 0x0a])],
    ['nothing at first', Buffer.alloc(0), Buffer.from([0xff, 0xfe, 0x00])],
    ['nothing in the end', Buffer.from('text'), Buffer.alloc(0)],
    ['of Windows', Buffer.from('a\r\nb\r\n'), Buffer.from('\ufeffa\r\nb')],
  ])('is exact for files that are %s', (_, base, next) => {
    verifies('DIFF-1')
    home.put('base', base)
    home.put('next', next)
    writeFileSync(join(home.dir, 'patch'), bytesOf('diff', 'base', 'next'))
    expect(bytesOf('apply', 'base', 'patch').equals(next)).toBe(true)
  })

  it('makes the rest of a patch of which some was made, and takes the full text for a file that differs otherwise', async () => {
    verifies('DIFF-1')
    const half = BASE.replace('line 14\n', 'line fourteen\n')
    const next = half.replace('line 35\n', '')
    for (const [name, text] of [
      ['base.md', BASE],
      ['half.md', half],
      ['next.md', next],
      ['other.md', BASE.replace('line 7', 'line seven')],
    ] as const)
      home.put(name, text)
    home.put('patch', (await optimization('diff', 'base.md', 'next.md')).stdout)
    const applied = async (...args: string[]) =>
      JSON.parse((await optimization('apply', ...args, 'patch', '--json')).stdout)
    expect(await applied('base.md')).toMatchObject({ by: 'base', text: next })
    expect(await applied('half.md')).toMatchObject({ by: 'merge', text: next })
    expect(await applied('next.md')).toMatchObject({ by: 'held', text: next })
    expect(await applied('other.md', '--full', 'next.md')).toMatchObject({ by: 'full', text: next })
    for (const more of [[], ['--full', 'half.md']]) {
      const { code, stdout, stderr } = await optimization('apply', 'other.md', 'patch', ...more)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toContain('the patch is for the text')
    }
  })

  it('refuses another base, a damaged patch and what is no file, and prints nothing', async () => {
    verifies('DIFF-1')
    home.put('base.md', BASE)
    home.put('next.md', BASE.replace('line 14', 'line 15'))
    const { stdout: patch } = await optimization('diff', 'base.md', 'next.md')
    home.put('patch', patch)
    home.put('damaged', patch.replace('+line 15', '+line 16'))
    home.put('cut', patch.slice(0, -4))
    home.put('other.md', BASE.replace('line 7', 'line seven'))
    for (const [args, message] of [
      [['apply', 'other.md', 'patch'], 'the patch is for the text'],
      [['apply', 'base.md', 'damaged'], 'the patch does not make the text'],
      [['apply', 'base.md', 'cut'], 'the patch is damaged at line'],
      [['apply', 'base.md', 'base.md'], 'the patch is damaged at line 1'],
      [['apply', 'base.md', 'nowhere'], 'nowhere does not exist'],
      [['diff', 'base.md', '.'], 'is not a regular file'],
    ] as const) {
      const { code, stdout, stderr } = await optimization(...args)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toContain(message)
      expect(stderr).toContain('\n  next: ')
    }
  })
})
