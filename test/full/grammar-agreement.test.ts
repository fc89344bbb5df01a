import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { FunctionScore, ParsedFile } from '../../src/core/score/analysis.ts'
import { grammarAnalyzers } from '../../src/core/score/grammar/analyzer.ts'
import { verifies } from '../requirements.ts'

const analyzers = grammarAnalyzers()
const scratch = mkdtempSync(join(tmpdir(), 'agreement-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const installed = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

const run = (command: string, args: readonly string[]): string =>
  spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 30 }).stdout ?? ''

const filesIn = (directory: string, pattern: RegExp): readonly string[] =>
  existsSync(directory)
    ? readdirSync(directory, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && pattern.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
    : []

interface RadonBlock {
  readonly type: 'function' | 'method' | 'class'
  readonly name: string
  readonly lineno: number
  readonly complexity: number
  readonly closures?: readonly RadonBlock[]
}

const flat = (blocks: readonly RadonBlock[]): readonly RadonBlock[] =>
  blocks.flatMap((block) => [...(block.type === 'class' ? [] : [block]), ...flat(block.closures ?? [])])

/** Why a function may differ from radon 5: by the lines of it. */
function radonDifference(lines: readonly string[]): string | undefined {
  // radon counts cases since version 6; Debian 12 has 5.1, which knows neither these nor except*.
  if (lines.some((line) => /^\s*match\b.*:\s*(#.*)?$/.test(line))) return 'match'
  if (lines.some((line) => /^\s*except\s*\*/.test(line))) return 'except*'
  return undefined
}

describe('Python', () => {
  const directories = ['/usr/lib/python3.11', '/usr/lib/python3.12', '/usr/lib/python3.13']
  const files = directories
    .flatMap((directory) => filesIn(directory, /\.py$/))
    // Not meant to be Python that parses.
    .filter((file) => !/lib2to3\/tests\/data|\/bad_|\/badsyntax/.test(file))

  it.skipIf(!installed('radon') || files.length === 0)(
    "agrees with radon on the standard library (skipped where Debian's radon is not installed)",
    async () => {
      verifies('SCORE-1')
      const python = await analyzers('python')
      let n = 0
      let equal = 0
      const differences = new Map<string, string[]>()
      for (let i = 0; i < files.length; i += 100) {
        const out = JSON.parse(run('radon', ['cc', '-j', ...files.slice(i, i + 100)])) as Record<
          string,
          readonly RadonBlock[] | { error: string }
        >
        for (const [file, blocks] of Object.entries(out)) {
          if (!Array.isArray(blocks)) continue
          const text = readFileSync(file, 'utf8')
          const lines = text.split('\n')
          const found = new Map(
            python.parse(file, text).functions.map((f) => [`${f.line} ${f.name.split('.').at(-1)}`, f]),
          )
          for (const block of flat(blocks)) {
            n++
            const own = found.get(`${block.lineno} ${block.name}`)
            if (own?.cyclomatic === block.complexity) equal++
            else {
              const why = own ? radonDifference(lines.slice(own.line - 1, own.endLine)) : undefined
              const key = why ?? 'unexplained'
              const said = `${file}:${block.lineno} ${block.name}: radon ${block.complexity}, ours ${own?.cyclomatic}`
              differences.set(key, [...(differences.get(key) ?? []), said])
            }
          }
        }
      }
      const classes = [...differences].map(([why, of]) => `${why} ${of.length}`).join(', ')
      console.info(`radon: ${equal} of ${n} functions in ${files.length} files; ${classes}`)
      for (const said of differences.get('unexplained') ?? []) console.info(said)
      expect(n).toBeGreaterThan(10_000)
      expect(equal / n).toBeGreaterThanOrEqual(0.99)
      // Where the grammar takes lines in parentheses that stand further left than their block for the block's end.
      expect(differences.get('unexplained')?.length ?? 0).toBeLessThanOrEqual(1)
    },
  )
})

/** Small packages of C and C++ with little that only their preprocessor understands, and two that have a lot of it. */
const PACKAGES = ['pmccabe', 'lua5.4', 'zlib', 'libuv1', 'jq', 'hiredis', 'tinyxml2', 'pugixml', 'leveldb']

/** Sources of Debian; none where they cannot be reached. */
function debianSources(): readonly string[] {
  const lists = join(scratch, 'lists')
  mkdirSync(join(lists, 'partial'), { recursive: true })
  const list = join(scratch, 'src.list')
  writeFileSync(list, 'deb-src http://deb.debian.org/debian bookworm main\n')
  const from = [
    '-o',
    `Dir::Etc::sourcelist=${list}`,
    '-o',
    'Dir::Etc::sourceparts=-',
    '-o',
    `Dir::State::lists=${lists}`,
  ]
  run('apt-get', ['update', ...from])
  for (const name of PACKAGES) {
    spawnSync('apt-get', ['source', '--download-only', ...from, name], { cwd: scratch, timeout: 60_000 })
  }
  spawnSync('sh', ['-c', 'for t in *.orig.tar.*; do case $t in *.asc) ;; *) tar xf "$t" ;; esac; done'], {
    cwd: scratch,
  })
  return filesIn(scratch, /\.(c|cc|cpp|h)$/)
}

interface Measured {
  readonly complexity: number
  readonly line: number
  readonly name: string
}

/** The second column: each case counts, as McCabe had it. */
const pmccabe = (file: string): readonly Measured[] =>
  [...run('pmccabe', [file]).matchAll(/^\d+\t(\d+)\t\d+\t\d+\t\d+\t.*\((\d+)\): (.*)$/gm)].map(
    ([, complexity, line, name]) => ({ complexity: Number(complexity), line: Number(line), name: name! }),
  )

/** The function of that name that starts nearest; where it starts is the one thing that both may see otherwise. */
function nearest(parsed: ParsedFile, { line, name }: Measured): FunctionScore | undefined {
  const plain = (text: string): string =>
    text
      .split(/::|\./)
      .at(-1)!
      .replace(/\s|(?<!operator)\(.*$/g, '')
  return parsed.functions
    .filter((f) => plain(f.name) === plain(name) && Math.abs(f.line - line) <= 6)
    .sort((a, b) => Math.abs(a.line - line) - Math.abs(b.line - line))[0]
}

/** Why a function may differ from pmccabe, by its name there and by the lines of it here. */
function pmccabeDifference(name: string, lines: readonly string[]): string | undefined {
  // It reads one way of each #if alone, as a compiler would; a syntax tree has them all.
  if (lines.some((line) => /^\s*#\s*(else|elif|if 0)\b/.test(line))) return 'branches of the preprocessor'
  // It looked for a function where there is none: after a macro, or in the middle of one that it lost its way in.
  if (/(^|::)(if|for|while|switch|sizeof|catch|__\w+)$/.test(name)) return 'no function'
  // It sees neither the names of operators nor what lambdas are.
  if (lines.some((line) => /\b(and|or)\b|\[[&=\w, ]*\]\s*\(/.test(line)))
    return 'C++11 and words for operators'
  return undefined
}

describe('C and C++', () => {
  it.skipIf(!installed('pmccabe'))(
    'agree with pmccabe wherever the grammar understands the whole file (skipped where pmccabe is not installed)',
    async () => {
      verifies('SCORE-1')
      const reached = debianSources()
      // Headers and sources that are there anyhow.
      const files = reached.length > 0 ? reached : filesIn('/usr/include', /\.h$/)
      const sums = { all: { n: 0, equal: 0 }, understood: { n: 0, equal: 0 } }
      const explained = new Map<string, number>()
      const differences: string[] = []
      for (const file of files) {
        const wanted = pmccabe(file)
        if (wanted.length === 0) continue
        const analyzer = await analyzers(/\.(c|h)$/.test(file) ? 'c' : 'cpp')
        const text = readFileSync(file, 'latin1')
        const parsed = analyzer.parse(file, text)
        for (const one of wanted) {
          const own = nearest(parsed, one)
          const equal = own?.cyclomatic === one.complexity
          for (const sum of parsed.syntaxErrors === 0 ? [sums.all, sums.understood] : [sums.all]) {
            sum.n++
            if (equal) sum.equal++
          }
          if (equal || parsed.syntaxErrors > 0) continue
          const lines = own ? text.split('\n').slice(own.line - 1, own.endLine) : []
          const why = pmccabeDifference(one.name, lines)
          if (why) explained.set(why, (explained.get(why) ?? 0) + 1)
          else {
            differences.push(
              `${file}:${one.line} ${one.name}: pmccabe ${one.complexity}, ours ${own?.cyclomatic}`,
            )
          }
        }
      }
      const { all, understood } = sums
      console.info(
        `pmccabe: ${understood.equal} of ${understood.n} functions in files without syntax errors, ${all.equal} of ${all.n} in all ${files.length}; ${[...explained].map(([why, count]) => `${why} ${count}`).join(', ')}, unexplained ${differences.length}\n${differences.join('\n')}`,
      )
      expect(understood.n).toBeGreaterThan(500)
      expect(understood.equal / understood.n).toBeGreaterThanOrEqual(0.97)
      expect(differences.length / understood.n).toBeLessThan(0.005)
    },
  )
})
