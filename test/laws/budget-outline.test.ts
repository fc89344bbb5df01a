import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MIN_SAVED_SHARE, type OutlineRequest, outlineOf } from '../../src/core/budget/outline.ts'
import { skeletonOf } from '../../src/core/budget/skeleton.ts'
import { parsedFile, sourceOf } from '../fixtures/parsed-files.ts'
import { verifies } from '../requirements.ts'

const tokensOf = (text: string) => text.length / 3.5
const ways = { part: 'for a part, Read it with offset and limit', whole: 'for all of it, Read it again' }
const request = (of: Partial<OutlineRequest> & Pick<OutlineRequest, 'text'>): OutlineRequest => ({
  path: '/work/a.ts',
  parsed: undefined,
  budget: 1_000,
  tokensOf,
  ways,
  ...of,
})

/** Texts of lines that look like code, prose and data, some of them very long. */
const line = fc.oneof(
  fc.string({ maxLength: 60 }).map((text) => text.replace(/[\n\r]/g, ' ')),
  fc.constantFrom('', '# Heading', '## Part', '```', 'key:', '  value: 1', '[section]', '}', '\tx'),
  fc.integer({ min: 1_001, max: 1_500 }).map((length) => 'x'.repeat(length)),
)
const text = fc.array(line, { minLength: 1, maxLength: 400 }).map((lines) => `${lines.join('\n')}\n`)
const source = fc
  .record({ count: fc.integer({ min: 1, max: 60 }), size: fc.integer({ min: 2, max: 60 }) })
  .map(({ count, size }) => sourceOf(count, size))
const any = fc.oneof(
  text.map((one) => ({ text: one, parsed: undefined })),
  source,
  source.map((one) => ({ ...one, parsed: undefined })),
)
const budget = fc.integer({ min: 300, max: 8_000 })
const MARK = /\n\n[^\n]* \(lines \d+-\d+\):\n/

describe('an outline', () => {
  it('is smaller than the file by a fifth at least, within its budget, or none', () => {
    verifies('BUDGET-1')
    fc.assert(
      fc.property(any, budget, (file, tokens) => {
        const outline = outlineOf(request({ ...file, budget: tokens }))
        if (outline === undefined) return
        expect(outline.tokens).toBeLessThanOrEqual((1 - MIN_SAVED_SHARE) * outline.wholeTokens)
        expect(outline.tokens).toBeLessThanOrEqual(tokens)
        expect(outline.wholeTokens).toBe(tokensOf(file.text))
      }),
    )
  })

  it('shows lines as they are, under their own numbers, and says which', () => {
    verifies('BUDGET-1')
    fc.assert(
      fc.property(any, budget, (file, tokens) => {
        const outline = outlineOf(request({ ...file, budget: tokens }))
        if (outline === undefined) return
        const lines = file.text.split('\n')
        const said = outline.shown.flatMap(({ from, to }) =>
          Array.from({ length: to - from + 1 }, (_, i) => from + i),
        )
        const verbatim = [...outline.text.matchAll(/^(\d+)\t(.*)$/gm)].filter(
          ([, , rest]) => rest !== undefined,
        )
        for (const number of said) expect(outline.text).toContain(`\n${number}\t${lines[number - 1]}\n`)
        expect(verbatim.length).toBeGreaterThanOrEqual(said.length)
        expect(outline.text).toContain(ways.part)
        expect(outline.text).toContain(ways.whole)
      }),
    )
  })

  it('is the same each time, and a larger budget only adds behind what was there', () => {
    fc.assert(
      fc.property(any, budget, budget, (file, a, b) => {
        const at = (tokens: number) => outlineOf(request({ ...file, budget: tokens }))?.text
        const [less, more] = [at(Math.min(a, b)), at(Math.max(a, b))]
        expect(at(Math.min(a, b))).toBe(less)
        if (less === undefined || more === undefined) return
        const [listOfLess, listOfMore] = [less.split(MARK)[0], more.split(MARK)[0]]
        if (listOfLess !== listOfMore) return
        expect(more.startsWith(less.replace(/\n\nShown: [^\n]*\n$/, ''))).toBe(true)
      }),
    )
  })

  it('begins with the most complex function, which comes behind what was asked for or edited', () => {
    const file = sourceOf(30, 20)
    const plain = outlineOf(request({ ...file, budget: 1_500 }))!
    expect(MARK.exec(plain.text)![0]).toBe('\n\nstep15 (lines 301-320):\n')
    expect(plain.shown).toContainEqual({ from: 301, to: 320 })
    const edited = outlineOf(request({ ...file, budget: 1_500, edited: [{ from: 50, to: 51 }] }))!
    expect(MARK.exec(edited.text)![0]).toBe('\n\nedited lately (lines 47-54):\n')
    const asked = outlineOf(
      request({ ...file, budget: 1_500, asked: [{ from: 5, to: 9 }], edited: [{ from: 50, to: 51 }] }),
    )!
    expect(MARK.exec(asked.text)![0]).toBe('\n\nasked for (lines 5-9):\n')
  })

  it('of prose says where each heading ends, in time that grows with the headings', () => {
    const lines = ['# A', 'a', '## B', 'b', '### C', '## D', '# E', 'e']
    const { landmarks } = skeletonOf('a.md', lines, undefined)
    expect(landmarks.map(({ label, from, to }) => `${label} ${from}-${to}`)).toEqual([
      ...['# A 1-6', '## B 3-5', '### C 5-5', '## D 6-6', '# E 7-8'],
    ])
    // Seconds of work where each heading looks at all behind it.
    const many = Array.from({ length: 200_000 }, (_, i) => `${'#'.repeat(1 + (i === 0 ? 0 : 5))} h`)
    expect(skeletonOf('a.md', many, undefined).landmarks[0]!.to).toBe(200_000)
  })

  it('of a tree lists what it holds with lines, as deep as there is room', () => {
    const parsed = parsedFile([], {
      imports: [
        { specifier: './b.ts', line: 1, kind: 'import', typeOnly: false, names: ['b'] },
        { specifier: './b.ts', line: 2, kind: 'import', typeOnly: true, names: ['B'] },
      ],
      outline: [
        {
          kind: 'class',
          name: 'Pool',
          signature: 'class Pool',
          line: 4,
          endLine: 400,
          depth: 0,
          exported: true,
        },
        {
          kind: 'method',
          name: 'get',
          signature: 'get(): A',
          line: 5,
          endLine: 9,
          depth: 1,
          exported: false,
        },
      ],
    })
    const long = 'x = 1 // a line of some length\n'.repeat(400)
    const outline = outlineOf(request({ text: long, parsed }))!
    expect(outline.text).toContain('\nImports: ./b.ts\n')
    expect(outline.text).toContain('\n4-400: class Pool\n  5-9: get(): A\n')
    const many = parsedFile(
      Array.from({ length: 300 }, (_, i) => ({
        name: `f${i}`,
        line: i + 1,
        endLine: i + 1,
        cognitive: 0,
        exported: i >= 290,
      })),
    )
    const short = outlineOf(request({ text: long, parsed: many, budget: 600 }))!
    expect(short.text).toContain('300: function f299(): void\n')
    expect(short.text).toMatch(/\((\d+) more are left out of this list/)
  })

  it('without a tree has headings or blocks, the head and the end', () => {
    const markdown = `# One\n\n${'words and words\n'.repeat(200)}## Two\n\`\`\`sh\n# no heading\n\`\`\`\n${'more words\n'.repeat(300)}# Three\nlast\n`
    const outline = outlineOf(request({ path: 'a.md', text: markdown, budget: 700 }))!
    expect(outline.text).toContain('1-506: # One\n  203-506: ## Two\n507-508: # Three\n')
    expect(outline.text).not.toContain(': # no heading')
    expect(outline.text).toContain('\nhead (lines 1-30):\n1\t# One\n')
    expect(outline.text).toContain('\nend (lines 494-508):\n')
    const toml = `${'[part]\nkey = 1\n'.repeat(3)}${'other = "some value"\n'.repeat(300)}`
    expect(outlineOf(request({ path: 'a.toml', text: toml, budget: 500 }))!.text).toContain('3-4: [part]\n')
  })

  it('of one endless line shows none of it, and says how long it is', () => {
    const outline = outlineOf(request({ text: `a\n${'y'.repeat(50_000)}\nb\n` }))!
    expect(outline.text).toContain('(line 2 has 50000 characters)')
    expect(outline.shown).toEqual([
      { from: 1, to: 1 },
      { from: 3, to: 3 },
    ])
  })
})
