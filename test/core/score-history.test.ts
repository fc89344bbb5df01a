import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { changedInWorkTree } from '../../src/core/score/history/changed.ts'
import { gitText } from '../../src/core/score/history/git.ts'
import { type History, laterNames } from '../../src/core/score/history/history.ts'
import { userExcludes } from '../../src/core/score/history/listed.ts'
import { readHistory } from '../../src/core/score/history/read.ts'
import { advanceTree, readBlobs, treeAt } from '../../src/core/score/history/tree.ts'
import { verifies } from '../requirements.ts'

let top = ''
beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'my-git-'))
})
afterAll(() => rmSync(top, { recursive: true }))

const env = { PATH: process.env.PATH, HOME: '/nonexistent' }
let second = 1_700_000_000

function git(cwd: string, ...args: string[]): string {
  second += 60
  const who = {
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'A@x.org',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@x.org',
  }
  const when = { GIT_AUTHOR_DATE: `${second} +0000`, GIT_COMMITTER_DATE: `${second} +0000` }
  return execFileSync('git', ['-c', 'protocol.file.allow=always', ...args], {
    cwd,
    env: { ...env, ...who, ...when, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function repository(name: string): string {
  const dir = join(top, name)
  mkdirSync(dir)
  git(dir, 'init', '-q', '-b', 'main')
  return dir
}

function write(dir: string, path: string, text = `${path}\n`.repeat(9)): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), text)
}

function commit(dir: string, message: string): void {
  git(dir, 'add', '-A')
  git(dir, 'commit', '-q', '-m', message)
}

const read = (cwd: string, options = {}, more = {}): Promise<History> =>
  readHistory({ cwd, env: { ...env, ...more }, clock: systemClock }, options)

/** `message: change path, …` for each commit, oldest first. */
const told = ({ commits }: History): readonly string[] =>
  commits.map((c) => `${c.message}: ${c.files.map((f) => `${f.change} ${f.path}`).join(', ')}`)

describe('a history', () => {
  it('follows renames to the names of today, also through a name that was used again', async () => {
    verifies('SCORE-2')
    const dir = repository('renames')
    write(dir, 'a.ts')
    write(dir, 'other.ts', 'nothing alike, 1 2 3')
    commit(dir, 'one')
    renameSync(join(dir, 'a.ts'), join(dir, 'b.ts'))
    commit(dir, 'two')
    write(dir, 'a.ts', 'a new file with an old name')
    commit(dir, 'three')
    mkdirSync(join(dir, 'd'))
    renameSync(join(dir, 'b.ts'), join(dir, 'd/c.ts'))
    commit(dir, 'four')
    const history = await read(dir)
    expect(told(history)).toEqual([
      'one: created d/c.ts, created other.ts',
      'two: renamed d/c.ts',
      'three: created a.ts',
      'four: renamed d/c.ts',
    ])
    expect([...laterNames(history, 1)]).toEqual([['a.ts', 'd/c.ts']])
    expect([...laterNames(history, 3)]).toEqual([['b.ts', 'd/c.ts']])
    expect([...laterNames(history, 4)]).toEqual([])
  })

  it('tells what a merge brought in once, when it came', async () => {
    const dir = repository('merges')
    write(dir, 'base.ts')
    commit(dir, 'base')
    git(dir, 'checkout', '-q', '-b', 'side')
    write(dir, 'x.ts')
    commit(dir, 'x')
    write(dir, 'y.ts')
    commit(dir, 'y')
    git(dir, 'checkout', '-q', 'main')
    write(dir, 'main.ts')
    commit(dir, 'on main')
    git(dir, 'merge', '-q', '--no-ff', '-m', 'merge', 'side')
    git(dir, 'checkout', '-q', '--detach')
    expect(told(await read(dir))).toEqual([
      'base: created base.ts',
      'on main: created main.ts',
      'merge: created x.ts, created y.ts',
    ])
  })

  it('reads names and messages that try to look like something else', async () => {
    const dir = repository('hostile')
    const names = ['a\nb.ts', '"q".ts', 'tab\t.ts', ':100644 100644 a b M', 'commit 0123', '-1\t1\tx', 'ü.ts']
    for (const name of names) write(dir, name)
    writeFileSync(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0x2e, 0x74, 0x73])]), 'x')
    commit(dir, 'commit deadbeef\n\n:100644 100644 a b M\n1\t1\tx')
    const { commits } = await read(dir)
    expect(commits).toHaveLength(1)
    expect(commits[0]!.message).toBe('commit deadbeef\n\n:100644 100644 a b M\n1\t1\tx')
    expect(commits[0]!.files.map((f) => f.path).sort()).toEqual([...names, '\ufffd.ts'].sort())
  })

  it('of a subdirectory is below it, and of N commits the newest', async () => {
    const dir = repository('subdirectory')
    write(dir, 'pkg/a.ts')
    write(dir, 'b.ts')
    commit(dir, 'one')
    write(dir, 'b.ts', 'changed')
    commit(dir, 'two')
    write(dir, 'pkg/a.ts', 'changed')
    commit(dir, 'three')
    expect(told(await read(join(dir, 'pkg')))).toEqual(['one: created a.ts', 'three: edited a.ts'])
    expect(told(await read(dir, { commits: 2 }))).toEqual(['two: edited b.ts', 'three: edited pkg/a.ts'])
    expect(told(await read(dir, { until: 'HEAD~1', commits: 1 }))).toEqual(['two: edited b.ts'])
  })

  it('of a shallow clone does not believe that its oldest commit made everything', async () => {
    const dir = repository('deep')
    for (const n of [1, 2, 3]) {
      write(dir, `${n}.ts`)
      commit(dir, `${n}`)
    }
    git(top, 'clone', '-q', '--depth', '2', `file://${dir}`, 'shallow')
    expect(told(await read(join(top, 'shallow')))).toEqual(['3: created 3.ts'])
  })

  it('leaves submodules out and works inside of one and in a worktree', async () => {
    const inner = repository('inner')
    write(inner, 'i.ts')
    commit(inner, 'inner')
    const dir = repository('outer')
    git(dir, 'submodule', '-q', 'add', inner, 'sub')
    commit(dir, 'outer')
    expect(told(await read(dir))).toEqual(['outer: created .gitmodules'])
    expect(told(await read(join(dir, 'sub')))).toEqual(['inner: created i.ts'])
    git(dir, 'worktree', 'add', '-q', join(top, 'tree'), '-b', 'w')
    expect(told(await read(join(top, 'tree')))).toEqual(['outer: created .gitmodules'])
  })

  it('is not changed by settings of the user or variables of git', async () => {
    const dir = repository('settings')
    write(dir, 'a.ts')
    commit(dir, 'one')
    renameSync(join(dir, 'a.ts'), join(dir, 'ü.ts'))
    commit(dir, 'two')
    const home = join(top, 'home')
    mkdirSync(home)
    writeFileSync(
      join(home, '.gitconfig'),
      '[core]\nquotePath=true\npager=false\n[log]\nshowSignature=true\ndecorate=full\n[diff]\nrenames=false\nexternal=false\nnoprefix=true\n[color]\nui=always\n[format]\npretty=oneline\n',
    )
    const odd = {
      HOME: home,
      GIT_DIR: '/nonexistent',
      GIT_TRACE: '1',
      GIT_EXTERNAL_DIFF: 'false',
      GIT_PAGER: 'false',
    }
    expect(told(await read(dir, {}, odd))).toEqual(['one: created ü.ts', 'two: renamed ü.ts'])
  })

  it('counts authors without naming them', async () => {
    const dir = repository('authors')
    write(dir, 'a.ts')
    commit(dir, 'one')
    const { commits } = await read(dir)
    expect(commits[0]!.author).toMatch(/^[0-9a-f]{12}$/)
    expect(commits[0]!.at).toBe(second)
  })
})

describe('where there is no history', () => {
  it.each([
    ['no_repository', () => top, {}],
    ['git_absent', () => top, { PATH: '/nonexistent' }],
    ['no_commits', () => repository('empty'), {}],
  ] as const)('it is empty and says %s', async (why, where, more) => {
    const history = await read(where(), {}, more)
    expect(history.commits).toEqual([])
    expect(history.gap?.why).toBe(why)
  })

  it('a repository that git does not trust is one of them', async () => {
    const dir = repository('strange')
    write(dir, 'a.ts')
    commit(dir, 'one')
    const bin = join(top, 'bin')
    mkdirSync(bin)
    // What git says and does where the owner is another user; being another user takes root.
    writeFileSync(
      join(bin, 'git'),
      '#!/bin/sh\necho "fatal: detected dubious ownership in repository" >&2\nexit 128\n',
      {
        mode: 0o755,
      },
    )
    expect((await read(dir, {}, { PATH: bin })).gap?.why).toBe('not_trusted')
  })

  it('a git that does not end is left after the time it was given', async () => {
    const bin = join(top, 'slow')
    mkdirSync(bin)
    writeFileSync(
      join(bin, 'git'),
      '#!/bin/sh\ncase "$*" in *rev-parse*) printf "false\\n\\nabc\\n";; *) exec sleep 60;; esac\n',
      { mode: 0o755 },
    )
    const history = await read(top, { limitMs: 200 }, { PATH: `${bin}:${process.env.PATH}` })
    expect(history.gap?.why).toBe('time')
  })
})

describe('trees and contents', () => {
  it('advance with commits to what git has', async () => {
    const dir = repository('trees')
    write(dir, 'a.ts')
    write(dir, 'gone.ts', 'g')
    commit(dir, 'one')
    renameSync(join(dir, 'a.ts'), join(dir, 'b.ts'))
    rmSync(join(dir, 'gone.ts'))
    write(dir, 'c.ts', 'new')
    commit(dir, 'two')
    const place = { cwd: dir, env, clock: systemClock }
    const history = await readHistory(place)
    const tree = await treeAt(place, 'HEAD~1')
    advanceTree(tree, history.commits[1]!, history.renames)
    expect(new Map([...tree].sort())).toEqual(new Map([...(await treeAt(place, 'HEAD'))].sort()))
    const texts = new Map<string, string>()
    const wanted = new Set([...tree.values(), '0'.repeat(40)])
    await readBlobs(place, wanted, 10, (blob, content) => texts.set(blob, content.toString()))
    expect([...texts.values()]).toEqual(['new'])
  })

  it('changed files are those of the work tree below the directory', async () => {
    const dir = repository('changed')
    write(dir, 'pkg/a.ts')
    write(dir, 'b.ts')
    commit(dir, 'one')
    write(dir, 'pkg/a.ts', 'changed')
    write(dir, 'pkg/new\n.ts', 'n')
    write(dir, 'b.ts', 'changed')
    const changed = await changedInWorkTree({ cwd: join(dir, 'pkg'), env, clock: systemClock })
    expect([...changed].sort()).toEqual(['a.ts', 'new\n.ts'])
    expect(await changedInWorkTree({ cwd: top, env, clock: systemClock })).toEqual([])
  })
})

describe('a run of git', () => {
  const STATUS = ['status', '--porcelain=v1', '-z']
  const place = (cwd: string, signal?: AbortSignal) => ({
    cwd,
    env,
    clock: systemClock,
    ...(signal && { signal }),
  })

  /** A repository whose one changed file goes through a filter that leaves its id in `pid`. */
  function filtered(name: string, clean: string): string {
    const dir = repository(name)
    write(dir, '.gitattributes', '*.x filter=own\n')
    write(dir, 'a.x')
    commit(dir, 'one')
    git(dir, 'config', 'filter.own.clean', `echo $$ > ${join(dir, '.git/pid')}; ${clean}`)
    // Of the same size: git has to look at what is in it.
    write(dir, 'a.x', 'b.x\n'.repeat(9))
    return dir
  }
  const isAlive = (dir: string): boolean => {
    try {
      process.kill(Number(readFileSync(join(dir, '.git/pid'), 'utf8')), 0)
      return true
    } catch {
      return false
    }
  }

  it('ends at its limit with the filters that it started, which hold its pipes', async () => {
    verifies('SCORE-2')
    const dir = filtered('hang', 'sleep 300; cat')
    const { end } = await gitText(STATUS, place(dir), { limitMs: 1_000 })
    expect(end.how).toBe('time')
    await expect.poll(() => isAlive(dir), { timeout: 5_000 }).toBe(false)
  })

  it('ends when it is told to, and is not begun after that', async () => {
    const dir = filtered('stop', 'sleep 300; cat')
    const controller = new AbortController()
    const run = gitText(STATUS, place(dir, controller.signal), { limitMs: 60_000 })
    await expect.poll(() => isAlive(dir), { timeout: 5_000 }).toBe(true)
    controller.abort()
    expect((await run).end.how).toBe('stopped')
    await expect.poll(() => isAlive(dir), { timeout: 5_000 }).toBe(false)
    expect((await gitText(STATUS, place(dir, controller.signal))).end.how).toBe('stopped')
  })

  it('is done when git is, whoever is left behind with its pipes', async () => {
    const dir = filtered('left', 'sleep 300 >/dev/null & cat')
    const { end, bytes } = await gitText(STATUS, place(dir), { limitMs: 60_000 })
    expect({ how: end.how, said: bytes.toString() }).toEqual({ how: 'done', said: ' M a.x\0' })
  })

  it('keeps to the settings and bounds that the user gives by environment', async () => {
    const dir = repository('bounds')
    write(dir, 'in/a.ts')
    commit(dir, 'one')
    expect((await read(join(dir, 'in'))).gap).toBeUndefined()
    expect((await read(join(dir, 'in'), {}, { GIT_CEILING_DIRECTORIES: dir })).gap?.why).toBe('no_repository')
    const given = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.excludesFile', GIT_CONFIG_VALUE_0: '/x' }
    expect(await userExcludes({ ...place(dir), env: { ...env, ...given } })).toBe('/x')
    expect(await userExcludes(place(dir))).toBe('/nonexistent/.config/git/ignore')
  })

  it('does not need the order of files that the user wants to see', async () => {
    const dir = repository('ordered')
    write(dir, 'a.ts')
    commit(dir, 'one')
    git(dir, 'config', 'diff.orderFile', join(dir, 'nowhere'))
    expect(told(await read(dir))).toEqual(['one: created a.ts'])
  })
})
