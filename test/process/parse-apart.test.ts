import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parsedBy } from '../../src/core/budget/outline-cache.ts'
import { parsingApart } from '../../src/core/budget/parse-apart.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { builtCli } from '../fixtures/built-cli.ts'
import { sourceOf } from '../fixtures/parsed-files.ts'
import { ROOT } from '../fixtures/quick-home.ts'
import { verifies } from '../requirements.ts'

const PARSERS = join(ROOT, 'dist/parsers.js')
const { text: TEXT } = sourceOf(20, 10)

let dir: string
beforeEach(() => {
  builtCli()
  dir = mkdtempSync(join(tmpdir(), 'my-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

function module(source: string): string {
  const file = join(dir, 'parsers.mjs')
  writeFileSync(file, source)
  return file
}

it('a text is read in a thread as it is in the process itself', async () => {
  verifies('BUDGET-1')
  const parse = parsingApart(systemClock)
  const [apart, here] = [await parse(PARSERS, 'a.ts', TEXT), await parsedBy(PARSERS, 'a.ts', TEXT)]
  expect(here?.outline).toHaveLength(20)
  expect(apart).toEqual(here)
  expect(await parse(PARSERS, 'a.unknown', TEXT)).toBeUndefined()
})

it.each([
  ['is missing', undefined],
  ['cannot be loaded', 'this is no module'],
  ['throws', "throw new Error('no')"],
  ['ends', 'process.exit(3)'],
  ['says nothing', 'export {}'],
])('a parser that %s is as good as none', async (_, source) => {
  verifies('BUDGET-1')
  const file = source === undefined ? join(dir, 'none.mjs') : module(source)
  expect(await parsingApart(systemClock)(file, 'a.ts', TEXT)).toBeUndefined()
})

it('one that never ends is ended, and of too many at once some go without', async () => {
  verifies('BUDGET-1')
  const timers = new Set<() => void>()
  const clock: Clock = {
    ...systemClock,
    after: (_, run) => {
      timers.add(run)
      return () => timers.delete(run)
    },
  }
  const parse = parsingApart(clock)
  const hanging = module('for (;;);')
  const waiting = Array.from({ length: 4 }, () => parse(hanging, 'a.ts', TEXT))
  expect(await parse(PARSERS, 'a.ts', TEXT)).toBeUndefined()
  for (const run of timers) run()
  expect(await Promise.all(waiting)).toEqual([undefined, undefined, undefined, undefined])
  expect(await parse(PARSERS, 'a.ts', TEXT)).toBeDefined()
})
