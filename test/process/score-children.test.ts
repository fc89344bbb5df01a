import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { packageRoot } from '../../src/core/config/package-root.ts'
import { descendantsOf } from '../../src/core/process.ts'
import { Analyst } from '../../src/core/score/analyst.ts'
import type { FromChild } from '../../src/core/score/child.ts'
import { analyzeAll } from '../../src/core/score/children.ts'
import { lookAt } from '../../src/core/score/repository.ts'
import { builtCli } from '../fixtures/built-cli.ts'
import { verifies } from '../requirements.ts'

const program = fileURLToPath(new URL('../fixtures/programs/bad-parser.mjs', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'my-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

// What the package's own program is run from.
beforeAll(() => void builtCli())

const others = new Set(descendantsOf([process.pid]).map(({ pid }) => pid))
/** Processes of this test that were not there before it. */
const running = () => descendantsOf([process.pid]).filter(({ pid }) => !others.has(pid))

const many = (count: number, name = 'fine') => Array.from({ length: count }, (_, i) => `${name}-${i}`)

async function looked(
  paths: readonly string[],
  more: {
    children?: number
    hangMs?: number
    signal?: AbortSignal
    program?: string
    take?: () => void
  } = {},
): Promise<readonly FromChild[]> {
  const taken: FromChild[] = []
  const { take, ...rest } = more
  await analyzeAll(
    paths.map((path) => ({ path, bytes: 1 })),
    {
      root: scratch,
      clock: systemClock,
      env: { PATH: process.env.PATH },
      children: 2,
      signal: new AbortController().signal,
      program,
      take: (message) => {
        taken.push(message)
        take?.()
      },
      ...rest,
    },
  )
  return taken
}

const sorted = (taken: readonly FromChild[]) => taken.map(({ path }) => path).sort()
const unparsed = (taken: readonly FromChild[]) =>
  taken
    .filter(({ facts }) => facts !== undefined && 'unparsed' in facts)
    .map(({ path }) => path)
    .sort()

describe('files that their parser does not survive', () => {
  it('cost only themselves, and of themselves their tree only: every file is answered exactly once', async () => {
    verifies('SCORE-3')
    const paths = [
      ...many(40),
      'crash-a',
      ...many(20, 'more'),
      'eat-b',
      'exit-c',
      'crash-d',
      ...many(30, 'last'),
    ]
    const taken = await looked(paths)
    expect(sorted(taken)).toEqual([...paths].sort())
    expect(unparsed(taken)).toEqual(['crash-a', 'crash-d', 'eat-b', 'exit-c'])
    expect(taken.filter(({ problem }) => problem !== undefined)).toEqual([])
  })

  it('may be first, last or all of them', async () => {
    for (const paths of [['crash-a', ...many(5)], [...many(5), 'crash-a'], ['crash-a'], many(20, 'crash')])
      expect(sorted(await looked(paths))).toEqual([...paths].sort())
  })

  it('are given up after the time that a file may take', async () => {
    verifies('SCORE-3')
    const paths = [...many(10), 'hang-a', ...many(10, 'more')]
    const taken = await looked(paths, { hangMs: 700 })
    expect(sorted(taken)).toEqual([...paths].sort())
    expect(unparsed(taken)).toContain('hang-a')
  })

  it('are told as a problem where not even their text can be read', async () => {
    const taken = await looked([...many(6), 'worse-a', ...many(6, 'more')])
    expect(taken.filter(({ problem }) => problem !== undefined)).toEqual([
      { path: 'worse-a', problem: 'its parser crashed or hung' },
    ])
    expect(taken).toHaveLength(13)
  })

  it('are not blamed for what an earlier file did to the process', async () => {
    for (let i = 0; i < 3; i++) {
      const paths = ['late-a', 'fine-b', 'late-c', 'fine-d', 'late-e']
      const taken = await looked(paths, { children: 1 })
      expect(sorted(taken)).toEqual([...paths].sort())
      expect(unparsed(taken)).toEqual([])
    }
  })

  it('are none at all', async () => {
    expect(await looked([])).toEqual([])
  })
})

describe('processes that look at files', () => {
  it('that do nothing but end are not started for ever', async () => {
    const broken = join(scratch, 'broken.mjs')
    writeFileSync(broken, 'process.exit(1)\n')
    await expect(looked(many(500), { program: broken })).rejects.toMatchObject({ code: 'internal' })
  })

  it('are gone when the work is interrupted, also those that hang', async () => {
    const controller = new AbortController()
    const work = looked(['fine-a', 'hang-b', 'fine-c', 'hang-d'], {
      signal: controller.signal,
      hangMs: 60_000,
      take: () => controller.abort(),
    })
    await expect(work).rejects.toMatchObject({ code: 'interrupted' })
    await expect.poll(() => running(), { timeout: 10_000 }).toEqual([])
  })

  it('are gone when the work is done', async () => {
    await looked(many(50))
    await expect.poll(() => running(), { timeout: 10_000 }).toEqual([])
  })

  it('are not started by one who has stopped already', async () => {
    await expect(looked(many(3), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'interrupted',
    })
    expect(running()).toEqual([])
  })
})

describe('a process that parses', () => {
  it('does not outlive its parent that was killed, even while it hangs', async () => {
    verifies('SCORE-3')
    const preload = "process.on('SIGUSR2', () => { for (;;); })"
    const parent = join(scratch, 'parent.mjs')
    writeFileSync(join(scratch, 'a.py'), 'a = 1\n')
    writeFileSync(
      parent,
      `import { fork } from 'node:child_process'
      const hangs = 'data:text/javascript,' + encodeURIComponent(${JSON.stringify(preload)})
      const child = fork(process.argv[2], [], { execArgv: ['--import', hangs] })
      child.on('message', () => (child.kill('SIGUSR2'), console.log(child.pid)))
      child.send({ root: ${JSON.stringify(scratch)}, files: [{ path: 'a.py', bytes: 6 }] })`,
    )
    const run = spawn(process.execPath, [parent, join(packageRoot(), 'dist/analysis.js')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void run.kill('SIGKILL'))
    const [said] = await once(run.stdout, 'data')
    const pid = Number(said)
    run.kill('SIGKILL')
    const isAlive = () => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }
    expect(isAlive()).toBe(true)
    await expect.poll(isAlive, { timeout: 10_000 }).toBe(false)
  })
})

describe('what is remembered of files', () => {
  it('is no failure that may pass: what could not be read is read again, what crashed after a day', async () => {
    verifies('SCORE-3')
    const root = join(scratch, 'root')
    const memory = join(scratch, 'memory/0-facts.json')
    mkdirSync(root)
    for (const name of ['busy-a', 'crash-b', 'fine-c', 'worse-d']) writeFileSync(join(root, name), '')
    const look = async (days: number) => {
      const clock = { ...systemClock, wall: () => days * 86_400_000 }
      const env = { PATH: process.env.PATH, HOME: scratch }
      const { signal } = new AbortController()
      const progress = () => {}
      const { files, fresh } = await lookAt(root, {
        ...{ clock, env, memory, version: '1', program, signal, progress },
      })
      expect(files.map(({ path }) => path)).toEqual(['busy-a', 'crash-b', 'fine-c', 'worse-d'])
      return fresh
    }
    expect(await look(100)).toBe(4)
    expect(await look(100.5)).toBe(1)
    expect(await look(101.5)).toBe(3)
    expect(await look(102)).toBe(1)
  })

  it('tells texts of one name apart, and what they are by their own name', async () => {
    const analyst = new Analyst({
      clock: systemClock,
      env: { PATH: process.env.PATH },
      signal: new AbortController().signal,
    })
    const texts = ['a = 1\n', 'a = 1\nb = 2\n']
    const facts = await Promise.all(texts.map((text) => analyst.factsOf('vendor/lib.py', Buffer.from(text))))
    expect(facts.map((one) => [one?.nature, one?.lines])).toEqual([
      ['vendored', 1],
      ['vendored', 2],
    ])
  })
})
