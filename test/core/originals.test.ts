import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { removeOurFiles } from '../../src/core/clients/our-files.ts'
import { pathsOf } from '../../src/core/config/paths.ts'
import { originalsIn } from '../../src/core/originals/store.ts'
import { verifies } from '../requirements.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'my-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const DAY = 24 * 60 * 60_000
const ROOMY = { maxBytes: 1 << 24, maxAgeMs: 30 * DAY }
const storeAt = (now: number, bounds = ROOMY) => originalsIn(join(dir, 'originals'), bounds, () => now)
const placeOf = (handle: string) => join(dir, 'originals', handle.slice(3, 5), handle.slice(3))

describe('an original', () => {
  it('comes back byte for byte by its handle, also from a store that is opened later', () => {
    verifies('COMP-2')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (text) => {
        const handle = storeAt(0).keep(text)
        expect(handle).toMatch(/^my:[0-9a-f]{10}$/)
        expect(storeAt(1).read(handle)?.equals(Buffer.from(text))).toBe(true)
        expect(storeAt(2).keep(text)).toBe(handle)
      }),
      { numRuns: 40 },
    )
  })

  it('comes back by lines, with the line ends that they have', () => {
    const store = storeAt(0)
    const handle = store.keep('a\r\nb\n\nd')
    const lines = (from: number, to: number) => store.read(handle, { from, to })?.toString()
    expect([lines(1, 1), lines(2, 3), lines(4, 9), lines(5, 5)]).toEqual(['a\r\n', 'b\n\n', 'd', ''])
  })

  it('whose place another text took has a longer handle, and both come back', () => {
    verifies('COMP-2')
    // No two texts are known whose SHA-256 begins alike.
    const alike = (bytes: Buffer) =>
      '0'.repeat(10) + createHash('sha256').update(bytes).digest('hex').slice(10)
    const store = originalsIn(join(dir, 'originals'), ROOMY, () => 0, alike)
    const handles = ['one', 'two', 'one'].map((text) => store.keep(text))
    expect(handles.map((handle) => handle.length)).toEqual([13, 14, 13])
    expect(handles.map((handle) => store.read(handle)?.toString())).toEqual(['one', 'two', 'one'])
  })

  it('that was damaged on disk is not given, and is whole again when it is kept again', () => {
    const store = storeAt(0)
    const handle = store.keep('as it was')
    writeFileSync(placeOf(handle), 'as it w')
    expect(store.read(handle)).toBeUndefined()
    expect(store.keep('as it was')).toBe(handle)
    expect(store.read(handle)?.toString()).toBe('as it was')
  })

  it('can be read by its owner alone, and undo leaves nothing of it', () => {
    verifies('COMP-2')
    const paths = pathsOf(join(dir, '.mycelium'))
    const store = originalsIn(paths.originals, ROOMY, () => 0)
    const handle = store.keep('a secret')
    store.note(handle, { steps: [] })
    const file = join(paths.originals, handle.slice(3, 5), handle.slice(3))
    expect([statSync(file).mode & 0o777, statSync(paths.originals).mode & 0o777]).toEqual([0o600, 0o700])
    expect(removeOurFiles(paths, { launchers: new Set(), backups: new Set(), usage: false })).toEqual([])
    expect(readdirSync(dir)).toEqual([])
  })
})

describe('the room for originals', () => {
  it('is bounded by size, those not used for longest going first', () => {
    verifies('COMP-2')
    const bounds = { maxBytes: 10_000, maxAgeMs: 30 * DAY }
    const text = (i: number) => `${i} `.padEnd(2_000, '.')
    const handles = Array.from({ length: 4 }, (_, i) => storeAt(i * 1_000, bounds).keep(text(i)))
    expect(storeAt(9_000, bounds).read(handles[0]!)).toBeDefined()
    for (let i = 4; i < 7; i++) handles.push(storeAt(i * 10_000, bounds).keep(text(i)))
    const there = handles.map((handle) => storeAt(99_000, bounds).read(handle) !== undefined)
    expect(there[0]).toBe(true)
    expect(there.at(-1)).toBe(true)
    expect(there[1]).toBe(false)
    expect(there.filter(Boolean).length * 2_000).toBeLessThanOrEqual(bounds.maxBytes)
  })

  it('is bounded by age, counted from when one was last asked for', () => {
    const [old, asked] = [storeAt(0).keep('old'), storeAt(0).keep('asked')]
    storeAt(20 * DAY).read(asked)
    storeAt(40 * DAY).keep('new')
    expect([
      storeAt(41 * DAY).read(old),
      storeAt(41 * DAY)
        .read(asked)
        ?.toString(),
    ]).toEqual([undefined, 'asked'])
  })

  it('is not for one text that would take a quarter of it', () => {
    verifies('COMP-3')
    expect(() => storeAt(0, { maxBytes: 1_000, maxAgeMs: DAY }).keep('x'.repeat(300))).toThrow(/quarter/)
  })
})
