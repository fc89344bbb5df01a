import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { descendantsOf, isAlive } from '../../src/core/process.ts'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'
import { commitAll, layFiles, SCORED } from '../fixtures/scored-repository.ts'
import { verifies } from '../requirements.ts'

// Real runs of the command; what it remembers between them is test/process/score-memory.test.ts.

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
const home = join(scratch, 'a home with spaces')
const repo = join(scratch, 'repo')
const env = { HOME: home, PATH: process.env.PATH }
let bin: string

beforeAll(() => {
  bin = builtCli()
  mkdirSync(home)
  layFiles(repo, SCORED)
  commitAll(repo, home)
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const score = (args: readonly string[] = [], more: NodeJS.ProcessEnv = {}, cwd = repo): Promise<Ended> =>
  ended(process.execPath, [bin, 'score', ...args], { ...env, ...more }, cwd)

interface Row {
  readonly path: string
  readonly language: string
  readonly nature: string
  readonly lines: number
  readonly tokens: number
  readonly cyclomatic: number
  readonly cognitive: number
  readonly importance: number
  readonly fallback?: string
  readonly functions?: readonly { readonly name: string; readonly cyclomatic: number }[]
}
async function rowsOf(args: readonly string[] = [], cwd = repo): Promise<readonly Row[]> {
  const run = await score(['--json', ...args], {}, cwd)
  expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(run.stdout).files
}
const rowOf = (rows: readonly Row[], path: string) => rows.find((row) => row.path === path)!

describe('mycelium score --json', () => {
  it('tells of every file of ten languages, and of those that no parser reads', async () => {
    verifies('SCORE-1')
    const rows = await rowsOf()
    expect(rows.map(({ path }) => path).sort()).toEqual(Object.keys(SCORED).sort())
    for (const row of rows) {
      const keys = Object.keys(row).filter((key) => key !== 'fallback' && key !== 'nature')
      expect(keys).toEqual(['path', 'language', 'lines', 'tokens', 'cyclomatic', 'cognitive', 'importance'])
      expect(row.importance).toBeGreaterThanOrEqual(0)
      expect(row.importance).toBeLessThanOrEqual(1)
    }
    const said = (path: string) => {
      const { language, nature, fallback, cyclomatic } = rowOf(rows, path)
      return [language, nature, fallback ?? cyclomatic]
    }
    expect(said('logo.png')).toEqual(['binary', 'binary', 'binary'])
    expect(rowOf(rows, 'logo.png')).toMatchObject({ tokens: 0, lines: 0 })
    expect(said('site.min.js')).toEqual(['javascript', 'minified', 'minified'])
    expect(said('broken.ts')[2]).toMatch(/^not parsed: /)
    expect(rowOf(rows, 'broken.ts').tokens).toBeGreaterThan(0)
    expect(said('empty.py').slice(0, 2)).toEqual(['python', 'source'])
    expect(rowOf(rows, 'empty.py')).toMatchObject({ tokens: 0, lines: 0 })
    expect(said('huge.json')).toEqual(['json', 'data', 'no parser for json'])
    expect(said('bin/tool')).toEqual(['python', 'source', 2])
    expect(said('src/App.vue')).toEqual(['vue', 'source', 2])
    for (const [path, cyclomatic] of [
      ['src/main.ts', 2],
      ['web/a.js', 3],
      ['py/tool.py', 4],
      ['go/main.go', 2],
      ['rs/lib.rs', 2],
      ['java/A.java', 2],
      ['c/a.c', 2],
      ['cpp/a.cpp', 2],
      ['rb/a.rb', 2],
      ['sh/run.sh', 2],
    ] as const)
      expect([path, said(path)[2]]).toEqual([path, cyclomatic])
  })

  it('with --functions tells of each function', async () => {
    const rows = await rowsOf(['--functions'])
    expect(rowOf(rows, 'py/tool.py').functions).toEqual([
      { name: 'run', line: 1, endLine: 6, cyclomatic: 4, cognitive: 6, lines: 6, parameters: 2, nesting: 3 },
    ])
    expect(rowOf(rows, 'README.md').functions).toEqual([])
  })

  it.each([
    ['importance', (row: Row) => row.importance],
    ['complexity', (row: Row) => row.cognitive],
    ['tokens', (row: Row) => row.tokens],
  ] as const)('gives the best first by %s, the same every time', async (by, value) => {
    const rows = await rowsOf(['--by', by])
    const values = rows.map(value)
    expect(values).toEqual(values.toSorted((a, b) => b - a))
    expect(await rowsOf(['--by', by])).toEqual(rows)
  })

  it('--focus moves files up, named as the shell or the table has them', async () => {
    const before = rowOf(await rowsOf(), 'rb/a.rb').importance
    for (const [focus, cwd, path] of [
      ['rb', repo, []],
      ['./a.rb', join(repo, 'rb'), ['..']],
      ['rb/a.rb', scratch, ['repo']],
    ] as const)
      expect(rowOf(await rowsOf([...path, '--focus', focus], cwd), 'rb/a.rb').importance).toBeGreaterThan(
        before,
      )
  })

  it('of one file tells of that with its functions', async () => {
    const rows = await rowsOf(['c/a.c'])
    expect(rows.map(({ path }) => path)).toEqual(['a.c'])
    expect(rows[0]!.functions).toHaveLength(1)
  })
})

describe('mycelium score', () => {
  it('--explain says what the importance of a file is made of', async () => {
    const run = await score(['--explain', 'src/pick.ts'])
    expect(run.code).toBe(0)
    expect(run.stdout).toMatch(/src\/pick\.ts/)
    expect(run.stdout).toMatch(/imported by +1 file\b/)
    const told = JSON.parse((await score(['--explain', 'src/pick.ts', '--json'])).stdout)
    expect(told).toMatchObject({
      path: 'src/pick.ts',
      of: Object.keys(SCORED).length,
      because: expect.anything(),
    })
  })

  it('--csv can be read back, whatever a file is called', async () => {
    const { stdout } = await score(['--csv'])
    const [head, ...rows] = stdout.trimEnd().split(/\r?\n/)
    expect(head).toBe('path,language,nature,lines,tokens,cyclomatic,cognitive,importance')
    expect(rows).toHaveLength(Object.keys(SCORED).length)
    const paths = rows
      .map((row) => /^(?:"((?:[^"]|"")*)"|([^,]*)),/.exec(row)!)
      .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain)
    expect(paths.sort()).toEqual(Object.keys(SCORED).sort())
    expect((await score(['--csv', '--functions'])).stdout).toMatch(
      /^path,name,line,endLine,lines,cyclomatic,cognitive,nesting,parameters\r?\n/,
    )
  })

  it('files that tell agents what is hidden say nothing of the task when they change', async () => {
    const dir = join(scratch, 'hidden')
    layFiles(dir, SCORED)
    commitAll(dir, home)
    layFiles(dir, { '.claudeignore': 'go\n', '.claude/settings.json': '{}\n', 'go/new.go': 'package main\n' })
    const changed = async (path: string) => {
      const told = JSON.parse((await score(['--explain', path, '--json'], {}, dir)).stdout)
      return Object.keys(told.because).includes('changed')
    }
    expect([await changed('go/new.go'), await changed('.claudeignore')]).toEqual([true, false])
  })

  it('a table fits a narrow screen, has no colours in a pipe, and says what it leaves out', async () => {
    const { stdout } = await score(['--limit', '5'], { COLUMNS: '80', NO_COLOR: '1' })
    const lines = stdout.trimEnd().split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(stdout).not.toContain('\x1b')
    expect(lines.at(-1)).toBe('tokens: claude table, -16 to +62 %')
    expect(lines.at(-2)).toBe(`… and ${Object.keys(SCORED).length - 5} files more: --limit, --json or --csv`)
    expect((await score(['--functions', '--limit', '1'])).stdout).toContain('py/tool.py:1')
  })

  it.each([
    [['missing'], 1, /missing is no directory/, /name a directory/],
    [
      ['--explain', 'src/pik.ts'],
      1,
      /src\/pik\.ts is not among the \d+ files/,
      /mycelium score --explain src\/pick\.ts/,
    ],
    [['src', '--explain', 'pik.ts'], 1, /pik\.ts is not among/, /mycelium score src --explain pick\.ts/],
    [['--focus', 'nowhere'], 1, /--focus nowhere: no file/, /name a directory or a file/],
    [['evaluate', 'missing'], 1, /missing is no directory/, /name a directory/],
    [['--by', 'beauty'], 2, /beauty/, /mycelium score --help/],
    [['--limit', 'many'], 2, /many/, /mycelium score --help/],
    [['--json', '--csv'], 2, /cannot be used with/, /mycelium score --help/],
  ])('%j is an error with a next step', async (args, code, what, next) => {
    const run = await score(args as string[])
    expect(run.code).toBe(code)
    expect(run.stderr).toMatch(what as RegExp)
    expect(run.stderr).toMatch(next as RegExp)
  })

  it('without git says so, and ranks all the same', async () => {
    const dir = join(scratch, 'no git')
    layFiles(dir, { 'a.py': SCORED['py/tool.py']!, 'b.py': '' })
    const run = await score(['--json'], {}, dir)
    expect(run.stderr).toBe('not in a git repository, so no history is used\n')
    expect(JSON.parse(run.stdout).files).toHaveLength(2)
    const noGit = await score(['--json'], { PATH: '' })
    expect(noGit.stderr).toBe('git cannot be started, so no history is used\n')
    expect(JSON.parse(noGit.stdout).files).toHaveLength(Object.keys(SCORED).length)
  })

  it('is fine with a reader that has seen enough', async () => {
    const run = await ended(
      '/bin/sh',
      ['-c', '"$0" "$1" score --json --functions | head -1', process.execPath, bin],
      env,
      repo,
    )
    expect({ code: run.code, stdout: run.stdout, stderr: run.stderr }).toEqual({
      code: 0,
      stdout: '{\n',
      stderr: '',
    })
  })

  it('ends with 130 on Ctrl-C while files are read, and leaves no process', async () => {
    const dir = join(scratch, 'many')
    const body = 'def f(a):\n    return a and (a or 1)\n'.repeat(2_000)
    layFiles(dir, Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`f${i}.py`, `# ${i}\n${body}`])))
    const child = spawn(process.execPath, [bin, 'score'], { env, cwd: dir, stdio: 'ignore' })
    const isReading = () => descendantsOf([child.pid!]).length > 0
    await expect.poll(isReading, { timeout: 20_000, interval: 20 }).toBe(true)
    const below = descendantsOf([child.pid!])
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
    await expect.poll(() => below.filter(isAlive), { timeout: 10_000 }).toEqual([])
  })

  it('undo removes what it kept and nothing else', async () => {
    const other = join(scratch, 'undone')
    const scores = join(other, '.mycelium/scores')
    mkdirSync(other)
    expect((await score([], { HOME: other })).code).toBe(0)
    expect(readdirSync(scores)).toHaveLength(2)
    for (const name of readdirSync(scores)) expect(name).toMatch(/^[0-9a-f]{16}-(facts|ranking)\.json$/)
    writeFileSync(join(scores, 'mine.json'), 'x')
    const undo = () => ended(process.execPath, [bin, 'undo', '--yes'], { ...env, HOME: other }, repo)
    expect((await undo()).code).toBe(0)
    expect(readdirSync(scores)).toEqual(['mine.json'])
    expect(readFileSync(join(scores, 'mine.json'), 'utf8')).toBe('x')
    rmSync(join(scores, 'mine.json'))
    await undo()
    expect(existsSync(join(other, '.mycelium'))).toBe(false)
  })
})
