import { expect, it } from 'vitest'
import { plainPaint } from '../../../src/core/report/paint.ts'
import { printable } from '../../../src/core/report/printable.ts'
import { unifiedDiff } from '../../../src/core/report/unified-diff.ts'

it('what would steer a terminal is shown, everything else stays as it is', () => {
  expect(printable('a\u001b[2Jb\u0007\u009b\u202ec\r')).toBe('a\\u001b[2Jb\\u0007\\u009b\\u202ec\\u000d')
  const text = 'tab\tline\nnaïve 日本語 👩‍💻 \u00a0'
  expect(printable(text)).toBe(text)
})

it('a diff of a config cannot repaint what it asks to agree to', () => {
  expect(unifiedDiff('f', 'a\n', 'a # \u001b[1A\n', plainPaint)).toBe(
    '--- f\n+++ f\n@@ -1,1 +1,1 @@\n-a\n+a # \\u001b[1A\n',
  )
})
