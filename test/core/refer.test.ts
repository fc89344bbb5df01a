import { expect, it } from 'vitest'
import { referring } from '../../src/core/compress/refer.ts'
import { loadCounter } from '../../src/core/tokens/count.ts'
import { verifies } from '../requirements.ts'

const count = await loadCounter()
const KINDS = ['link', 'button', 'listitem', 'heading']
/** A page after the k-th click, as a browser's server shows it with each. */
const page = (k: number) =>
  [
    `### Clicked ${k}`,
    '- generic [ref=e1]:',
    ...Array.from(
      { length: 150 },
      (_, i) => `  - ${KINDS[i % 4]} "Order ${i * 37 + (i === k * 9 ? 1000 : 0)}" [ref=e${i + 2}]`,
    ),
  ].join('\n')

it('pages that differ by a line, from calls that differ, take a tenth of the tokens from the second on', async () => {
  verifies('COMP-1')
  const kept: string[] = []
  const keep = (text: string) => {
    kept.push(text)
    return `my:${String(kept.length).padStart(10, '0')}`
  }
  const handle = () => 'my:ffffffffff'
  for (let k = 1; k < 8; k++) {
    const referred = await referring(page(k), [page(0)], { count, keep, handle })
    expect(count(referred!)).toBeLessThan(count(page(k)) / 10)
  }
  // Only what is named is kept, once for each text.
  expect(kept).toEqual(Array.from({ length: 7 }, () => page(0)))
  expect(await referring(page(1), ['something else\n'.repeat(50)], { count, keep, handle })).toBeUndefined()
  const broken = () => {
    throw new Error('no space left')
  }
  expect(await referring(page(1), [page(0)], { count, keep: broken, handle })).toBeUndefined()
})

it('a text whose lines only it explains is named by none, and names none', async () => {
  verifies('COMP-1')
  const keep = () => 'my:0123456789'
  const head = (notes: string) =>
    `[shortened: ${notes}. Original: mycelium optimization expand my:0000000000]\n`
  const forms = [
    '~A: pattern; ~A values fill its {}; ~A ×N: N lines of values',
    '@A=https://a.example/of/things',
  ]
  for (const notes of [...forms, '[N × P…] = the next N lines begin with P'])
    for (const [text, earlier] of [
      [head(notes) + page(1), page(0)],
      [page(1), head(notes) + page(0)],
      [head(notes) + page(1), head(notes) + page(0)],
    ] as const)
      expect(await referring(text, [earlier], { count, keep, handle: keep })).toBeUndefined()
  const left = head('[… A-B: …] = lines A-B left out; @N = [ref=eN]')
  expect(await referring(left + page(1), [left + page(0)], { count, keep, handle: keep })).toBeDefined()
  expect(await referring(left + page(1), [page(0)], { count, keep, handle: keep })).toBeUndefined()
})

it('what is pinned stays, and the passages before and behind it are named all the same', async () => {
  verifies('COMP-1')
  const keep = () => 'my:0123456789'
  const lines = page(0).split('\n')
  const pin = lines[80]!
  const referred = await referring(page(0), [page(0)], { count, keep, handle: keep, pinned: [pin] })
  expect(referred!.split('\n').slice(1)).toEqual([
    expect.stringMatching(/^\[= my:0123456789 1-80 /),
    pin,
    expect.stringMatching(/^\[= my:0123456789 82-152 /),
  ])
})

it('blank lines are a passage like any other, and a line that is nearly a mark is none', async () => {
  verifies('COMP-1')
  const keep = () => 'my:0123456789'
  const blank = '\n'.repeat(100)
  const line = '[= my:0000000000 is what a mark begins with'
  const referred = await referring(`${line}\nnew${blank}${page(0)}`, [`old${blank}`, page(0)], {
    ...{ count, keep, handle: keep },
  })
  expect(referred!.split('\n')[1]).toBe(line)
  expect(referred).toContain('[= my:0123456789 2-')
})
