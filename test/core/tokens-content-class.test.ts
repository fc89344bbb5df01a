import { expect, test } from 'vitest'
import { CONTENT_CLASSES, contentClassOf } from '../../src/core/tokens/content-class.ts'

test.each([
  ['/work/p/src/a.ts', 'typescript'],
  ['A.TSX', 'typescript'],
  ['C:\\work\\a.py', 'python'],
  ['x.d.ts', 'typescript'],
  ['main.go', 'go'],
  ['package.json', 'json'],
  ['package-lock.json', 'lock'],
  ['go.sum', 'lock'],
  ['a.min.js', 'lock'],
  ['README', 'prose'],
  ['docs/a.md', 'prose'],
  ['Dockerfile', 'script'],
  ['a.yaml', 'markup'],
  ['.gitignore', 'other'],
  ['a.constructor', 'other'],
  ['', 'other'],
])('%s is %s', (path, expected) => {
  expect(contentClassOf(path)).toBe(expected)
})

test('there are a dozen at most', () => {
  expect(CONTENT_CLASSES.length).toBeLessThanOrEqual(12)
})
