import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainPaint } from '../../../src/core/report/paint.ts'
import { unifiedDiff } from '../../../src/core/report/unified-diff.ts'

/** What patch(1) does. */
function patched(before: readonly string[], diff: string): readonly string[] {
  const result: string[] = []
  let position = 0
  for (const line of diff.split('\n').slice(2, -1)) {
    const hunk = /^@@ -(\d+),\d+ \+\d+,\d+ @@$/.exec(line)
    if (hunk !== null) {
      while (position < Number(hunk[1]) - 1) result.push(before[position++]!)
    } else if (line.startsWith('+')) result.push(line.slice(1))
    else {
      expect(before[position]).toBe(line.slice(1))
      if (line.startsWith(' ')) result.push(before[position]!)
      position += 1
    }
  }
  return [...result, ...before.slice(position)]
}

describe('a unified diff', () => {
  it('looks as everyone knows it', () => {
    const before = 'a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n'
    const after = 'a\nb\nC\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\n'
    expect(unifiedDiff('f', before, after, plainPaint)).toBe(
      '--- f\n+++ f\n@@ -1,6 +1,6 @@\n a\n b\n-c\n+C\n d\n e\n f\n@@ -10,3 +10,4 @@\n j\n k\n l\n+m\n',
    )
    expect(unifiedDiff('f', before, before, plainPaint)).toBe('')
  })

  it('makes the one text out of the other, with no more lines than needed', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 24 })
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const text = (all: readonly string[]) => all.map((line) => `${line}\n`).join('')
        const diff = unifiedDiff('f', text(before), text(after), plainPaint)
        expect(patched(before, diff)).toEqual(after)
        const changed = diff
          .split('\n')
          .slice(2)
          .filter((line) => /^[-+]/.test(line)).length
        expect(changed).toBe(before.length + after.length - 2 * commonLength(before, after))
      }),
      { numRuns: 500 },
    )
  })

  it('cuts a line that would fill the screen', () => {
    const diff = unifiedDiff('f', `${'x'.repeat(5_000)}\n`, 'y\n', plainPaint)
    expect(diff.length).toBeLessThan(500)
    expect(diff).toContain('(5000 characters)')
  })

  it('shows of a long line the part that changed', () => {
    const line = (command: string) =>
      `{"pad":"${'x'.repeat(2_000)}","command":"${command}","more":"${'y'.repeat(2_000)}"}\n`
    const diff = unifiedDiff('f', `a\n${line('npx')}`, `a\n${line('/launchers/one')}`, plainPaint)
    const [gone, come] = diff.split('\n').slice(4)
    expect(gone).toMatch(/^-…x+","command":"npx","more":"y+… \(\d+ characters\)$/)
    expect(come).toMatch(/^\+…x+","command":"\/launchers\/one","more":"y+… \(\d+ characters\)$/)
    expect(diff.length).toBeLessThan(500)
  })

  it('shows both ends of a difference that is too long itself', () => {
    const line = (word: string) => `${'x'.repeat(900)}${word}${'y'.repeat(900)}${word}${'z'.repeat(900)}\n`
    const [, , , gone, come] = unifiedDiff('f', line('old'), line('new'), plainPaint).split('\n')
    expect(gone).toMatch(/^-…x+oldy+…y+oldz+… /)
    expect(come).toMatch(/^\+…x+newy+…y+newz+… /)
  })
})

/** Length of the longest common subsequence. */
function commonLength(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0)
  for (const line of a) {
    const next = [0]
    b.forEach((other, j) => {
      next.push(line === other ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!))
    })
    row = next
  }
  return row[b.length]!
}
