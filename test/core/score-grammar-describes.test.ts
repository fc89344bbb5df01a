import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ParsedFile } from '../../src/core/score/analysis.ts'
import {
  GRAMMAR_LANGUAGES,
  type GrammarLanguage,
  grammarAnalyzers,
} from '../../src/core/score/grammar/analyzer.ts'
import { TABLES } from '../../src/core/score/grammar/languages.ts'
import { wasmPath } from '../../src/core/score/grammar/wasm.ts'
import { verifies } from '../requirements.ts'

const analyzers = grammarAnalyzers()
const parse = async (language: GrammarLanguage, text: string, path = 'a'): Promise<ParsedFile> =>
  (await analyzers(language)).parse(path, text)

/** Imports as `kind specifier names`. */
const imports = async (language: GrammarLanguage, text: string): Promise<readonly string[]> =>
  (await parse(language, text)).imports.map((i) => [i.kind, i.specifier, ...i.names].join(' '))

describe('imports', () => {
  it('name the module as the source spells it, and what is taken of it', async () => {
    verifies('SCORE-1')
    expect(
      await imports('python', 'import a.b as c, d\nfrom ..x import (y as z, w)\nfrom . import *\n'),
    ).toEqual(['import a.b *', 'import d *', 'import ..x y w', 'import . *'])
    expect(await imports('go', 'package a\nimport (\n "fmt"\n _ "a/b"\n)\n')).toEqual([
      'import fmt *',
      'import a/b',
    ])
    expect(
      await imports(
        'rust',
        'use a::{b, c::{d, e::*}};\npub use super::x;\nmod n;\nmod m { use y; }\nextern crate z;',
      ),
    ).toEqual([
      'import a b',
      'import a::c d',
      'import a::c::e *',
      'reexport super x',
      'module n *',
      'import y *',
      'import z *',
    ])
    expect(await imports('java', 'import a.B;\nimport a.c.*;\nimport static a.D.e;\n')).toEqual([
      'import a.B B',
      'import a.c *',
      'import a.D e',
    ])
    expect(await imports('kotlin', 'import a.B as C\nimport a.c.*\n')).toEqual([
      'import a.B B',
      'import a.c *',
    ])
    expect(await imports('c', '#include "a.h"\n#include <b.h>\n')).toEqual([
      'include "a.h" *',
      'include <b.h> *',
    ])
    expect(await imports('c_sharp', 'using System.Text;\nusing X = A.B;\n')).toEqual([
      'import System.Text *',
      'import A.B *',
    ])
    expect(await imports('php', "<?php\nuse A\\{B, C as D};\nrequire_once 'e.php';\n")).toEqual([
      'import A\\B B',
      'import A\\C C',
      'require e.php *',
    ])
    expect(await imports('swift', 'import Foundation\n')).toEqual(['import Foundation *'])
  })

  it('that look like calls are told from text and from methods of that name', async () => {
    expect(
      await imports(
        'ruby',
        "require 'a'\nrequire_relative '../b'\n# require 'c'\nx.require 'd'\ns = \"require 'e'\"\n",
      ),
    ).toEqual(['require a *', 'require ../b *'])
    expect(await imports('bash', 'source ./a.sh\n. "$D/b.sh"\n# source c.sh\necho source d.sh\n')).toEqual([
      'include ./a.sh *',
      'include $D/b.sh *',
    ])
  })
})

describe('the outline', () => {
  it('has the heads of definitions, without bodies and docstrings, by depth', async () => {
    const text =
      'X = 1\n@dec\ndef f(a,\n      b=2):\n    """doc"""\n    return a\nclass A(B):\n    """doc"""\n    def _m(self): pass\n'
    const { outline, exports } = await parse('python', text)
    expect(outline.map((o) => [o.depth, o.kind, o.name, o.signature, o.line, o.endLine, o.exported])).toEqual(
      [
        [0, 'constant', 'X', 'X = 1', 1, 1, true],
        [0, 'function', 'f', 'def f(a, b=2)', 3, 6, true],
        [0, 'class', 'A', 'class A(B)', 7, 9, true],
        [1, 'method', 'A._m', 'def _m(self)', 9, 9, false],
      ],
    )
    expect(exports).toEqual(['X', 'f', 'A'])
  })

  it('knows what others may take, as each language says it', async () => {
    expect(
      (await parse('go', 'package a\nfunc A() {}\nfunc b() {}\ntype C struct { x int }\n')).exports,
    ).toEqual(['A', 'C'])
    expect((await parse('rust', 'pub fn a() {}\nfn b() {}\npub struct C;\n')).exports).toEqual(['a', 'C'])
    expect((await parse('java', 'public class A { public void m() {} }\nclass B {}\n')).exports).toEqual([
      'A',
    ])
    expect(
      (await parse('c', 'int a(void) { return 1; }\nstatic int b(void) { return 1; }\n')).exports,
    ).toEqual(['a'])
    expect((await parse('kotlin', 'fun a() {}\nprivate fun b() {}\n')).exports).toEqual(['a'])
    expect(
      (await parse('ruby', 'module M\n  class A\n    private\n    def b; end\n  end\nend\n')).exports,
    ).toEqual(['M', 'A'])
  })
})

describe('a file', () => {
  it('with errors has them counted and the rest scored', async () => {
    const broken = await parse('python', 'def f(:\n    pass\n\ndef g(a):\n    if a:\n        return 1\n')
    expect(broken.syntaxErrors).toBeGreaterThan(0)
    expect(broken.functions.find((f) => f.name === 'g')).toMatchObject({ cyclomatic: 2, cognitive: 1 })
    expect(
      (await parse('java', 'class A { int f( { } int g(int a) { return a > 0 ? 1 : 2; } }')).syntaxErrors,
    ).toBeGreaterThan(0)
  })

  it('counts lines of code without blank lines and those of comments alone', async () => {
    const text = '// a\n\nint f(void) { /* b */\n/* c\n d */ return 1; // e\n\t\n/* f */ // g\n}\n'
    const { codeLines, functions } = await parse('c', text)
    expect(codeLines).toBe(3)
    expect(functions[0]).toMatchObject({ line: 3, endLine: 8, lines: 3 })
    expect((await parse('python', '')).codeLines).toBe(0)
  })

  it('sums its functions and what is outside of them', async () => {
    const { cyclomatic, cognitive, nesting } = await parse(
      'python',
      'if a and b:\n    x = 1\ndef f():\n    for x in y:\n        if x:\n            pass\n',
    )
    expect({ cyclomatic, cognitive, nesting }).toEqual({ cyclomatic: 5, cognitive: 5, nesting: 2 })
  })

  it('called .h is read as whichever of C and C++ understands more of it', async () => {
    const text = 'namespace n { class A { public: int m(int a) { return a ? 1 : 2; } }; }\n'
    expect(await parse('c', text, 'a.h')).toMatchObject({ syntaxErrors: 0, functions: [{ name: 'n.A.m' }] })
    expect((await parse('c', text, 'a.c')).syntaxErrors).toBeGreaterThan(0)
  })

  it('that nests 20,000 parentheses deep is scored, and the next one too', async () => {
    const deep = (operator: string): string => `${`(${operator}`.repeat(20_000)}1${')'.repeat(20_000)}`
    expect(await parse('c', `int f(int a) { return ${deep('a && ')}; }`)).toMatchObject({
      cyclomatic: 20_001,
      cognitive: 1,
    })
    expect((await parse('rust', `fn f(a: bool) { let x = ${deep('')}; }`)).functions).toHaveLength(1)
    expect((await parse('c', `int f(int a) { ${'if (a) {'.repeat(2000)}${'}'.repeat(2000)} }`)).nesting).toBe(
      2000,
    )
    expect((await parse('c', 'int f(void) { return 1; }')).functions).toHaveLength(1)
  })
})

it('parsing one file again and again leaves the memory of the grammars as it was', async () => {
  const text = readFileSync(new URL('../fixtures/grammar/Hand.java', import.meta.url), 'utf8').repeat(4)
  for (let i = 0; i < 10; i++) await parse('java', text)
  const before = process.memoryUsage().rss
  // A tree of this file takes more than 1 MB.
  for (let i = 0; i < 80; i++) await parse('java', text)
  expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(50)
}, 60_000)

it('grammars may be asked for all at once', async () => {
  const all = grammarAnalyzers()
  const [go, rust] = await Promise.all([all('go'), all('rust'), all('go')])
  expect(go.parse('a.go', 'package a\nfunc f() {}\n').functions).toHaveLength(1)
  expect(rust.parse('a.rs', 'fn f() {}').functions).toHaveLength(1)
})

it('the build copies every grammar, by the name that it is looked for', () => {
  const build = readFileSync(new URL('../../scripts/build.mjs', import.meta.url), 'utf8')
  for (const language of GRAMMAR_LANGUAGES) {
    expect(existsSync(wasmPath(TABLES[language].wasm))).toBe(true)
    const [, name] = /tree-sitter-(\w+)\.wasm$/.exec(TABLES[language].wasm)!
    expect(build).toMatch(new RegExp(`'${name}'|tree-sitter-${name}\\.wasm'`))
  }
})
