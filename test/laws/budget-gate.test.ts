import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, type Ask, answerTo, type Happening } from '../../src/core/budget/gate.ts'
import { SessionLog } from '../../src/core/budget/session-log.ts'
import { removeOld } from '../../src/core/line-log.ts'
import { verifies } from '../requirements.ts'

const WHOLE: Ask = {
  kind: 'ask',
  context: '',
  file: 'f',
  content: 'c1',
  from: 1,
  to: 900,
  whole: true,
  over: true,
  mayPoint: false,
  stub: false,
}
const part = (from: number, to: number): Ask => ({ ...WHOLE, whole: false, from, to })
const RESET: Happening = { kind: 'reset' }

/** Each ask with what came before it. */
function answers(happenings: readonly Happening[]): readonly Answer[] {
  return happenings.flatMap((one, i) => (one.kind === 'ask' ? [answerTo(happenings.slice(0, i), one)] : []))
}

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        kind: fc.constant('ask' as const),
        context: fc.constantFrom('', 'agent-1'),
        file: fc.constantFrom('f', 'g'),
        content: fc.constantFrom('c1', 'c2'),
        whole: fc.boolean(),
        over: fc.boolean(),
        mayPoint: fc.boolean(),
        stub: fc.boolean(),
        from: fc.integer({ min: 1, max: 3 }),
        to: fc.integer({ min: 3, max: 5 }),
      })
      .map((ask) => (ask.whole ? { ...ask, from: 1, to: 900 } : ask)),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      context: fc.constantFrom('', 'agent-1'),
      file: fc.constantFrom('f', 'g'),
    }),
  },
  { weight: 1, arbitrary: fc.constant(RESET) },
)
const history = fc.array(happening, { maxLength: 30 })

describe('the gate', () => {
  it.each<[string, readonly Happening[], readonly Answer[]]>([
    ['an outline first, then all of it, ever after', [WHOLE, WHOLE, WHOLE], ['outline', 'again', 'whole']],
    ['a range at once, and any other', [part(1, 9), part(20, 30)], ['whole', 'whole']],
    ['a range after an outline', [WHOLE, part(5, 9), WHOLE], ['outline', 'part', 'again']],
    [
      'a file within its budget as it is',
      [
        { ...WHOLE, over: false },
        { ...WHOLE, over: false },
      ],
      ['whole', 'whole'],
    ],
    ['another agent for itself', [WHOLE, { ...WHOLE, context: 'a' }, WHOLE], ['outline', 'outline', 'again']],
    ['a compacted context anew', [WHOLE, RESET, WHOLE, WHOLE], ['outline', 'outline', 'again']],
    [
      'who insisted once, never by an outline again',
      [WHOLE, WHOLE, RESET, WHOLE],
      ['outline', 'again', 'whole'],
    ],
    ['what an outline would not make smaller, whole', [{ ...WHOLE, over: false }, WHOLE], ['whole', 'whole']],
    [
      "a client's own stub by text while the text was never given",
      [WHOLE, { ...WHOLE, stub: true }, { ...WHOLE, stub: true }],
      ['outline', 'again', 'stub'],
    ],
    [
      "a client's own stub by itself where it comes first: the text was given when nobody was asked",
      [{ ...WHOLE, stub: true }, { ...WHOLE, stub: true }, WHOLE],
      ['stub', 'stub', 'whole'],
    ],
    [
      "a client's own stub by text where the context was lost, or the file written, since",
      [
        RESET,
        { ...part(1, 9), stub: true },
        { kind: 'edit', context: '', file: 'g' },
        { ...part(1, 9), file: 'g', stub: true },
      ],
      ['whole', 'whole'],
    ],
  ])('answers %s', (_, happenings, expected) => {
    verifies('BUDGET-1')
    expect(answers(happenings)).toEqual(expected)
  })

  const pointing = { ...part(1, 50), mayPoint: true }
  it.each<[string, readonly Happening[], readonly Answer[]]>([
    ['the same lines right after they were given', [pointing, pointing], ['whole', 'point']],
    [
      'and gives them when asked once more',
      [pointing, pointing, pointing, pointing],
      ['whole', 'point', 'part', 'point'],
    ],
    ['no other lines', [pointing, { ...pointing, to: 51 }], ['whole', 'whole']],
    [
      'nothing of another content',
      [pointing, { ...pointing, content: 'c2' }, pointing],
      ['whole', 'whole', 'whole'],
    ],
    [
      'nothing after an edit',
      [pointing, { kind: 'edit', context: '', file: 'f' }, pointing],
      ['whole', 'whole'],
    ],
    ['nothing after a compaction', [pointing, RESET, pointing], ['whole', 'whole']],
    ['nothing that another agent read', [pointing, { ...pointing, context: 'a' }], ['whole', 'whole']],
    ['nothing unless the user wants it', [part(1, 50), part(1, 50)], ['whole', 'whole']],
  ])('points to %s', (_, happenings, expected) => {
    verifies('BUDGET-1')
    expect(answers(happenings)).toEqual(expected)
  })

  it('never withholds the full text from who asks twice, whatever happened before', () => {
    verifies('BUDGET-1')
    fc.assert(
      fc.property(history, fc.boolean(), fc.boolean(), (before, mayPoint, stub) => {
        const ask = { ...WHOLE, mayPoint, stub }
        const first = answerTo(before, ask)
        const second = answerTo([...before, ask], ask)
        // The client's own stub is left only where the text is in the context.
        if (first === 'outline' || first === 'point') expect(['again', 'part']).toContain(second)
      }),
    )
  })

  it('points only to text that was given and has not left the context since', () => {
    fc.assert(
      fc.property(history, (all) => {
        for (const [i, ask] of all.entries()) {
          if (ask.kind !== 'ask' || answerTo(all.slice(0, i), ask) !== 'point') continue
          const since = all.slice(0, i).findLastIndex((one, j) => {
            if (one.kind !== 'ask' || one.context !== ask.context || one.file !== ask.file) return false
            // A stub is the client's word that it gave the text.
            const given = !['outline', 'point'].includes(answerTo(all.slice(0, j), one))
            return given && one.from === ask.from && one.to === ask.to && one.content === ask.content
          })
          const between = all.slice(since + 1, i)
          expect(since).not.toBe(-1)
          expect(between.some(({ kind }) => kind === 'reset')).toBe(false)
        }
      }),
    )
  })

  it('grants every range', () => {
    fc.assert(
      fc.property(history, (all) => {
        const range = { ...part(7, 8), mayPoint: false }
        expect(['whole', 'part']).toContain(answerTo(all, range))
      }),
    )
  })
})

describe('the log of a session', () => {
  let dir: string
  beforeEach(() => {
    dir = join(mkdtempSync(join(tmpdir(), 'my-')), 'sessions')
  })
  afterEach(() => rmSync(join(dir, '..'), { recursive: true, force: true }))

  it('says what the fold over its lines says', () => {
    fc.assert(
      fc.property(history, (all) => {
        rmSync(dir, { recursive: true, force: true })
        const log = new SessionLog(dir, 's')
        const first = all.findIndex(({ kind }) => kind === 'ask')
        const kept = first === -1 ? [] : all.slice(first)
        const said = kept.flatMap((one) => {
          if (one.kind === 'ask') return [log.ask(one)]
          log.note(one)
          return []
        })
        expect(said).toEqual(answers(kept))
      }),
      { numRuns: 30 },
    )
  })

  it('keeps sessions apart, makes nothing for a mere note, and passes over a line that was cut short', async () => {
    new SessionLog(dir, 's').note(RESET)
    expect(existsSync(dir)).toBe(false)
    expect(new SessionLog(dir, 's').ask(WHOLE)).toBe('outline')
    expect(new SessionLog(dir, 't').ask(WHOLE)).toBe('outline')
    const { appendFileSync } = await import('node:fs')
    const [file] = readdirSync(dir)
    appendFileSync(join(dir, file!), '{"kind":"ask","file\n')
    expect(['again', 'again']).toEqual([
      new SessionLog(dir, 's').ask(WHOLE),
      new SessionLog(dir, 't').ask(WHOLE),
    ])
    expect(readFileSync(join(dir, file!), 'utf8')).not.toContain('/')
  })

  it('foresees what it would say, and records nothing of it', () => {
    const log = new SessionLog(dir, 's')
    expect([log.foresee(WHOLE), log.foresee(WHOLE)]).toEqual(['outline', 'outline'])
    expect(existsSync(dir)).toBe(false)
    log.ask(WHOLE)
    expect(log.foresee(WHOLE)).toBe('again')
  })

  it('does not wait for a FIFO in its place', () => {
    new SessionLog(dir, 's').ask(WHOLE)
    const file = join(dir, readdirSync(dir)[0]!)
    rmSync(file)
    execFileSync('mkfifo', [file])
    expect(() => new SessionLog(dir, 's').ask(WHOLE)).toThrow(expect.objectContaining({ code: 'ENXIO' }))
  })

  it('goes when it is two weeks old', () => {
    mkdirSync(dir)
    new SessionLog(dir, 'old').ask(WHOLE)
    const [old] = readdirSync(dir)
    utimesSync(join(dir, old!), 1, 1)
    new SessionLog(dir, 'new').ask(WHOLE)
    removeOld(dir, Date.now())
    expect(readdirSync(dir)).not.toContain(old)
    expect(readdirSync(dir)).toHaveLength(1)
    removeOld(join(dir, 'nowhere'), 0)
  })
})
