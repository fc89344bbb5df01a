import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { colourPaint } from '../../../src/core/report/paint.ts'
import { type Column, cellWidth, table } from '../../../src/core/report/table.ts'

const COLUMNS: readonly Column[] = [
  { title: 'server' },
  { title: 'calls', align: 'right' },
  { title: 'why', shrinks: true },
]

describe('a table', () => {
  it('aligns words left and numbers right, without trailing blanks', () => {
    const rows = [
      ['github', '12', 'the user said so'],
      ['fs', '3', ''],
    ]
    expect(table(COLUMNS, rows, 80)).toBe(
      ['server  calls  why', 'github     12  the user said so', 'fs          3', ''].join('\n'),
    )
  })

  it('cuts only columns that shrink, and shows that it did', () => {
    expect(table(COLUMNS, [['github', '12', 'it is stateless between calls']], 28)).toBe(
      ['server  calls  why', 'github     12  it is statel…', ''].join('\n'),
    )
  })

  it('gives wide characters and colours the columns they really take', () => {
    const text = table(
      COLUMNS,
      [
        ['日本語', '1', colourPaint.bad('crash loop')],
        ['abcdef', '1', 'x'],
      ],
      80,
    )
    expect(text.split('\n')[1]).toBe('日本語      1  \u001b[31mcrash loop\u001b[39m')
    expect(text.split('\n')[2]).toBe('abcdef      1  x')
  })

  it('is as wide as the screen at most when a column can shrink, and has one line per row, whatever the cells hold', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 60 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ maxLength: 9 }), cell)),
        fc.integer({ min: 24, max: 120 }),
        (rows, width) => {
          const columns: readonly Column[] = [{ title: 'name' }, { title: 'why', shrinks: true }]
          const lines = table(columns, rows, width).split('\n')
          expect(lines).toHaveLength(rows.length + 2)
          for (const line of lines) expect(cellWidth(line)).toBeLessThanOrEqual(width)
        },
      ),
    )
  })
})
