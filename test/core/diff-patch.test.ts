import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { delta } from '../../src/core/diff/delta.ts'
import { diff } from '../../src/core/diff/diff.ts'
import { encode } from '../../src/core/diff/encode.ts'
import { receive } from '../../src/core/diff/merge.ts'
import { parse } from '../../src/core/diff/parse.ts'
import { kindOf, sectionsOf } from '../../src/core/diff/sections.ts'
import { sectionChanges } from '../../src/core/diff/structure.ts'
import { linesOf } from '../../src/core/diff/text.ts'
import { verifies } from '../requirements.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const words = (from: number, to: number, word = 'word') =>
  Array.from({ length: to - from + 1 }, (_, i) => `${word} ${from + i} of many, as texts have them\n`).join(
    '',
  )
const part = (name: string, text: string) => `## ${name}\n${text}`
const hunksOf = (base: string, next: string) => encode(diff(base, next)).split('\n').slice(2, -1)

describe('a written patch', () => {
  it('says a block that moved by its lines', () => {
    verifies('DIFF-1')
    const [a, b, c] = [part('A', words(1, 9)), part('B', words(20, 24)), part('C', words(40, 49))]
    expect(hunksOf(a + b + c, a + c + b)).toEqual([
      '@@ -11,6 +10,0 @@ moved: ## B',
      '-## B',
      '.4',
      '-word 24 of many, as texts have them',
      '@@ -27,0 +22,6 @@ moved: ## B',
      '>11-16',
    ])
  })

  it('says a change in a long line by what stands before it, and repeats neither', () => {
    verifies('DIFF-1')
    const rows = Array.from({ length: 400 }, (_, i) => ({ id: i, name: `row ${i}`, size: i * 7 }))
    const base = JSON.stringify(rows)
    rows[200]!.size = 1
    expect(hunksOf(base, JSON.stringify(rows))).toEqual([
      '@@ -1 +1 @@',
      '=1',
      `~${base.indexOf('1400}')} "\\"name\\":\\"row 200\\",\\"size\\":" -"1400" +"1"`,
    ])
  })

  it('is as docs/diffs.md shows it', () => {
    const doc = readFileSync(join(root, 'docs/diffs.md'), 'utf8')
    const shown = /^ {4}--- (?:.*\n {4})+.*\n/m.exec(doc)![0].replace(/^ {4}/gm, '')
    const written = parse(shown)
    expect(written.kind === 'patch' && encode(written.patch)).toBe(shown)
  })

  it('is the whole text where it would be no shorter', () => {
    verifies('DIFF-1')
    const { kind, text } = delta(words(1, 30, 'one'), words(1, 30, 'another'))
    expect(kind).toBe('whole')
    expect(text.split('\n')[0]).toMatch(/^=== [0-9a-f]{16} 30$/)
  })

  it.each([
    ['a line that no patch has', (text: string) => `${text}what\n`],
    ['a missing end', (text: string) => text.slice(0, -1)],
    ['a count that does not agree', (text: string) => text.replace('@@ -2 +2 @@', '@@ -2,2 +2 @@')],
    ['a line too few', (text: string) => text.replace('+two\n', '')],
    ['a place beyond the base', (text: string) => text.replace('@@ -2 +2 @@', '@@ -9 +9 @@')],
    ['hunks out of order', (text: string) => text + text.split('\n').slice(2).join('\n')],
    ['another length', (text: string) => text.replace(/^(\+\+\+ \w+) 4/m, '$1 5')],
    ['a hash that is cut', (text: string) => text.replace(/^--- \w/, '--- ')],
    ['line ends of Windows', (text: string) => text.replaceAll('\n', '\r\n')],
  ])('with %s is refused', (_, damage) => {
    verifies('DIFF-1')
    const text = encode(diff('a\nb\nc\nd\n', 'a\ntwo\nc\nd\n'))
    expect(parse(text).kind).toBe('patch')
    expect(() => parse(damage(text))).toThrow(expect.objectContaining({ code: 'diff_invalid' }))
  })
})

describe('a receiver', () => {
  it('that made one of two changes itself gets the next text by the other; one that differs elsewhere needs all of it', () => {
    verifies('DIFF-1')
    const base = words(1, 40)
    const first = base.replace('word 5 of', 'five of').replace('word 6 of many, as texts have them\n', '')
    const next = first.replace('word 30 of', 'thirty of')
    const patch = diff(base, next)
    expect(receive([first], patch)).toEqual({ kind: 'text', text: next, by: 'merge' })
    expect(receive([first.replace('word 20', 'twenty')], patch)).toEqual({
      kind: 'need-full',
      next: patch.next.hash,
    })
    expect(receive([], patch).kind).toBe('need-full')
  })
})

describe('sections', () => {
  it.each([
    ['markdown', '# A\ntext\n## B\n```\n# not\n```\n## C\n', ['# A', '## B', '## C']],
    ['json', '{\n  "a": 1,\n  "b": {\n    "c": 2\n  },\n  "d": []\n}\n', ['', 'a', 'b', 'd']],
    [
      'code',
      "import x from 'x'\n\nexport function f() {\n  return 1\n}\n\nclass G {\n  a = 1\n}\n",
      ['', 'export function f() {', 'class G {'],
    ],
    [
      'transcript',
      'user: hello\nassistant: well\nmore\nuser: bye\n',
      ['user: hello', 'assistant: well', 'user: bye'],
    ],
    [
      'log',
      '2026-11-21 08:47:07 start\n2026-11-21 08:47:08 went\n\n2026-11-21 08:47:09 end\n',
      ['2026-11-21 08:47:07 start', '2026-11-21 08:47:09 end'],
    ],
    ['text', 'nothing\nto go by\n', ['']],
  ])('of %s are found, without a gap', (kind, text, names) => {
    const lines = linesOf(text)
    expect(kindOf(lines)).toBe(kind)
    const sections = sectionsOf(lines)
    expect(sections.map(({ name }) => name)).toEqual(names)
    expect(sections.flatMap(({ from, to }) => lines.slice(from - 1, to))).toEqual(lines)
  })

  it('that were added, removed, moved, renamed and changed are said to be so', () => {
    verifies('DIFF-1')
    const [a, b, c, d] = [words(1, 9), words(20, 24), words(40, 49), words(60, 64)]
    const base = part('A', a) + part('F', words(90, 95)) + part('B', b) + part('C', c) + part('D', d)
    const next =
      part('C', c) +
      part('A', a) +
      part('F', words(90, 95)) +
      part('Bee', b) +
      part('E', words(80, 82)) +
      part('D', `${d}more\n`)
    expect(sectionChanges(base, next).map(({ what, name, formerName }) => [what, name, formerName])).toEqual([
      ['moved', '## C', undefined],
      ['renamed', '## Bee', '## B'],
      ['added', '## E', undefined],
      ['changed', '## D', undefined],
    ])
    expect(sectionChanges(next, part('A', a)).filter(({ what }) => what === 'removed')).toHaveLength(5)
  })
})
