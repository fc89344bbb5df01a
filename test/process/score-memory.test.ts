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
import { commitAll, layFiles } from '../fixtures/scored-repository.ts'
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

function place(): Place {
  const home = join(scratch, `h${places}`)
  const repo = join(scratch, `r${places++}`)
  mkdirSync(home)
  layFiles(repo, {
    'a.py': 'def a(x):\n    return x\n',
    'b.py': 'def b(x):\n    return x\n',
    'c.md': '# c\n',
  })
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
  for (const one of Object.values<{ facts: { lines: number } }>(memory.files)) one.facts.lines = 999
  writeFileSync(memoryOf(at), `${JSON.stringify(memory)}\n${trees}`)
}

/** Whose facts are kept. */
function keptOf(at: Place): readonly string[] {
  return Object.keys(JSON.parse(readFileSync(memoryOf(at), 'utf8').split('\n')[0]!).files).sort()
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
      text.replace(/"a\.py":\{"stamp"/, '"a.py":{"stemp"').replace(/"b\.py":\{/, '"b.py":null,"x":{'),
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
