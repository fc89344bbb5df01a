import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packageRoot } from '../../src/core/config/package-root.ts'
import { builtCli, ended } from '../fixtures/built-cli.ts'
import type { Tree } from '../fixtures/ignored-trees.ts'
import { commitAll, gitEnv, layFiles } from '../fixtures/scored-repository.ts'
import { verifies } from '../requirements.ts'

// Whether a file was read again is seen by what its memory says: a false figure put there stays for as long as the file is not read.

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
let bin: string
let places = 0

beforeAll(() => {
  bin = builtCli()
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

interface Place {
  readonly home: string
  readonly repo: string
}

const BASE: Tree = {
  'a.py': 'def a(x):\n    return x\n',
  'b.py': 'def b(x):\n    return x\n',
  'c.md': '# c\n',
}

function place(files = BASE): Place {
  const home = join(scratch, `h${places}`)
  const repo = join(scratch, `r${places++}`)
  mkdirSync(home)
  layFiles(repo, files)
  commitAll(repo, home)
  return { home, repo }
}

async function linesOf({ home, repo }: Place): Promise<Readonly<Record<string, number>>> {
  const env = { HOME: home, PATH: process.env.PATH }
  const run = await ended(process.execPath, [bin, 'score', '--json'], env, repo)
  expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' })
  const { files } = JSON.parse(run.stdout) as { files: { path: string; lines: number }[] }
  return Object.fromEntries(files.map(({ path, lines }) => [path, lines]))
}

function memoryOf({ home }: Place, what = 'facts'): string {
  const scores = join(home, '.mycelium/scores')
  return join(scores, readdirSync(scores).find((name) => name.endsWith(`-${what}.json`))!)
}

/** Puts a figure that no file has into the memory of every file. */
function falsify(at: Place): void {
  const [first, trees] = readFileSync(memoryOf(at), 'utf8').split('\n')
  const memory = JSON.parse(first!)
  for (const [, one] of memory.files as [string, { facts: { lines: number } }][]) one.facts.lines = 999
  writeFileSync(memoryOf(at), `${JSON.stringify(memory)}\n${trees}`)
}

/** Whose facts are kept. */
function keptOf(at: Place): readonly string[] {
  const { files } = JSON.parse(readFileSync(memoryOf(at), 'utf8').split('\n')[0]!) as { files: [string][] }
  return files.map(([path]) => path).sort()
}

it('a file is read again when its bytes have changed, and only then', async () => {
  verifies('SCORE-3')
  const at = place()
  expect(await linesOf(at)).toEqual({ 'a.py': 2, 'b.py': 2, 'c.md': 1 })
  falsify(at)
  expect(await linesOf(at)).toEqual({ 'a.py': 999, 'b.py': 999, 'c.md': 999 })
  writeFileSync(join(at.repo, 'b.py'), 'def b(y):\n    return y\n\n')
  expect(await linesOf(at)).toEqual({ 'a.py': 999, 'b.py': 3, 'c.md': 999 })
})

it('a touched file is hashed and no more; one whose size and time were put back is seen', async () => {
  verifies('SCORE-3')
  const at = place()
  utimesSync(join(at.repo, 'b.py'), 1_000, 1_000)
  await linesOf(at)
  falsify(at)
  utimesSync(join(at.repo, 'a.py'), 2_000, 2_000)
  writeFileSync(join(at.repo, 'b.py'), 'x = [\n1,\n2,\n3,\n]#####\n')
  utimesSync(join(at.repo, 'b.py'), 1_000, 1_000)
  expect(await linesOf(at)).toEqual({ 'a.py': 999, 'b.py': 5, 'c.md': 999 })
  // The new stamp of the touched file was kept: the memory is as false as before, and so is the answer.
  expect(await linesOf(at)).toMatchObject({ 'a.py': 999, 'b.py': 5 })
})

it('deleted files are forgotten, renamed and new ones read', async () => {
  const at = place()
  await linesOf(at)
  falsify(at)
  rmSync(join(at.repo, 'c.md'))
  renameSync(join(at.repo, 'b.py'), join(at.repo, 'd.py'))
  writeFileSync(join(at.repo, 'e.py'), '')
  expect(await linesOf(at)).toEqual({ 'a.py': 999, 'd.py': 2, 'e.py': 0 })
  expect(keptOf(at)).toEqual(['a.py', 'd.py', 'e.py'])
})

it.each([
  ['cut off', (text: string) => text.slice(0, text.length / 2)],
  ['cut off by a byte', (text: string) => text.slice(0, -1)],
  ['changed in its trees', (text: string) => text.replace('"name":"a"', '"name":"z"')],
  ['empty', () => ''],
  ['of another shape', () => '[1,2]'],
  ['without files', (text: string) => text.replace('"files"', '"fills"').replace('"remainder"', '"rest"')],
  ['of another version', (text: string) => text.replace(/"version":"[^"]*"/, '"version":"0.0.0-other"')],
  ['of another format', (text: string) => text.replace(/"format":\d+/, '"format":999')],
  [
    'with files of another shape',
    (text: string) =>
      text.replace(/"a\.py",\{"stamp"/, '"a.py",{"stemp"').replace(/"b\.py",\{/, '"b.py",null,{'),
  ],
])('a memory that is %s is passed over and made anew', async (_, spoil) => {
  const at = place()
  const first = await linesOf(at)
  const [facts, ranking] = [memoryOf(at), memoryOf(at, 'ranking')]
  for (const file of [facts, ranking]) writeFileSync(file, spoil(readFileSync(file, 'utf8')))
  expect(await linesOf(at)).toEqual(first)
  expect(keptOf(at)).toEqual(Object.keys(first).sort())
  expect(JSON.parse(readFileSync(ranking, 'utf8'))).toHaveProperty('remainder')
})

it('a place where nothing can be kept costs time only', async () => {
  const at = place()
  mkdirSync(join(at.home, '.mycelium'))
  // What neither permissions nor root can change.
  writeFileSync(join(at.home, '.mycelium/scores'), '')
  const lines = { 'a.py': 2, 'b.py': 2, 'c.md': 1 }
  expect(await linesOf(at)).toEqual(lines)
  rmSync(join(at.home, '.mycelium/scores'))
  chmodSync(join(at.home, '.mycelium'), 0o500)
  expect(await linesOf(at)).toEqual(lines)
  chmodSync(join(at.home, '.mycelium'), 0o700)
})

it('two at once both answer, and what is kept is whole', async () => {
  const at = place()
  const answers = await Promise.all([linesOf(at), linesOf(at), linesOf(at)])
  for (const lines of answers) expect(lines).toEqual({ 'a.py': 2, 'b.py': 2, 'c.md': 1 })
  expect(readdirSync(join(at.home, '.mycelium/scores')).filter((name) => name.endsWith('.tmp'))).toEqual([])
  expect(keptOf(at)).toHaveLength(3)
})

it('a parser that is not installed is said, and what it would have read is read once it is', async () => {
  verifies('SCORE-1')
  const at = place()
  const env = { HOME: at.home, PATH: process.env.PATH }
  writeFileSync(join(at.repo, 'd.ts'), 'export const d = (x: number) => (x > 1 ? x : 1)\n')
  const bare = join(scratch, 'package')
  for (const name of ['package.json', 'bin', 'dist'])
    cpSync(join(packageRoot(), name), join(bare, name), { recursive: true })
  const scored = async () => {
    const run = await ended(
      process.execPath,
      [join(bare, 'bin/mycelium.js'), 'score', '--json'],
      env,
      at.repo,
    )
    const { files } = JSON.parse(run.stdout) as {
      files: { path: string; cyclomatic: number; fallback?: string }[]
    }
    const { cyclomatic, fallback } = files.find(({ path }) => path === 'd.ts')!
    return { code: run.code, stderr: run.stderr, cyclomatic, fallback }
  }
  expect(await scored()).toEqual({
    code: 0,
    stderr:
      '1 file scored by lines and tokens alone: oxc-parser is not installed, or has no build for this machine\n',
    cyclomatic: 0,
    fallback: 'the parser of typescript is not installed',
  })
  symlinkSync(join(packageRoot(), 'node_modules'), join(bare, 'node_modules'))
  expect(await scored()).toEqual({ code: 0, stderr: '', cyclomatic: 2, fallback: undefined })
})

const git = ({ home, repo }: Place, ...args: string[]): string =>
  execFileSync('git', args, { cwd: repo, env: gitEnv(home), encoding: 'utf8' })

it('files whose names are numbers keep their own trees', async () => {
  verifies('SCORE-3')
  const python = (name: string, more = '') => `#!/usr/bin/env python3\ndef ${name}(x):\n    return x\n${more}`
  const at = place({ '.a.py': python('dot'), 10: python('ten', 'y = 1\n'), 9: python('nine_nine') })
  const functionsOf = async () => {
    const env = { HOME: at.home, PATH: process.env.PATH }
    const run = await ended(process.execPath, [bin, 'score', '--json', '--functions'], env, at.repo)
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' })
    const { files } = JSON.parse(run.stdout) as { files: { path: string; functions: { name: string }[] }[] }
    return Object.fromEntries(files.map(({ path, functions }) => [path, functions[0]?.name]))
  }
  const names = { '.a.py': 'dot', 10: 'ten', 9: 'nine_nine' }
  expect(await functionsOf()).toEqual(names)
  expect(await functionsOf()).toEqual(names)
  writeFileSync(join(at.repo, '9'), python('nine'))
  expect(await functionsOf()).toEqual({ ...names, 9: 'nine' })
})

it('weights are kept while the history grows by less than a tenth', async () => {
  const at = place()
  const commit = (count: number) => {
    for (let i = 0; i < count; i++) git(at, 'commit', '-q', '--allow-empty', '-m', 'c')
  }
  const becauseOf = async () => {
    await linesOf(at)
    return JSON.parse(readFileSync(memoryOf(at, 'ranking'), 'utf8')).remainder.weights.because as string
  }
  commit(19)
  expect(await becauseOf()).toContain('usable commits')
  const file = memoryOf(at, 'ranking')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/\d+ usable commits/, 'planted'))
  expect(await becauseOf()).toContain('planted')
  for (const _ of [1, 2]) {
    commit(1)
    expect(await becauseOf()).toContain('planted')
  }
  writeFileSync(join(at.repo, 'a.py'), '')
  expect(await becauseOf()).toContain('planted')
  commit(1)
  expect(await becauseOf()).toContain('usable commits')
}, 30_000)

it('a ranking without the history that there is is not kept', async () => {
  const at = place()
  const tree = git(at, 'rev-parse', 'HEAD^{tree}').trim()
  const object = join(at.repo, '.git/objects', tree.slice(0, 2), tree.slice(2))
  renameSync(object, `${object}.away`)
  const env = { HOME: at.home, PATH: process.env.PATH }
  const broken = await ended(process.execPath, [bin, 'score', '--json'], env, at.repo)
  expect({ code: broken.code, said: broken.stderr }).toEqual({
    code: 0,
    said: expect.stringContaining('could not tell the history'),
  })
  expect(readdirSync(join(at.home, '.mycelium/scores')).join()).not.toContain('ranking')
  renameSync(`${object}.away`, object)
  await linesOf(at)
  expect(JSON.parse(readFileSync(memoryOf(at, 'ranking'), 'utf8')).remainder).not.toHaveProperty('gap')
})

it('what is kept of a directory goes when that is gone, or was not used for 90 days', async () => {
  const [gone, old, used] = [place(), place(), place()]
  for (const at of [gone, old, used]) await linesOf({ ...at, home: used.home })
  const scores = join(used.home, '.mycelium/scores')
  const fileOf = (repo: string) =>
    readdirSync(scores).find(
      (name) =>
        name.endsWith('-facts.json') && readFileSync(join(scores, name), 'utf8').includes(`"${repo}"`),
    )!
  const long = Date.now() / 1000 - 91 * 86_400
  const [goneFile, oldFile, usedFile] = [gone, old, used].map(({ repo }) => fileOf(repo))
  utimesSync(join(scores, oldFile!), long, long)
  utimesSync(join(scores, usedFile!), long, long)
  rmSync(gone.repo, { recursive: true })
  await linesOf(used)
  await linesOf({ ...place(), home: used.home })
  const kept = readdirSync(scores)
  expect([goneFile, oldFile, usedFile].map((name) => kept.includes(name!))).toEqual([false, false, true])
  expect(kept).toHaveLength(4)
}, 30_000)

it('files are those that git keeps or would keep, by the rules of the user too', async () => {
  const at = place()
  writeFileSync(join(at.repo, '.gitignore'), 'a.py\n')
  writeFileSync(join(at.repo, 'mine.own'), '')
  mkdirSync(join(at.home, '.config/git'), { recursive: true })
  writeFileSync(join(at.home, '.config/git/ignore'), '*.own\n')
  expect(Object.keys(await linesOf(at)).sort()).toEqual(['.gitignore', 'a.py', 'b.py', 'c.md'])
})

it("a bare repository is refused: what is in it is git's own", async () => {
  const at = place()
  const bare = join(scratch, 'bare.git')
  git(at, 'clone', '-q', '--bare', at.repo, bare)
  const env = { HOME: at.home, PATH: process.env.PATH }
  const run = await ended(process.execPath, [bin, 'score'], env, bare)
  expect(run.code).not.toBe(0)
  expect(run.stderr).toContain('is a bare repository')
})
