import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Tokenizer } from 'ai-tokenizer'
import * as claude from 'ai-tokenizer/encoding/claude'
import { build } from 'esbuild'
import fc from 'fast-check'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type CountTokens, loadCounter, MAX_PIECE } from '../../src/core/tokens/count.ts'
import { verifies } from '../requirements.ts'

let count: CountTokens
beforeAll(async () => {
  count = await loadCounter()
})

/** With its own table the package takes what every object has, such as valueOf, for a token. */
const stringEncoder = Object.assign(Object.create(null), claude.stringEncoder)
const library = new Tokenizer({ ...claude, stringEncoder })
const byLibrary = (text: string) => library.encode(text, 'all').length

/** Words, code, blanks of all kinds, and anything that a string may hold. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(' ', '  ', '\n', '\r\n\n\t', '\u00a0', '\u2003 ', "'s", '_', '{}();', '==='),
        fc.constantFrom(
          'function',
          'constructor',
          'toString',
          'getElementById',
          '変数',
          '🙂',
          'naïve',
          '3.1415',
        ),
        fc.string({ maxLength: 12 }),
      ),
      { maxLength: 40 },
    )
    .map((parts) => parts.join('')),
)

function cpuMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** The same each time. */
function scattered(units: number, of: (n: number) => string): string {
  return Array.from({ length: units }, (_, i) => of((i * 2_654_435_761) >>> 11)).join('')
}

describe('a count', () => {
  test('is what the package counts with the same table', () => {
    verifies('BUDGET-1')
    // Ten characters: for fewer the package has a way of its own.
    fc.assert(
      fc.property(text, (some) => count(`${some}0123456789`) === byLibrary(`${some}0123456789`)),
      {
        numRuns: 2000,
      },
    )
    const source = readFileSync(
      new URL('../../node_modules/typescript/lib/lib.dom.d.ts', import.meta.url),
      'utf8',
    )
    // Longer than a chunk.
    expect(source.length).toBeGreaterThan(500_000)
    expect(count(source)).toBe(byLibrary(source))
  })

  test('of a text in two parts is about that of the whole, never NaN, and the same each time', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [whole, parts] = [count(a + b), count(a) + count(b)]
        return Number.isInteger(whole) && whole >= 0 && whole <= parts + 4 && count(a + b) === whole
      }),
      { numRuns: 2000 },
    )
    expect(count('')).toBe(0)
  })

  test('takes what looks like a special token, half a surrogate pair and NUL for text', () => {
    for (const odd of [
      '<|endoftext|>',
      '<EOT>',
      '<META_START>',
      '\ud800',
      '\udc00x',
      'a\0b',
      '\0'.repeat(100),
    ])
      expect([odd, count(`${odd} and more`)]).toEqual([odd, byLibrary(`${odd} and more`)])
    expect(count('<EOT>')).toBeGreaterThan(1)
  })

  test('is cut nowhere but in runs that no source has', () => {
    // What pieces.ts does by hand.
    expect(claude.pat_str).toBe(
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    )
    for (const rule of ['-'.repeat(MAX_PIECE), ' '.repeat(MAX_PIECE), 'x'.repeat(MAX_PIECE)])
      expect(count(rule)).toBe(byLibrary(rule))
    const run = scattered(5000, (n) => String.fromCharCode(97 + (n % 26)))
    expect(Math.abs(count(run) - byLibrary(run))).toBeLessThanOrEqual(5000 / MAX_PIECE)
  })

  test.each([
    ['one letter', (n: number) => 'a'.repeat(n)],
    ['letters', (n: number) => scattered(n, (i) => String.fromCharCode(97 + (i % 26)))],
    [
      'base64',
      (n: number) =>
        Buffer.from(
          scattered(n * 0.75, (i) => String.fromCharCode(i & 255)),
          'latin1',
        ).toString('base64'),
    ],
    ['blanks', (n: number) => ' '.repeat(n)],
    ['signs', (n: number) => scattered(n, (i) => '=-+*/(){}'[i % 9]!)],
    ['Han', (n: number) => scattered(n / 4, (i) => String.fromCharCode(0x4e00 + (i % 5000)))],
    ['minified', (n: number) => scattered(n / 10, (i) => `function a${i % 977}(b){`).slice(0, n)],
  ])('of a run of %s costs what its length does', (_, make) => {
    const [short, long] = [make(250_000), make(1_000_000)]
    // Compiles what both go through, with pieces that neither has.
    count(make(50_000).replaceAll('a', 'q'))
    // The square would be 16.
    expect(cpuMs(() => count(long))).toBeLessThan(
      10 *
        Math.max(
          5,
          cpuMs(() => count(short)),
        ),
    )
  })

  test('of 5 MB of one character, and of 40 KB of source, takes no time to speak of', () => {
    expect(cpuMs(() => count('a'.repeat(5_000_000)))).toBeLessThan(1000)
    const source = readFileSync(
      new URL('../../node_modules/typescript/lib/lib.dom.d.ts', import.meta.url),
      'utf8',
    )
    const parts = Array.from({ length: 12 }, (_, i) => source.slice(i * 40_000, (i + 1) * 40_000))
    const spent = parts.map((part) => cpuMs(() => count(part))).sort((a, b) => a - b)
    // By the sixth the code is compiled.
    expect(spent[5]).toBeLessThan(10)
  })
})

test('the bundle has one table, half of it, and counts in a worker thread', async () => {
  const { nodeBundle, withoutDecoder } = await import(
    String(new URL('../../scripts/build.mjs', import.meta.url))
  )
  const { outputFiles } = await build({
    ...nodeBundle,
    stdin: {
      contents: `
        import { parentPort } from 'node:worker_threads'
        import { loadCounter } from './src/core/tokens/count.ts'
        loadCounter().then((count) => parentPort.postMessage(count('Hello, world')))`,
      resolveDir: new URL('../..', import.meta.url).pathname,
      loader: 'ts',
    },
    write: false,
    plugins: [withoutDecoder],
  })
  const code = outputFiles![0]!.text
  expect(code.length).toBeLessThan(1.6e6)
  expect(code.length).toBeGreaterThan(1e6)
  const directory = mkdtempSync(join(tmpdir(), 'my-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'count.mjs'), code)
  const worker = new Worker(join(directory, 'count.mjs'))
  const counted = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject))
  await worker.terminate()
  expect(counted).toBe(count('Hello, world'))
})
