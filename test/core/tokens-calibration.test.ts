import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Tokenizer } from 'ai-tokenizer'
import * as cl100k from 'ai-tokenizer/encoding/cl100k_base'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { median, seededRandom } from '../../src/core/bench/statistics.ts'
import { removeOurFiles } from '../../src/core/clients/our-files.ts'
import { systemClock } from '../../src/core/clock.ts'
import { pathsOf } from '../../src/core/config/paths.ts'
import { PUBLISHED } from '../../src/core/tokens/calibration.ts'
import { readCalibration, writeCalibration } from '../../src/core/tokens/calibration-file.ts'
import { type ContentClass, contentClassOf } from '../../src/core/tokens/content-class.ts'
import { type CountTokens, loadCounter } from '../../src/core/tokens/count.ts'
import { estimatorWith } from '../../src/core/tokens/estimator.ts'
import { calibrate } from '../../src/core/usage/calibration/calibrate.ts'
import { sourcesFromJson, sourcesToJson } from '../../src/core/usage/calibration/sources.ts'
import { countResult } from '../../src/core/usage/calibration/step.ts'
import { sessionPath } from '../fixtures/transcripts/claude.ts'
import { lines, transcriptHome } from '../fixtures/transcripts/home.ts'
import {
  type Entry,
  type MadeResult,
  type MadeSession,
  madeSession,
  numbered,
} from '../fixtures/transcripts/token-session.ts'
import { verifies } from '../requirements.ts'

const MODEL = 'claude-opus-4-8'
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))

let count: CountTokens
beforeAll(async () => {
  count = await loadCounter()
})

function home() {
  const made = transcriptHome()
  onTestFinished(made.close)
  const paths = pathsOf(join(made.path, 'm'))
  made.write('m/.keep', '')
  return {
    ...made,
    paths,
    learn: (mostBytes?: number) =>
      calibrate({
        paths,
        where: { home: made.path, env: {} },
        clock: systemClock,
        signal: new AbortController().signal,
        ...(mostBytes === undefined ? {} : { mostBytes }),
      }),
  }
}

/** Steps that one session gives. */
async function stepsIn(results: readonly MadeResult[], options: MadeSession = {}): Promise<number> {
  const { write, learn } = home()
  write(sessionPath('s1'), lines(...madeSession(results, options)))
  return (await learn()).models.reduce((sum, { overall }) => sum + overall.n, 0)
}

/** Texts of published packages, by the kind that their names say: up to `most` of each, cut to what an agent reads at once. */
function corpus(most: number): { path: string; text: string }[] {
  const found = new Map<ContentClass, { path: string; text: string }[]>()
  const visit = (directory: string, depth: number): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name)
      if (entry.isDirectory() && depth > 0) visit(path, depth - 1)
      if (!entry.isFile() || !/\.(ts|js|json|md|css|yml|map|c|h|py)$/.test(entry.name)) continue
      const kind = contentClassOf(path)
      const own = found.get(kind) ?? []
      found.set(kind, own)
      const { size } = statSync(path)
      if (own.length < most && size > 1500 && size < 60_000)
        own.push({ path, text: readFileSync(path, 'utf8').slice(0, 12_000) })
    }
  }
  visit(modules, 3)
  return [...found.values()].flat()
}

const PLANTED: Readonly<Record<string, number>> = {
  'a.ts': 1.21,
  'b.py': 1.32,
  'c.json': 1.09,
  'd.md': 1.47,
  'e.go': 0.93,
}

/** Lines of words, of lengths that differ as those of sources do. */
function invented(random: () => number): string {
  // Some words only: what is counted once is remembered.
  const word = () => (36 ** 5 + Math.floor(random() * 500) * 86_028_157).toString(36)
  const line = () => Array.from({ length: 1 + Math.floor(random() * 14) }, word).join(' ')
  return Array.from({ length: 20 + Math.floor(random() * 150) }, line).join('\n')
}

/** Results whose real tokens are the planted ratio of what is counted, give or take noise; every ninth has a reminder nobody wrote down. */
function planted(random: () => number, n: number): MadeResult[] {
  const paths = Object.keys(PLANTED)
  return Array.from({ length: n }, (_, i) => {
    const path = paths[i % paths.length]!
    const text = invented(random)
    const content = numbered(text)
    const noise = 1 + (random() - 0.5) * 0.1
    const numbers = (count(content) - count(text)) * 1.15
    return {
      path,
      content,
      real: Math.round(count(text) * PLANTED[path]! * noise + numbers + (i % 9 === 0 ? 300 : 0)),
    }
  })
}

describe('calibration', () => {
  test('recovers planted ratios of each kind of text within 2 %', async () => {
    verifies('BUDGET-1')
    const { write, learn, paths } = home()
    write(sessionPath('s1'), lines(...madeSession(planted(seededRandom(7), 250), { frame: 35 })))
    const learnt = await learn()
    const estimate = estimatorWith(count, learnt)
    for (const [path, ratio] of Object.entries(PLANTED)) {
      expect(Math.abs(estimate.factor(path) / ratio - 1), path).toBeLessThan(0.02)
      const { low, high } = estimate.band(path)
      expect([low > 0.8, low < 1, high > 1, high < 1.4]).toEqual([true, true, true, true])
    }
    expect(learnt.models[0]!.perLine).toBeCloseTo(0.15 * 3, 0)
    expect(estimate.tokensOf('const a = 1\n', 'x.ts')).toBe(
      Math.round(count('const a = 1\n') * estimate.factor('a.ts')),
    )
    expect(estimate.basis('x.ts')).toMatch(/^claude table x 1\.2\d, -\d+ to \+\d+ %$/)
    expect(readCalibration(paths.calibration)?.calibration).toEqual(learnt)
  })

  test('brings estimates of another tokenizer’s counts closer, on texts that it was not made from', async ({
    annotate,
  }) => {
    // Of the tables that the package has not the one that the fit's priors were chosen with, which is o200k.
    const real = new Tokenizer({ ...cl100k, special_tokens: {} })
    const texts = corpus(60)
    const asResult = ({ path, text }: { path: string; text: string }): MadeResult => {
      const content = numbered(text)
      return { path, content, real: real.count(content) }
    }
    const { write, learn } = home()
    const half = texts.filter((_, i) => i % 2 === 0)
    write(sessionPath('s1'), lines(...madeSession(half.map(asResult))))
    const calibrated = estimatorWith(count, await learn())
    const uncalibrated = estimatorWith(count)
    const others = texts.filter((_, i) => i % 2 === 1)
    const missedBy = (tokensOf: (text: string, path: string) => number) =>
      median(others.map(({ path, text }) => Math.abs(tokensOf(text, path) / real.count(text) - 1)))
    const errors = {
      calibrated: missedBy(calibrated.tokensOf),
      uncalibrated: missedBy(uncalibrated.tokensOf),
      quarters: missedBy((text) => text.length / 4),
    }
    const held = others.filter(({ path, text }) => {
      const ratio = real.count(text) / calibrated.tokensOf(text, path)
      const { low, high } = calibrated.band(path)
      return ratio >= low && ratio <= high
    }).length
    // The figures of docs/tokens.md: vitest run --reporter=verbose shows them.
    annotate(`${JSON.stringify(errors)}, n ${others.length}, ${held} within their band`)
    expect(others.length).toBeGreaterThan(100)
    expect(errors.calibrated).toBeLessThan(errors.uncalibrated / 2)
    expect(errors.calibrated).toBeLessThan(errors.quarters / 2)
    expect(held / others.length).toBeGreaterThan(0.75)
  })

  test('without steps is 1, with the published band', async () => {
    const { learn, paths } = home()
    const learnt = await learn()
    expect(learnt.models).toEqual([])
    const estimate = estimatorWith(count, learnt)
    expect([estimate.factor('a.ts'), estimate.band('a.ts')]).toEqual([1, PUBLISHED])
    expect(estimate.encoding).toBe('claude table')
    // That there was nothing is known too, for a day.
    expect(readCalibration(paths.calibration)?.calibration.models).toEqual([])
  })

  test('of few steps leans towards the rest and keeps a wide band', async () => {
    const { write, learn } = home()
    const content = Array.from({ length: 60 }, (_, i) => `value ${i} is set here`).join('\n')
    const one = (path: string, ratio: number) => ({ path, content, real: Math.round(count(content) * ratio) })
    const most = Array.from({ length: 40 }, () => one('a.ts', 1.1))
    write(sessionPath('s1'), lines(...madeSession([...most, one('b.py', 1.6)], { frame: 0 })))
    const estimate = estimatorWith(count, await learn())
    expect(estimate.factor('a.ts')).toBeCloseTo(1.1, 1)
    expect(estimate.factor('b.py')).toBeGreaterThan(1)
    expect(estimate.factor('b.py')).toBeLessThan(1.35)
    // Never seen: as all.
    expect(estimate.factor('c.rs')).toBeCloseTo(1.1, 1)

    const few = home()
    few.write(sessionPath('s1'), lines(...madeSession(most.slice(0, 5), { frame: 0 })))
    const wide = estimatorWith(count, await few.learn())
    expect(wide.band('a.ts').low).toBeCloseTo(PUBLISHED.low / wide.factor('a.ts'), 2)
    expect(wide.band('a.ts').high).toBeCloseTo(PUBLISHED.high / wide.factor('a.ts'), 2)
  })

  test('keeps models apart, and takes the one used last', async () => {
    const { write, learn } = home()
    const content = Array.from({ length: 60 }, (_, i) => `value ${i} is set here`).join('\n')
    const results = (ratio: number) =>
      Array.from({ length: 30 }, () => ({ path: 'a.ts', content, real: Math.round(count(content) * ratio) }))
    const day = 86_400_000
    write(
      sessionPath('s1'),
      lines(...madeSession(results(1.1), { session: 's1', model: 'claude-old-20250101' })),
    )
    write(
      sessionPath('s2'),
      lines(...madeSession(results(1.4), { session: 's2', startMs: Date.UTC(2026, 9, 2) + day })),
    )
    const learnt = await learn()
    expect(learnt.models.map(({ model }) => model)).toEqual([MODEL, 'claude-old'])
    expect(estimatorWith(count, learnt).factor('a.ts')).toBeCloseTo(1.4, 1)
    expect(estimatorWith(count, learnt, 'claude-old').factor('a.ts')).toBeCloseTo(1.1, 1)
  })

  test('reads only what has come, and no more than it may', async () => {
    const { write, learn, paths } = home()
    const results = planted(seededRandom(3), 40)
    const all = madeSession(results)
    const file = write(sessionPath('s1'), lines(...all.slice(0, 41)))
    expect((await learn()).models[0]!.overall.n).toBe(20)
    const written = readFileSync(paths.calibration, 'utf8')
    await learn()
    expect(readFileSync(paths.calibration, 'utf8')).toBe(written)
    appendFileSync(file, lines(...all.slice(41)))
    const grown = await learn()
    expect(grown.models[0]!.overall.n).toBe(40)
    // The same as of the whole at once.
    const other = home()
    other.write(sessionPath('s1'), lines(...all))
    expect(await other.learn()).toEqual(grown)
    // Rewritten: not what was, and nothing twice.
    writeFileSync(file, lines(...all.slice(0, 21)))
    expect((await learn()).models[0]!.overall.n).toBe(10)

    const large = home()
    const [a, b] = [results, results].map((some, i) => lines(...madeSession(some, { session: `s${i}` })))
    large.write(sessionPath('s0'), a!)
    large.write(sessionPath('s1'), b!)
    expect((await large.learn(a!.length + 10)).models[0]!.overall.n).toBe(40)
    expect((await large.learn(a!.length + 10)).models[0]!.overall.n).toBe(80)
  })

  test('keeps no text, and a file that is broken is as none', async () => {
    const { write, learn, paths } = home()
    write(sessionPath('s1'), lines(...madeSession(planted(seededRandom(5), 30))))
    const learnt = await learn()
    const kept = readFileSync(paths.calibration, 'utf8')
    expect(kept).not.toMatch(/a\.ts|I look at this|\/work\/p/)
    expect(statSync(paths.calibration).mode & 0o777).toBe(0o600)
    for (const broken of [
      '',
      '{',
      'null',
      '[]',
      kept.slice(0, -30),
      kept.replace('"version":1', '"version":2'),
    ]) {
      writeFileSync(paths.calibration, broken)
      expect(readCalibration(paths.calibration)).toBeUndefined()
      expect(await learn()).toEqual(learnt)
    }
    const absurd = {
      ...learnt,
      models: [{ ...learnt.models[0]!, overall: { factor: 0, n: 3, band: PUBLISHED } }],
    }
    writeCalibration(paths.calibration, { calibration: absurd, sources: [] })
    expect(readCalibration(paths.calibration)).toBeUndefined()
    expect(readCalibration(join(paths.calibration, 'x'))).toBeUndefined()
  })
})

test('what is kept is never more than is read again', () => {
  const { paths } = home()
  const source = { identity: 'i', offset: 7, state: 'é"'.repeat(6_000), mtimeMs: 1, steps: [] }
  const many = new Map(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, source] as const))
  const calibration = { table: 't', models: [] }
  writeCalibration(paths.calibration, { calibration, sources: sourcesToJson(many) })
  const kept = sourcesFromJson(readCalibration(paths.calibration)?.sources)
  expect(kept.size).toBe(1_000)
  expect([kept.get('k0')!.offset, kept.get('k999')!.offset]).toEqual([7, 0])
  writeCalibration(paths.calibration, { calibration, sources: ['x'.repeat(5 << 20)] })
  expect(readCalibration(paths.calibration)).toEqual({ calibration, sources: [] })
})

test('a result is counted in time that grows with it', () => {
  const count = (text: string) => text.length
  const blank = ' '.repeat(500_000)
  expect(countResult(`${blank}x`, 'other', count).byClass).toEqual({ other: 500_001 })
  const unclosed = '<system-reminder>'.repeat(50_000)
  expect(countResult(unclosed, 'other', count).byClass).toEqual({ other: unclosed.length })
  const told = 'a\n\n<system-reminder>b</system-reminder>\n<system-reminder>c</system-reminder> \nd'
  expect(countResult(told, 'other', count).byClass).toEqual({ other: 2, prose: told.length - 2 })
})

test('undo removes what was learnt, unless what was recorded is kept', async () => {
  const { write, learn, paths } = home()
  write(sessionPath('s1'), lines(...madeSession(planted(seededRandom(5), 3))))
  await learn()
  const nothing = { launchers: new Set<string>(), backups: new Set<string>() }
  removeOurFiles(paths, { ...nothing, usage: true })
  expect(readCalibration(paths.calibration)).toBeDefined()
  removeOurFiles(paths, { ...nothing, usage: false })
  expect(existsSync(paths.calibration)).toBe(false)
})

function put(entry: Entry, path: readonly (string | number)[], value: unknown): void {
  let at: Record<string | number, unknown> = entry
  for (const name of path.slice(0, -1)) at = at[name] as typeof at
  at[path.at(-1)!] = value
}

describe('a step is left out', () => {
  const content = Array.from({ length: 80 }, (_, i) => `line ${i} of some file`).join('\n')
  const results = () => Array.from({ length: 6 }, () => ({ path: 'a.txt', content, real: count(content) }))
  /** One entry of step 3 changed, or put in after what it answers. */
  const changing = (change: (entries: Entry[]) => void): MadeSession => ({
    amend: (entries, step) => {
      if (step === 3) change(entries)
      return entries
    },
  })

  test('when nothing is wrong with it, it is not', async () => {
    expect(await stepsIn(results())).toBe(6)
    // A tool that prints is a step as well.
    expect(await stepsIn(results().map(({ path: _, ...rest }) => rest))).toBe(6)
  })

  /** A field of the response (0) or of what answers it (1) has another value. */
  const having = (entry: number, path: readonly (string | number)[], value: unknown) =>
    changing((entries) => put(entries[entry]!, path, value))
  const untold = changing(([response]) => {
    put(response!, ['message', 'content', 0], { type: 'thinking', thinking: '' })
    put(response!, ['message', 'usage', 'output_tokens_details'], undefined)
  })

  const inserted = (entry: object) =>
    changing((entries) => {
      const last = entries.at(-1)!
      // In the chain, so that the next response still follows.
      entries.push({ ...entry, parentUuid: last.uuid, uuid: `${last.uuid}-x` })
    })

  test.each<[string, number, MadeSession]>([
    ['with a text of the user in it', 5, inserted({ type: 'user', message: { content: 'go on' } })],
    [
      'with something shown to the model in it',
      5,
      inserted({ type: 'attachment', attachment: { type: 'todo_reminder' } }),
    ],
    ['over a compaction', 5, inserted({ type: 'system', subtype: 'compact_boundary' })],
    ['with a message that only the request has', 5, inserted({ type: 'api-request-blob' })],
    [
      'with an attachment that nobody sees: not',
      6,
      inserted({ type: 'attachment', attachment: { type: 'prompt_snapshot' } }),
    ],
    ['after a retry: not', 6, inserted({ type: 'system', subtype: 'api_error' })],
    ['of which a result is missing', 5, having(1, ['message', 'content'], [])],
    ['with an image', 5, having(1, ['message', 'content', 0, 'content'], [{ type: 'image' }])],
    ['after thinking of which nothing is told', 5, untold],
    [
      'after long thinking',
      5,
      having(0, ['message', 'usage', 'output_tokens_details', 'thinking_tokens'], 40),
    ],
    ['whose output was never counted to its end', 5, having(0, ['message', 'usage', 'output_tokens'], 1)],
    ['before and after another model', 4, having(0, ['message', 'model'], 'claude-other')],
    [
      'before and after an error in the place of an answer',
      4,
      having(0, ['message', 'model'], '<synthetic>'),
    ],
    ['that the later response does not follow', 5, having(0, ['parentUuid'], 'elsewhere')],
  ])('%s', async (_, left, options) => {
    expect(await stepsIn(results(), options)).toBe(left)
  })

  test('when what came is not what the text can be', async () => {
    const odd = [results()[0]!.real * 9, results()[0]!.real / 9, -500]
    expect(await stepsIn(odd.map((real) => ({ path: 'a.txt', content, real: Math.round(real) })))).toBe(0)
    expect(await stepsIn([{ path: 'a.txt', content: 'short', real: 3 }])).toBe(0)
  })
})

test('Codex: a step for each response that follows tool output alone', async () => {
  const { write, learn } = home()
  const output = Array.from({ length: 80 }, (_, i) => `line ${i} of some output`).join('\n')
  const record = (type: string, payload: object, i: number) => ({
    timestamp: new Date(Date.UTC(2026, 9, 1, 0, 0, i)).toISOString(),
    type,
    payload,
  })
  let input = 9000
  const turn = (i: number, between: object[], reasoning = 0) => {
    const usage = { input_tokens: input, output_tokens: 20, reasoning_output_tokens: reasoning }
    input += 20 + Math.round(count(output) * 0.9) + 8
    return [
      record('response_item', { type: 'function_call', call_id: `c${i}` }, i),
      record('token_usage_record', { usage }, i),
      ...between.map((payload) => record('response_item', payload, i)),
    ]
  }
  const shown = { type: 'function_call_output', output: [{ type: 'input_text', text: output }] }
  const asked = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'and now?' }] }
  write(
    '.codex/sessions/2026/10/01/rollout-x.jsonl',
    lines(
      record('turn_context', { model: 'gpt-6' }, 0),
      ...Array.from({ length: 30 }, (_, i) => turn(i, [{ ...shown, output }])).flat(),
      ...turn(30, [shown]),
      ...turn(31, [shown, asked]),
      ...turn(32, [shown], 500),
      ...turn(33, []),
    ),
  )
  const { models } = await learn()
  expect(models.map(({ model, overall }) => [model, overall.n])).toEqual([['gpt-6', 31]])
  expect(models[0]!.classes.other!.factor).toBeCloseTo(0.9, 1)
})
