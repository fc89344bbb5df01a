import { beforeAll, describe, expect, it } from 'vitest'
import type { Analyzer, ParsedFile } from '../../src/core/score/analysis.ts'
import { ecmaAnalyzer } from '../../src/core/score/ecma/analyzer.ts'
import { loadOxc } from '../../src/core/score/ecma/oxc.ts'
import { agreementOn } from '../fixtures/complexity-agreement.ts'
import { publishedSources } from '../fixtures/published-sources.ts'
import { verifies } from '../requirements.ts'

let analyzer: Analyzer
beforeAll(async () => {
  analyzer = await ecmaAnalyzer()
})

/** Bodies of one function, with its cyclomatic and cognitive complexity and its nesting, counted by hand. */
const BODIES: readonly (readonly [body: string, cyclomatic: number, cognitive: number, nesting: number])[] = [
  ['', 1, 0, 0],
  ['if (a) {}', 2, 1, 1],
  ['if (a) {} else {}', 2, 2, 1],
  ['if (a) {} else if (b) {} else {}', 3, 3, 1],
  ['if (a) {} else { if (b) {} }', 3, 4, 2],
  ['if (a) { if (b) {} else if (c) {} else {} }', 4, 5, 2],
  ['if (a ? b : c) {}', 3, 2, 1],
  ['for (;;) { for (const k in o) { for (const v of w) {} } }', 4, 6, 3],
  ['for (let i = a ? 1 : 2; ; ) {}', 3, 2, 1],
  ['while (a) { do {} while (b) }', 3, 3, 2],
  ['try { if (a) {} } catch (e) { if (b) {} } finally { if (c) {} }', 5, 5, 2],
  ['switch (a) { case 1: case 2: if (b) {} default: }', 4, 3, 2],
  ['switch (a) { case b ? 1 : 2: }', 3, 3, 2],
  ['return a ? b ? 1 : 2 : 3', 3, 3, 2],
  ['return a && b && c', 3, 1, 0],
  ['return a && b || c && d', 4, 2, 0],
  ['return a && (b || c) && d', 4, 2, 0],
  ['return (a && b) && c', 3, 1, 0],
  ['return a && !(b && c)', 3, 2, 0],
  ['return a || b || c', 3, 0, 0],
  ['return a ?? b', 2, 0, 0],
  ['a &&= 1; b ||= 2; c ??= 3; d += 4', 4, 0, 0],
  ['return a?.b?.[c]?.()', 4, 0, 0],
  ['const { x = 1, y: [z = 2] } = a', 3, 0, 0],
  ['out: for (;;) { continue out }', 2, 2, 1],
  ['for (;;) { break }', 2, 1, 1],
  ['return <p>{a && <b/>}</p>', 2, 0, 0],
  ['return <p>{a && (b || c)}</p>', 3, 1, 0],
  ['return <p>{a && (b ? 1 : 2)}</p>', 3, 2, 1],
  ['return <p>{a ? <b/> : null}</p>', 2, 1, 1],
  ['if (a) { return () => { if (b) {} } }', 2, 1, 1],
  ['const g = a ? () => 1 : null; if (b) {}', 3, 2, 1],
  ['return class { x = a ? 1 : 2; static { if (a) {} } m() { if (a) {} } }', 1, 2, 1],
  ['if (a) { return class { x = b ? 1 : 2 } }', 2, 3, 2],
]

describe('a function in TypeScript', () => {
  it.each(BODIES)('%s', (body, cyclomatic, cognitive, nesting) => {
    verifies('SCORE-1')
    const [first] = analyzer.parse('a.tsx', `function f() { ${body} }`).functions
    expect(first).toMatchObject({ name: 'f', cyclomatic, cognitive, nesting })
  })

  it.each([
    ['function f(a = 1, { b = 2 }, [c = 3]) {}', 4, 3],
    ['function f(this: Window, a?: number, ...rest: string[]) {}', 1, 2],
    ['function f(@d(x && y) a) {}', 1, 1],
  ])('%s has its own defaults and parameters', (code, cyclomatic, parameters) => {
    const source = code.includes('@') ? `class C { ${code.replace('function ', '')} }` : code
    const [first] = analyzer.parse('a.ts', source).functions
    expect(first).toMatchObject({ cyclomatic: code.includes('@') ? 2 : cyclomatic, parameters })
  })

  it('does not make the one around it more complex', () => {
    const { functions } = analyzer.parse(
      'a.ts',
      'function f() { if (a) { g(() => { if (b) { if (c) {} } }) } }',
    )
    expect(functions.map(({ name, cyclomatic, cognitive }) => [name, cyclomatic, cognitive])).toEqual([
      ['f', 2, 1],
      ['<anonymous>', 3, 3],
    ])
  })
})

it('a file sums its functions and what is outside of them', () => {
  const text =
    'if (a) {}\nclass A { x = b && c\n static { if (a) {} }\n m() { if (a) {} } }\nconst f = () => a ?? b'
  // Outside: if. The class: && and if, which are no functions. m: 2, f: 2.
  expect(analyzer.parse('a.ts', text)).toMatchObject({
    cyclomatic: 7,
    cognitive: 4,
    nesting: 1,
    codeLines: 5,
  })
})

it('functions are named as they are bound, and begin where the source begins to speak of them', () => {
  const text = `
export default function () {}
const a = function b() {}, c = async () => {}
Foo.prototype.bar = () => {}
this.baz = function () {}
const o = { d() {}, 'e-f': () => {}, get g() { return 1 }, [h + i]: function () {} }
class C {
  static
  async m() {
    // why

    return 1
  }
  #p = () => {}
  set s(v) {}
}
const D = class { constructor() {} } as any
let [x = () => {}] = y
call(() => {})
`
  const { functions } = analyzer.parse('a.ts', text)
  expect(functions.map(({ name, line, endLine, lines }) => `${name} ${line}-${endLine}: ${lines}`)).toEqual([
    'default 2-2: 1',
    'b 3-3: 1',
    'c 3-3: 1',
    'Foo.prototype.bar 4-4: 1',
    'baz 5-5: 1',
    'd 6-6: 1',
    'e-f 6-6: 1',
    'g 6-6: 1',
    '[h + i] 6-6: 1',
    'C.m 8-13: 4',
    'C.#p 14-14: 1',
    'C.s 15-15: 1',
    'D.constructor 17-17: 1',
    'x 18-18: 1',
    '<anonymous> 19-19: 1',
  ])
})

it('imports say what is taken, how, and whether anything of it runs', () => {
  const text = `/// <reference path="globals.d.ts" />
/// <reference types="node" />
import def, { a as b, type T } from './a.js'
import type { U } from './u.js'
import { type V } from './v.js'
import * as ns from 'ns'
import './effect.js'
import legacy = require('legacy')
export * from './all.js'
export { x, y as z } from './x.js'
export type { Q } from './q.js'
const { p, q: r } = require('pq')
const whole = require('whole')
const one = require('one').part
require('bare')
require(computed)
const { readFile } = await import('node:fs')
import(\`./later.js\`).then(run)
let typed: import('./typed.js').Thing.Inner
/** @type {import('./doc.js').Doc} */
/// <reference path="./too-late.ts" />
`
  const { imports } = analyzer.parse('a.ts', text)
  expect(
    imports.map(({ line, kind, specifier, typeOnly, names }) =>
      [line, kind, specifier, ...(typeOnly ? ['types'] : []), names.join()].join(' '),
    ),
  ).toEqual([
    '1 include ./globals.d.ts types ',
    '2 include node types ',
    '3 import ./a.js default,a,T',
    '4 import ./u.js types U',
    '5 import ./v.js types V',
    '6 import ns *',
    '7 import ./effect.js ',
    '8 require legacy *',
    '9 reexport ./all.js *',
    '10 reexport ./x.js x,y',
    '11 reexport ./q.js types Q',
    '12 require pq p,q',
    '13 require whole *',
    '14 require one part',
    '15 require bare ',
    '17 dynamic node:fs readFile',
    '18 dynamic ./later.js *',
    '19 import ./typed.js types Thing',
    '20 import ./doc.js types Doc',
  ])
})

it('everything that a declaration file imports is types', () => {
  expect(analyzer.parse('a.d.mts', "import { a } from './a.mjs'").imports).toMatchObject([{ typeOnly: true }])
})

it('exports are the names that other files may take', () => {
  const exportsOf = (path: string, text: string) => analyzer.parse(path, text).exports
  expect(
    exportsOf(
      'a.ts',
      `export const { a, b: [c], ...d } = e; export function f() {} export class G {} export type H = 1; export enum I {}
       const j = 1; export { j as k }; export * as l from './l.js'; export * from './m.js'; export default j`,
    ),
  ).toEqual(['a', 'c', 'd', 'f', 'G', 'H', 'I', 'k', 'l', 'default'])
  expect(
    exportsOf(
      'a.cjs',
      `Object.defineProperty(exports, '__esModule', { value: true }); exports.a = exports.b = 1
       module.exports = { c, d() {} }; module.exports.e = 2; Object.defineProperty(exports, 'f', { get })`,
    ),
  ).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  expect(exportsOf('a.cjs', 'module.exports = class A {}')).toEqual(['default'])
})

it('an outline has heads without bodies', () => {
  const text = `export async function load<T>(
  path: string,
): Promise<T> { return path }
function hidden() {}
export abstract class Base<T> extends Other implements I {
  field = 1
  handler = (e: Event): void => {}
  abstract draw(): void
  private async secret() {}
}
export interface Shape extends Base { a: string }
export type Id = string | number
export enum Color { Red }
export const LIMIT = 5
const quiet = 6
const table: Record<string, number> = { aaaaaaaaaaaaaaaaaaaaa: 1, bbbbbbbbbbbbbbbbbbbbbbbbbbb: 2, cccccccccc: 3 }
export const arrow = async (a: string): Promise<void> => {}
export namespace N { export function inner() {} function own() {} }
exports.old = function (a) {}
export { table }
`
  const { outline } = analyzer.parse('a.ts', text)
  expect(
    outline.map(
      ({ kind, signature, line, endLine, depth, exported }) =>
        `${'  '.repeat(depth)}${line}-${endLine} ${exported ? '+' : '-'} ${kind}: ${signature}`,
    ),
  ).toEqual([
    '1-3 + function: export async function load<T>( path: string, ): Promise<T>',
    '4-4 - function: function hidden()',
    '5-10 + class: export abstract class Base<T> extends Other implements I',
    '  7-7 + method: handler = (e: Event): void =>',
    '  8-8 + method: abstract draw(): void',
    '  9-9 - method: private async secret()',
    '11-11 + interface: export interface Shape extends Base',
    '12-12 + type: export type Id = string | number',
    '13-13 + type: export enum Color',
    '14-14 + constant: export const LIMIT = 5',
    '16-16 + constant: const table: Record<string, number>',
    '17-17 + function: export const arrow = async (a: string): Promise<void> =>',
    '18-18 + module: export namespace N',
    '  18-18 + function: export function inner()',
    '  18-18 - function: function own()',
    '19-19 + function: exports.old = function (a)',
  ])
  expect(outline.map(({ name }) => name).slice(2, 5)).toEqual(['Base', 'Base.handler', 'Base.draw'])
})

it.each([
  [
    'a.vue',
    '<template>\n<p/>\n</template>\n<script setup lang="ts">\nfunction f(a: number) { return <any>a }\n</script>',
    5,
  ],
  [
    'a.svelte',
    '<script context="module">\nexport const f = () => 1\n</script>\n<script>\nlet b = 1\n</script>',
    2,
  ],
  [
    'a.astro',
    '---\nimport x from "x"\nconst f = (a: string) => a\n---\n<html><script type="x-tmpl">{{</script></html>',
    3,
  ],
])('%s is read where it holds scripts, and its lines stay', (path, text, line) => {
  expect(analyzer.parse(path, text).functions).toMatchObject([{ name: 'f', line }])
})

describe('a text that is not what its name says', () => {
  it.each([
    ['JSX in .js', 'a.js', 'const f = () => <p/>'],
    ['CommonJS that returns', 'a.js', 'if (a) return\nfunction f() {}'],
    ['sloppy mode', 'a.js', 'with (a) { var yield_ = 010 }\nfunction f() {}'],
    ['a line to start it by, and await', 'a.mjs', '#!/usr/bin/env node\nawait f()\nfunction f() {}'],
    ['nothing', 'a.ts', ''],
  ])('%s is read without an error', (_, path, text) => {
    const { syntaxErrors, functions } = analyzer.parse(path, text)
    expect(syntaxErrors).toBe(0)
    expect(functions.map(({ name }) => name)).toEqual(text === '' ? [] : ['f'])
  })

  it('what the parser goes past is counted, and the rest is there', () => {
    const { syntaxErrors, functions } = analyzer.parse('a.mjs', 'function f() {}\nreturn 1')
    expect(syntaxErrors).toBeGreaterThan(0)
    expect(functions).toHaveLength(1)
  })

  it('where the parser gives up, parse throws', () => {
    expect(() => analyzer.parse('a.ts', 'function f( {')).toThrow('a.ts')
  })
})

describe('depth costs the file, not the process', () => {
  const repeated = (n: number, before: string, after = '') => `x = ${before.repeat(n)}1${after.repeat(n)}`
  it.each([
    ['parentheses', repeated(20_000, '(', ')')],
    ['a sum', repeated(100_000, 'a + ')],
    ['functions', `${'function f() {\n'.repeat(20_000)}${'}\n'.repeat(20_000)}`],
    ['ternaries', repeated(100_000, 'a ? b : ')],
    ['an else-if chain', `if (a) {\n}${' else if (a) {\n}'.repeat(100_000)}`],
    ['calls of calls', `x = a${'.b(")", /[(]/, `${")"}`)\n'.repeat(100_000)}`],
    ['type arguments', `type X = ${'Map<K, '.repeat(20_000)}V${'>'.repeat(20_000)}`],
    ['elements', `x = ${'<a>'.repeat(20_000)}${'</a>'.repeat(20_000)}`],
    ['keywords', `x = ${'typeof\n'.repeat(100_000)}y`],
  ])('too many %s are refused', (_, text) => {
    expect(() => analyzer.parse('a.tsx', text)).toThrow('too deep')
  })

  it('what is long but flat is read', () => {
    const read = (text: string): ParsedFile => analyzer.parse('a.ts', text)
    expect(read('if (a) {\n  b(")")\n}\n'.repeat(6_000)).cyclomatic).toBe(6_000)
    expect(read('foo(a).bar(b + 1)\n'.repeat(6_000)).codeLines).toBe(6_000)
    expect(read(`const x = [${'[1, { a: b - 1 }],\n'.repeat(6_000)}]`).codeLines).toBe(6_001)
    const page = `const x = <ul>${'<li id="a">b</li><br/>\n'.repeat(800)}</ul>`
    expect(analyzer.parse('a.tsx', page).codeLines).toBe(801)
    expect(read(`const x = a${' +\n a && b'.repeat(1_000)}`)).toMatchObject({
      cyclomatic: 1_000,
      cognitive: 1,
    })
  })
})

it('a sample of published sources scores as ESLint and SonarJS score it', async () => {
  verifies('SCORE-1')
  const oxc = await loadOxc()
  // No package ships JSX as it was written.
  const byHand = {
    path: 'bodies.tsx',
    text: BODIES.map(([body], i) => `function f${i}() { ${body} }`).join('\n'),
  }
  const agreements = [byHand, ...publishedSources(60)].flatMap((source) => agreementOn(oxc, source) ?? [])
  expect(agreements.length).toBeGreaterThan(50)
  expect(agreements.reduce((sum, { functions }) => sum + functions, 0)).toBeGreaterThan(300)
  expect(agreements[0]!.cognitive).toMatchObject([
    { ours: 2, theirs: 3, rule: 'function in a branch of a ternary' },
  ])
  expect(agreements.flatMap(({ cyclomatic }) => cyclomatic)).toEqual([])
  expect(
    agreements.flatMap(({ cognitive }) => cognitive).filter(({ rule }) => rule === 'unexplained'),
  ).toEqual([])
}, 60_000)
