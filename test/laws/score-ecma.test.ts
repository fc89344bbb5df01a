import fc from 'fast-check'
import { beforeAll, describe, it } from 'vitest'
import type { Analyzer, FunctionScore } from '../../src/core/score/analysis.ts'
import { ecmaAnalyzer } from '../../src/core/score/ecma/analyzer.ts'
import { verifies } from '../requirements.ts'

let analyzer: Analyzer
beforeAll(async () => {
  analyzer = await ecmaAnalyzer()
})

/** Statements, and how many structures there are in them that cost more the deeper they are. */
interface Body {
  readonly code: string
  readonly structures: number
}

const leaf: fc.Arbitrary<Body> = fc
  .constantFrom(
    ['a()', 0] as const,
    ['x = a && b || c', 0] as const,
    ['x ??= a?.b', 0] as const,
    ['x = a ? b : c', 1] as const,
    ['const g = (p = 1) => { if (p) {} }', 0] as const,
  )
  .map(([code, structures]) => ({ code, structures }))

const { body } = fc.letrec<{ body: Body; block: Body }>((tie) => ({
  block: fc
    .oneof({ depthSize: 'small' }, leaf, tie('body'))
    .map(({ code, structures }) => ({ code: `{ ${code} }`, structures })),
  body: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc
      .tuple(tie('block'), tie('block'))
      .map(([a, b]) => ({ code: `${a.code} ${b.code}`, structures: a.structures + b.structures })),
    around(tie('block'), (a) => `if (a) ${a}`, 1),
    around(tie('block'), (a) => `if (a) {} else if (b) ${a} else ${a}`, 1, 2),
    around(tie('block'), (a) => `for (const i of j) ${a}`, 1),
    around(tie('block'), (a) => `do ${a} while (a)`, 1),
    around(tie('block'), (a) => `try ${a} catch ${a} finally ${a}`, 1, 3),
    around(tie('block'), (a) => `switch (a) { case 1: ${a} default: }`, 1),
  ),
}))

function around(
  block: fc.Arbitrary<Body>,
  write: (code: string) => string,
  own: number,
  times = 1,
): fc.Arbitrary<Body> {
  return block.map(({ code, structures }) => ({ code: write(code), structures: own + times * structures }))
}

function first(text: string): FunctionScore {
  return analyzer.parse('a.ts', text).functions[0]!
}

describe('a function', () => {
  it('all in one more if has one more path, and each structure in it costs one more', () => {
    verifies('SCORE-1')
    fc.assert(
      fc.property(body, ({ code, structures }) => {
        const before = first(`function f() { ${code} }`)
        const after = first(`function f() { if (x) { ${code} } }`)
        return (
          after.cyclomatic === before.cyclomatic + 1 &&
          after.cognitive === before.cognitive + 1 + structures &&
          after.nesting === before.nesting + 1
        )
      }),
    )
  })

  it('one after the other adds up', () => {
    fc.assert(
      fc.property(body, body, (a, b) => {
        const [one, other] = [first(`function f() { ${a.code} }`), first(`function f() { ${b.code} }`)]
        const both = first(`function f() { { ${a.code} } { ${b.code} } }`)
        return (
          both.cyclomatic === one.cyclomatic + other.cyclomatic - 1 &&
          both.cognitive === one.cognitive + other.cognitive &&
          both.nesting === Math.max(one.nesting, other.nesting)
        )
      }),
    )
  })

  it('scores the same wherever it stands', () => {
    fc.assert(
      fc.property(body, ({ code }) => {
        const alone = first(`function f() { ${code} }`)
        const { functions } = analyzer.parse(
          'a.ts',
          `if (a) { class A { x = b ? () => { while (c) { function f() { ${code} } } } : 1 } }`,
        )
        const inside = functions.find(({ name }) => name === 'f')!
        return inside.cyclomatic === alone.cyclomatic && inside.cognitive === alone.cognitive
      }),
    )
  })
})
