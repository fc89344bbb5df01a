import { describe, expect, it } from 'vitest'
import { momentOf, windowOf } from '../../src/core/usage/window.ts'

const NOW = new Date(2026, 10, 26, 12, 30).getTime()

describe('a time as the command line has it', () => {
  it.each([
    ['today', new Date(2026, 10, 26)],
    ['yesterday', new Date(2026, 10, 25)],
    ['7d', new Date(2026, 10, 19)],
    ['1w', new Date(2026, 10, 19)],
    ['90m', new Date(2026, 10, 26, 11)],
    ['2026-11-01', new Date(2026, 10, 1)],
    ['2024-02-29', new Date(2024, 1, 29)],
    ['2026-11-01T12:00', new Date(2026, 10, 1, 12)],
    ['2026-11-01 12:00:07', new Date(2026, 10, 1, 12, 0, 7)],
    ['2026-11-01T12:00:00.123456Z', new Date('2026-11-01T12:00:00.123Z')],
    ['2026-11-01T12:00+02:00', new Date('2026-11-01T10:00:00Z')],
  ])('%s', (text, moment) => {
    expect(new Date(momentOf(text, NOW, '--since'))).toEqual(moment)
  })

  it.each([
    'soon',
    '2026-02-30',
    '2026-02-29',
    '2026-13-01',
    '2026-11-21 (x)',
    '2026-11-21T24:00',
    '2026-11-21T12',
    '2026-11-21T12:00 PST',
    '2026-11',
    '',
  ])('%j is none', (text) => {
    expect(() => momentOf(text, NOW, '--older-than')).toThrow(`--older-than ${text} is no time`)
    expect(() => windowOf(undefined, text, NOW)).toThrow(`--until ${text} is no time`)
  })
})
