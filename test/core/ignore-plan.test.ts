import fc from 'fast-check'
import ignore from 'ignore'
import { describe, expect, it } from 'vitest'
import { changesBetween, type FormerPlan } from '../../src/core/ignore/hysteresis.ts'
import { linesOf, patternsFor } from '../../src/core/ignore/patterns.ts'
import { type IgnorePlan, type PlanWish, planIgnore } from '../../src/core/ignore/plan.ts'
import type { RankedFile } from '../../src/core/score/ranked.ts'
import { rankedFile } from '../fixtures/ranked-files.ts'
import { verifies } from '../requirements.ts'

const WISH: PlanWish = {
  budgetTokens: 0,
  floor: 0,
  hideTests: false,
  recentCommits: 10,
  used: new Set(),
  wanted: () => false,
}
const hiddenIn = (plan: IgnorePlan) => plan.hide.map(({ path }) => path).sort()

const NATURES = [
  'source',
  'test',
  'types',
  'manifest',
  'config',
  'lock',
  'document',
  'data',
  'generated',
] as const
const segment = fc.constantFrom(
  'a',
  'b',
  'c',
  'src',
  'x.ts',
  'y.test.ts',
  'readme.md',
  'CLAUDE.md',
  '.claude',
)
const repository = fc
  .uniqueArray(
    fc.record({
      path: fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `${parts.join('/')}.f`),
      nature: fc.constantFrom(...NATURES),
      tokens: fc.nat(2_000),
      importance: fc.integer({ min: 0, max: 1000 }).map((n) => n / 1000),
      commitsAgo: fc.oneof(fc.nat(40), fc.constant(Number.POSITIVE_INFINITY)),
      typesImported: fc.boolean(),
    }),
    { selector: ({ path }) => path.toLowerCase(), minLength: 1, maxLength: 40 },
  )
  .map((rows) => rows.map((row) => rankedFile(row.path, row)))

describe('a plan', () => {
  it('never hides what must stay, and says why of every file', () => {
    verifies('IGNORE-1')
    fc.assert(
      fc.property(repository, fc.nat(20_000), fc.boolean(), (files, budgetTokens, hideTests) => {
        const used = new Set(files.filter((_, i) => i % 5 === 0).map(({ path }) => path))
        const wanted = (path: string) => path.startsWith('b/')
        const plan = planIgnore(files, [], { ...WISH, budgetTokens, hideTests, used, wanted })
        const hidden = new Set(hiddenIn(plan))
        for (const file of files) {
          expect(hidden.has(file.path)).toBe(!plan.keep.has(file.path))
          if (!hidden.has(file.path)) continue
          expect(['manifest', 'config']).not.toContain(file.nature)
          expect(file.typesImported || file.commitsAgo < 10 || used.has(file.path) || wanted(file.path)).toBe(
            false,
          )
          expect(file.path).not.toMatch(/^\.claude\/|CLAUDE\.md$/)
        }
        const shown = files
          .filter(({ path }) => !hidden.has(path))
          .reduce((sum, file) => sum + file.tokens, 0)
        expect(plan.totalTokens - plan.savedTokens).toBe(shown)
        expect(plan.overTokens).toBe(Math.max(0, shown - budgetTokens))
      }),
    )
  })

  it('hides with a smaller budget everything that it hides with a larger one', () => {
    fc.assert(
      fc.property(repository, fc.nat(20_000), fc.nat(20_000), (files, one, other) => {
        const [small, large] = [Math.min(one, other), Math.max(one, other)]
        const more = new Set(hiddenIn(planIgnore(files, [], { ...WISH, budgetTokens: small })))
        for (const path of hiddenIn(planIgnore(files, [], { ...WISH, budgetTokens: large })))
          expect(more).toContain(path)
      }),
    )
  })

  it('keeps the test of a visible file, and hides it with what it tests', () => {
    const files = [
      rankedFile('src/a.ts', { importance: 0.9, tokens: 100 }),
      rankedFile('src/b.ts', { importance: 0.1, tokens: 100 }),
      rankedFile('test/a.test.ts', { nature: 'test', importance: 0, tokens: 100 }),
      rankedFile('test/b.test.ts', { nature: 'test', importance: 0.5, tokens: 100 }),
      rankedFile('test/whole.test.ts', { nature: 'test', importance: 0, tokens: 100 }),
    ]
    const plan = planIgnore(files, [], { ...WISH, budgetTokens: 300 })
    expect(hiddenIn(plan)).toEqual(['src/b.ts', 'test/b.test.ts'])
    expect(plan.keep.get('test/a.test.ts')?.reason).toBe('test of a visible file')
    expect(hiddenIn(planIgnore(files, [], { ...WISH, budgetTokens: 300, hideTests: true }))).toEqual([
      'test/a.test.ts',
      'test/whole.test.ts',
    ])
  })

  it('keeps what was edited often, the cheapest of it for each edit, and hides others in its place', () => {
    const files = [
      rankedFile('lock', { importance: 0.01, tokens: 1_000 }),
      rankedFile('small.ts', { importance: 0.02, tokens: 100 }),
      rankedFile('never.ts', { importance: 0.3, tokens: 100 }),
      rankedFile('main.ts', { importance: 0.9, tokens: 100 }),
    ]
    const commits = [
      ...Array(96).fill({ files: ['main.ts', 'gone.ts'] }),
      ...Array(2).fill({ files: ['lock'] }),
      ...Array(2).fill({ files: ['small.ts'] }),
    ]
    const at = (floor: number) => planIgnore(files, commits, { ...WISH, budgetTokens: 200, floor })
    expect(hiddenIn(at(0.96))).toEqual(['lock', 'small.ts'])
    expect(hiddenIn(at(0.98))).toEqual(['lock', 'never.ts'])
    expect(at(0.98).keep.get('small.ts')?.reason).toBe('edited too often to hide')
    expect(at(0.98).recall).toEqual({ edits: 100, kept: 98, share: 0.98 })
    expect(hiddenIn(at(1))).toEqual(['never.ts'])
    expect(at(1)).toMatchObject({ overTokens: 1_000, recall: { share: 1 } })
  })

  it('brings nothing back for one that is too many by itself', () => {
    const files = [
      rankedFile('lock', { importance: 0.01, tokens: 1_000 }),
      rankedFile('small.ts', { importance: 0.02, tokens: 100 }),
      rankedFile('main.ts', { importance: 0.9, tokens: 100 }),
    ]
    const commits = [
      ...Array(95).fill({ files: ['main.ts'] }),
      ...Array(3).fill({ files: ['lock'] }),
      ...Array(2).fill({ files: ['small.ts'] }),
    ]
    expect(hiddenIn(planIgnore(files, commits, { ...WISH, budgetTokens: 100, floor: 0.98 }))).toEqual([
      'small.ts',
    ])
  })

  it('never hides more of what was edited than the floor allows', () => {
    const one = fc.record({
      tokens: fc.integer({ min: 0, max: 5_000 }),
      importance: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    const history = fc.array(fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 4 }), { maxLength: 40 })
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 20 }), history, share, share, (all, touched, floor, keep) => {
        const files = all.map((file, i) => rankedFile(`f${i}.ts`, file))
        const total = files.reduce((sum, { tokens }) => sum + tokens, 0)
        const commits = touched.map((commit) => ({ files: commit.map((i) => `f${i}.ts`) }))
        const { recall } = planIgnore(files, commits, { ...WISH, floor, budgetTokens: keep * total })
        expect(recall.share).toBeGreaterThanOrEqual(floor - 1e-9)
      }),
    )
  })
})

describe('its patterns', () => {
  const name = fc
    .string({
      unit: fc.constantFrom(
        'a',
        'b',
        'A',
        '!',
        '#',
        ' ',
        '[',
        ']',
        '*',
        '?',
        '\\',
        'ü',
        '日',
        '(',
        ')',
        '{',
        '}',
        '-',
        '.x',
      ),
      minLength: 1,
      maxLength: 5,
    })
    .filter((text) => !/^\.+$/.test(text))
  const paths = fc.uniqueArray(
    fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
    { minLength: 1, maxLength: 30 },
  )
  it('match the hidden files and no other, whatever they are called', () => {
    verifies('IGNORE-1')
    fc.assert(
      fc.property(paths, fc.infiniteStream(fc.boolean()), (drawn, coin) => {
        // A file cannot be a directory too.
        const all = drawn.filter((path) => !drawn.some((other) => other.startsWith(`${path}/`)))
        const hidden = all.filter(() => coin.next().value as boolean)
        const { patterns, inexpressible } = patternsFor(hidden, all)
        const expected = hidden.filter((path) => !inexpressible.includes(path)).sort()
        const matcher = ignore().add(linesOf(patterns).join('\n'))
        expect(all.filter((path) => ignore.isPathValid(path) && matcher.ignores(path)).sort()).toEqual(
          expected,
        )
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    [
      ['d/a', 'd/e/b', 'c'],
      ['d/a', 'd/e/b', 'c', 'x'],
      ['/d/', '/c'],
    ],
    [
      ['d/a', 'd/e/b', 'd/e/c'],
      ['d/a', 'd/e/b', 'd/e/c', 'd/x'],
      ['/d/e/', '/d/a'],
    ],
    [
      ['!a', '#b', 'c ', '[d]', 'e*', 'f\\g', 'h i'],
      ['!a', '#b', 'c ', '[d]', 'e*', 'f\\g', 'h i', 'ex', 'd'],
      ['/!a', '/#b', '/\\[d\\]', '/c\\ ', '/e\\*', '/f\\\\g', '/h i'],
    ],
  ])('of %j are few and escaped', (hidden, all, lines) => {
    expect(linesOf(patternsFor(hidden, all).patterns)).toEqual(lines)
  })

  it.each([
    ['a line break', ['a\nb', 'c'], ['a\nb']],
    ['case alone', ['Read.me', 'c'], ['Read.me']],
    ['a question mark and one like it', ['a?c', 'c'], ['a?c']],
  ])('leave out a name that they cannot tell apart: %s', (_, hidden, out) => {
    expect(patternsFor(hidden, [...hidden, 'read.me', 'abc']).inexpressible).toEqual(out)
  })
})

describe('a plan made beside a former one', () => {
  const formerOf = (files: readonly RankedFile[], plan: IgnorePlan): FormerPlan => ({
    hidden: new Set(hiddenIn(plan)),
    importance: new Map(files.map(({ path, importance }) => [path, importance])),
  })

  it('does not flap with scores that are noisy by five percent', () => {
    fc.assert(
      fc.property(
        repository,
        fc.nat(20_000),
        fc.array(fc.infiniteStream(fc.double({ min: -0.05, max: 0.05, noNaN: true })), {
          minLength: 1,
          maxLength: 4,
        }),
        (files, budgetTokens, rounds) => {
          const first = planIgnore(files, [], { ...WISH, budgetTokens })
          let former = formerOf(files, first)
          for (const noise of rounds) {
            const noisy = files.map((file) => ({
              ...file,
              importance: file.importance * (1 + (noise.next().value as number)),
            }))
            const plan = planIgnore(noisy, [], { ...WISH, budgetTokens, former })
            expect(changesBetween(former, plan)).toEqual([])
            former = formerOf(noisy, plan)
          }
          expect([...former.hidden].sort()).toEqual(hiddenIn(first))
        },
      ),
    )
  })

  it('brings back what was read, and says so; nothing else moves for it', () => {
    const files = ['a', 'b', 'c', 'd'].map((path, i) =>
      rankedFile(path, { importance: 0.1 + i / 10, tokens: 25 }),
    )
    const former = formerOf(files, planIgnore(files, [], { ...WISH, budgetTokens: 50 }))
    expect([...former.hidden].sort()).toEqual(['a', 'b'])
    const plan = planIgnore(files, [], { ...WISH, budgetTokens: 70, former, used: new Set(['a']) })
    expect(changesBetween(former, plan)).toEqual([
      { path: 'a', to: 'visible', why: 'read or edited in recent sessions' },
    ])
  })

  it('lets a file change sides when its worth really changed', () => {
    const files = ['a', 'b'].map((path, i) => rankedFile(path, { importance: 0.1 + i / 10, tokens: 50 }))
    const former = formerOf(files, planIgnore(files, [], { ...WISH, budgetTokens: 50 }))
    const now = [rankedFile('a', { importance: 0.4, tokens: 50 }), files[1]!]
    expect(changesBetween(former, planIgnore(now, [], { ...WISH, budgetTokens: 50, former }))).toMatchObject([
      { path: 'a', to: 'visible', why: 'importance rose from 0.100 to 0.400' },
      { path: 'b', to: 'hidden' },
    ])
  })
})
