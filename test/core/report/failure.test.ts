import { expect, it } from 'vitest'
import { MyceliumError } from '../../../src/core/errors.ts'
import { failureJson, failureText } from '../../../src/core/report/failure.ts'
import { plainPaint } from '../../../src/core/report/paint.ts'

const busy = new MyceliumError('daemon_busy', 'the daemon (pid 7) did not answer within 5000 ms', {
  data: { token: 'secret' },
})

it('a failure is a fact and a next step, never its data', () => {
  expect(failureText(busy, plainPaint)).toBe(
    'mycelium: the daemon (pid 7) did not answer within 5000 ms\n  next: mycelium daemon status\n',
  )
  expect(failureJson(busy)).toEqual({
    error: {
      code: 'daemon_busy',
      message: 'the daemon (pid 7) did not answer within 5000 ms',
      hint: 'mycelium daemon status',
    },
  })
})

it('an unforeseen error shows where it came from', () => {
  const text = failureText(new TypeError('x is not a function'), plainPaint)
  expect(text).toMatch(/^mycelium: x is not a function\n {4}at .*failure\.test\.ts/)
  expect(failureJson(new TypeError('x is not a function')).error.code).toBe('internal')
})
