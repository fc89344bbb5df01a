import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BudgetFilesOptions, runBudgetFiles } from '../../src/commands/budget.ts'
import { planName, planNames, plannedFile } from '../../src/core/budget/plan-file.ts'
import { removeOurFiles } from '../../src/core/clients/our-files.ts'
import { pathsOf } from '../../src/core/config/paths.ts'
import type { Io } from '../../src/core/report/io.ts'
import { plainPaint } from '../../src/core/report/paint.ts'
import type { RankedFile } from '../../src/core/score/ranked.ts'
import { rankedFile } from '../fixtures/ranked-files.ts'
import { verifies } from '../requirements.ts'

let home: string
let work: string
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
  work = join(home, 'work')
  mkdirSync(join(work, 'src'), { recursive: true })
  for (const { path } of FILES) writeFileSync(join(work, path), '')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const FILES: readonly RankedFile[] = [
  rankedFile('src/pool.ts', {
    tokens: 30_000,
    importance: 0.9,
    cognitive: 120,
    because: { graph: 0.8 },
  }),
  rankedFile('src/old.ts', { tokens: 20_000, importance: 0.01 }),
  rankedFile('src/small.ts', { tokens: 400 }),
  rankedFile('logo.png', { tokens: 0, nature: 'binary' }),
]
/** Plans whose files are not what they should be. */
const DAMAGED = ['null', '7', '{"src/pool.ts":null}', '{"src/pool.ts":[1]}', '{"src/pool.ts":["a",1,1]}'].map(
  (files) => `{"format":2,"window":40000,"files":${files}}`,
)
const budgets = () => join(home, '.mycelium/budgets')

/** Runs the command over a ranking given by hand. */
async function run(options: BudgetFilesOptions = {}, files = FILES, path: string | undefined = undefined) {
  let [stdout, stderr] = ['', '']
  const io: Io = {
    write: (text) => (stdout += text),
    talk: (text) => (stderr += text),
    ask: async () => undefined,
    env: { HOME: home },
    cwd: work,
    width: 120,
    terminal: { stdin: false, stdout: false, stderr: false },
    paint: { stdout: plainPaint, stderr: plainPaint },
    signal: new AbortController().signal,
    endBySignals: () => {},
  }
  await runBudgetFiles(io, path, options, async () => ({ files }))
  return { stdout, stderr }
}

describe('mycelium budget files', () => {
  it('lists what is over its budget, most left out first, and why', async () => {
    verifies('BUDGET-1')
    const { stdout, stderr } = await run({ window: 40_000 })
    expect(
      stdout.replace(/ +/g, ' '),
    ).toBe(`3 files with 50400 tokens; 2 over their budget. Window 40000, 50 % of it for reads.

PATH TOKENS BUDGET IMPORTANCE WHY
src/old.ts 20000 600 0.01 room for an outline
src/pool.ts 30000 14693 0.90 its share by importance and complexity
`)
    expect(stderr).toBe('')
    expect((await run({ window: 40_000, all: true })).stdout).toContain('small files are given whole')
    expect((await run({ window: 1_000_000 })).stdout).toContain('Each file is given whole.')
  })

  it('says all of it as JSON', async () => {
    const { stdout } = await run({ json: true, window: 40_000 })
    const answer = JSON.parse(stdout)
    expect(Object.keys(answer)).toEqual(['root', 'window', 'share', 'capacity', 'level', 'written', 'files'])
    expect(answer).toMatchObject({ root: work, window: 40_000, share: 0.5, capacity: 20_000, written: null })
    expect(answer.files.map(({ path }: { path: string }) => path)).toEqual([
      'src/old.ts',
      'src/pool.ts',
      'src/small.ts',
    ])
    expect(Object.keys(answer.files[0])).toEqual([
      'path',
      'tokens',
      'bytes',
      'budget',
      'importance',
      'weight',
      'because',
      'kept',
    ])
  })

  it('explains one file, by any way to name it, and refuses what has none', async () => {
    const { stdout } = await run({ window: 40_000, explain: 'src/../src/pool.ts' })
    expect(stdout).toMatch(
      /^src\/pool\.ts\n {2}tokens {6}30000 \(120000 bytes\)\n {2}budget {6}14693: its share/,
    )
    expect(stdout).toContain('  importance  0.900: graph 0.80\n')
    expect(stdout).toContain('  first read  an outline of that size; asked again, the whole file\n')
    await expect(run({ explain: 'nowhere.ts' })).rejects.toMatchObject({ code: 'unknown_file' })
    await expect(run({ explain: 'logo.png' })).rejects.toMatchObject({
      code: 'unknown_file',
      message: expect.stringContaining('has no text'),
    })
    await expect(run({}, FILES, 'nowhere')).rejects.toMatchObject({ code: 'path_missing' })
  })

  it('keeps the budgets for the hook, says what is missing for it to act, and keeps them steady', async () => {
    verifies('BUDGET-1')
    const { stderr } = await run({ write: true, window: 40_000 })
    expect(stderr).toContain(`kept for the hook in ${join(budgets(), planName(work))}`)
    expect(stderr).toContain('next: mycelium config set budget.enabled=true')
    expect(statSync(join(budgets(), planName(work))).mode & 0o777).toBe(0o600)
    expect(statSync(budgets()).mode & 0o777).toBe(0o700)
    const at = (path: string) => plannedFile(budgets(), planNames(budgets()), join(work, path))
    expect(at('src/pool.ts')).toEqual({ budget: 14_693, tokens: 30_000, bytes: 120_000 })
    expect(at('src/small.ts')).toBeUndefined()
    expect(plannedFile(budgets(), planNames(budgets()), join(home, 'a.ts'))).toBeUndefined()

    const shaken = FILES.map((file) => ({ ...file, importance: file.importance * 0.97 }))
    expect(JSON.parse((await run({ json: true, window: 40_000 }, shaken)).stdout).files[1].budget).toBe(
      14_693,
    )
    writeFileSync(
      join(home, '.mycelium/config.json'),
      '{"budget.enabled": true, "budget.window_tokens": 60000}',
    )
    const shown = await run({})
    expect(shown.stdout).toContain('Window 60000')
    expect(shown.stderr).toContain('next: mycelium budget files --write')
    expect((await run({ write: true })).stderr).not.toContain('next:')
  })

  it('leaves nothing behind an undo, and what is not its own alone', async () => {
    await run({ write: true })
    mkdirSync(join(budgets(), 'sessions'))
    writeFileSync(join(budgets(), 'sessions/a.jsonl'), '{}')
    writeFileSync(join(budgets(), 'mine.txt'), '')
    const none = { launchers: new Set<string>(), backups: new Set<string>(), usage: false }
    expect(removeOurFiles(pathsOf(join(home, '.mycelium')), none)).toEqual([])
    expect(readdirSync(budgets())).toEqual(['mine.txt'])
    rmSync(join(budgets(), 'mine.txt'))
    await run({ write: true })
    removeOurFiles(pathsOf(join(home, '.mycelium')), none)
    expect(existsSync(join(home, '.mycelium'))).toBe(false)
  })

  it('takes a plan that is damaged or of another version for none', async () => {
    await run({ write: true })
    for (const text of ['{"format":1', '{"format":1,"files":{}}', 'null', ...DAMAGED]) {
      writeFileSync(join(budgets(), planName(work)), text)
      expect(plannedFile(budgets(), planNames(budgets()), join(work, 'src/pool.ts'))).toBeUndefined()
      await run({ window: 40_000 })
    }
    expect(readFileSync(join(budgets(), planName(work)), 'utf8')).toBe(DAMAGED.at(-1))
    expect(existsSync(budgets())).toBe(true)
  })
})
