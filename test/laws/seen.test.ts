import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apply } from '../../src/core/diff/apply.ts'
import { parse } from '../../src/core/diff/parse.ts'
import { type Answer, type Ask, answerTo, planAnswer, TERMS } from '../../src/core/diff/plan-answer.ts'
import { type Happening, happened, nothingSeen, type Seen, versionsHeld } from '../../src/core/diff/seen.ts'
import { fileSource, toolSource } from '../../src/core/diff/source.ts'
import { textHash } from '../../src/core/diff/text.ts'
import { verifies } from '../requirements.ts'

const LINES = Array.from({ length: 200 }, (_, i) => `line ${i} of a text that is read again\n`)
/** Versions of a text of which each is a small change of the one before. */
const VERSIONS = Array.from({ length: 5 }, (_, v) =>
  LINES.map((line, i) => (i < v * 3 ? `${v} ${line}` : line)).join(''),
)

type Step = { readonly ask: number; readonly context: string; readonly source: string } | Happening | 'turn'
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        ask: fc.nat(VERSIONS.length - 1),
        context: fc.constantFrom('', 'sub'),
        source: fc.constantFrom('f', 'g', 'h'),
      }),
    },
    { weight: 2, arbitrary: fc.constant('turn' as const) },
    {
      weight: 1,
      arbitrary: fc.oneof(
        fc.constant({ kind: 'lost' as const }),
        fc.record({ kind: fc.constant('lost' as const), context: fc.constantFrom('', 'sub') }),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('size' as const),
        context: fc.constantFrom('', 'sub'),
        tokens: fc.integer({ min: 1, max: 9 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('unsure' as const),
        context: fc.constantFrom('', 'sub'),
        source: fc.constantFrom('f', 'g', 'h'),
      }),
    },
  ),
  { maxLength: 40 },
)

/** An agent that has what was sent to it and nothing else: texts by source, gone when something leaves its context. */
class Agent {
  readonly #texts = new Map<string, Map<string, string>>()
  readonly #tokens = new Map<string, number>()

  lose(step: Happening): void {
    if (step.kind === 'lost' && step.context === undefined) this.#texts.clear()
    else if (step.kind === 'lost') this.#forget(step.context!)
    else if (step.kind === 'size') {
      if (step.tokens < (this.#tokens.get(step.context) ?? 0)) this.#forget(step.context)
      this.#tokens.set(step.context, step.tokens)
    }
    if (step.kind === 'lost' && step.context === undefined) this.#tokens.clear()
    else if (step.kind === 'lost') this.#tokens.delete(step.context!)
  }

  /** The text that it now has of the source: only from what it holds. */
  take({ context, source }: Ask, { text }: Answer, full: string): string {
    const held = this.#texts.get(`${context}/${source}`) ?? new Map<string, string>()
    this.#texts.set(`${context}/${source}`, held)
    const got = text === undefined ? full : this.#made(held, text)
    held.set(textHash(got), got)
    return got
  }

  #made(held: ReadonlyMap<string, string>, text: string): string {
    const [, words, rest] = /^(\w+ [0-9a-f]+)\n([\s\S]*)$/.exec(text)!
    const [what, version] = words!.split(' ') as [string, string]
    const base = held.get(version)
    if (base === undefined) throw new Error('it was told of a text that it does not have')
    if (what === 'same') return base
    const written = parse(rest!)
    if (written.kind !== 'patch') throw new Error('no patch')
    return apply(base, written.patch)
  }

  #forget(context: string): void {
    for (const key of this.#texts.keys()) if (key.startsWith(`${context}/`)) this.#texts.delete(key)
  }
}

const TEXTS = new Map(VERSIONS.map((text) => [textHash(text), text]))

/** Plays the steps; gives each ask with its answer. */
function play(all: readonly Step[], exact: boolean, again: 'full' | 'same') {
  let [seen, turn]: [Seen, number] = [nothingSeen(), 0]
  const agent = new Agent()
  const answers: { readonly ask: Ask; readonly answer: Answer; readonly at: number }[] = []
  for (const [at, step] of all.entries()) {
    if (step === 'turn') turn++
    else if ('kind' in step) {
      agent.lose(step)
      seen = happened(seen, step)
    } else {
      const next = VERSIONS[step.ask]!
      const ask: Ask = { ...step, version: textHash(next), turn, exact }
      const means = {
        textOf: (version: string) => (versionsHeld(seen).has(version) ? TEXTS.get(version) : undefined),
        count: (text: string) => text.length >> 2,
        words: {
          patch: ({ version }: { version: string }) => `patch ${version}\n`,
          same: () => `same ${ask.version}\n`,
        },
      }
      const answer = answerTo(seen, ask, next, means, { ...TERMS, again })
      expect(agent.take(ask, answer, next)).toBe(next)
      seen = happened(seen, { kind: 'given', ...ask, as: answer.as })
      answers.push({ ask, answer, at })
    }
  }
  return answers
}

describe('what a session has seen', () => {
  it('is never more than its agent holds: every patch and every "the same" is of a text that is still in its context', () => {
    verifies('DIFF-1')
    const kinds = new Set<string>()
    fc.assert(
      fc.property(steps, fc.boolean(), fc.constantFrom('full', 'same'), (all, exact, again) => {
        for (const { answer } of play(all, exact, again)) kinds.add(answer.as)
      }),
      { numRuns: 400 },
    )
    expect([...kinds].sort()).toEqual(['full', 'patch', 'same'])
  })

  it('gives the text to who asks for the same again', () => {
    verifies('DIFF-1')
    fc.assert(
      fc.property(steps, fc.nat(VERSIONS.length - 1), fc.boolean(), (before, ask, exact) => {
        const same = { ask, context: '', source: 'f' }
        const [first, second] = play([...before, same, same], exact, 'full').slice(-2)
        if (first!.answer.as !== 'full') expect(second!.answer).toMatchObject({ as: 'full', text: undefined })
      }),
      { numRuns: 300 },
    )
  })

  const given = (version: string, turn: number, as: 'full' | 'patch' | 'same' = 'full'): Happening => ({
    kind: 'given',
    context: '',
    source: 'f',
    version,
    turn,
    as,
  })
  const ask: Ask = { context: '', source: 'f', version: 'v2', turn: 9, exact: false }
  const seenAfter = (...all: readonly Happening[]) =>
    all.reduce((seen, one) => happened(seen, one), nothingSeen())
  const size = (tokens: number): Happening => ({ kind: 'size', context: '', tokens })

  it.each([
    [
      'a patch against what it holds',
      [given('v1', 3)],
      { send: 'patch', against: [{ version: 'v1', turn: 3 }] },
    ],
    ['the turn since when nothing changed', [given('v2', 3)], { send: 'same', since: 3 }],
    [
      'the first text, where it is that again',
      [given('v2', 3), given('v1', 4, 'patch')],
      { send: 'same', since: 3 },
    ],
    [
      'the text or what patches made of it, whichever is nearer',
      [given('v0', 1), given('v1', 3, 'patch')],
      {
        send: 'patch',
        against: [
          { version: 'v0', turn: 1 },
          { version: 'v1', turn: 3 },
        ],
      },
    ],
    [
      'the text after a compaction',
      [given('v2', 3), { kind: 'lost' }],
      { send: 'full', because: 'it holds no text of this' },
    ],
    [
      'the text after its context fell',
      [size(900), given('v2', 3), size(899)],
      { send: 'full', because: 'it holds no text of this' },
    ],
    [
      'what it would without, where the context grew',
      [size(900), given('v2', 3), size(950)],
      { send: 'same', since: 3 },
    ],
    [
      'the text where something else was sent',
      [given('v2', 3), { kind: 'unsure', context: '', source: 'f' }],
      { send: 'full', because: 'it holds no text of this' },
    ],
    [
      'the text to another agent',
      [{ ...given('v2', 3), context: 'sub' }],
      { send: 'full', because: 'it holds no text of this' },
    ],
    [
      'the text after a long time',
      [given('v2', 3 - TERMS.maxAgeTurns + 5)],
      { send: 'full', because: 'the text was given too long ago' },
    ],
  ] as [string, Happening[], object][])('plans %s', (_, all, plan) => {
    verifies('DIFF-1')
    expect(planAnswer(seenAfter(...all), ask)).toEqual(plan)
  })

  it('builds on the text itself alone where the agent may edit', () => {
    const chain = seenAfter(given('v0', 1), given('v1', 3, 'patch'))
    expect(planAnswer(chain, { ...ask, exact: true })).toEqual({
      send: 'patch',
      against: [{ version: 'v0', turn: 1 }],
    })
  })

  it('is bounded: what was asked for longest ago is forgotten first', () => {
    verifies('DIFF-1')
    let seen = nothingSeen()
    for (const source of ['a', 'b', 'a', 'c'])
      seen = happened(
        seen,
        { kind: 'given', context: '', source, version: source, turn: 1, as: 'full' },
        { sources: 2, contexts: 1 },
      )
    expect([...versionsHeld(seen)].sort()).toEqual(['a', 'c'])
    seen = happened(seen, { kind: 'size', context: 'x', tokens: 1 }, { sources: 2, contexts: 1 })
    expect(versionsHeld(seen).size).toBe(0)
  })
})

describe('a source', () => {
  it('is the same for arguments that say the same, and tells others apart', () => {
    const name = (args: unknown) => toolSource('s', 't', args)
    expect(name({ a: 1, b: { c: [1, 2], d: undefined } })).toBe(name({ b: { c: [1, 2] }, a: 1 }))
    const names = [{}, { a: 1 }, { a: '1' }, { a: [1] }, [{ a: 1 }], null, undefined].map(name)
    expect(new Set(names).size).toBe(6)
    expect(fileSource('/a')).not.toBe(fileSource('/b'))
  })
})
