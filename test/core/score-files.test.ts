import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { filesBelow, withTracked } from '../../src/core/score/files.ts'
import { IGNORED_TREES, type Tree } from '../fixtures/ignored-trees.ts'
import { verifies } from '../requirements.ts'

// Git itself says what it would ignore; a walk that says otherwise is wrong.

const scratch = mkdtempSync(join(tmpdir(), 'my-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** No configuration of this machine: a user's own excludes would be git's answer and not ours. */
const env = {
  PATH: process.env.PATH,
  HOME: scratch,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.com',
}
const git = (dir: string, ...args: string[]): string =>
  execFileSync('git', args, { cwd: dir, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

function lay(dir: string, tree: Tree): string {
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  return dir
}

const fresh = (tree: Tree): string => lay(mkdtempSync(join(scratch, 'd-')), tree)

function repository(tree: Tree): string {
  const dir = fresh(tree)
  git(dir, 'init', '-q')
  return dir
}

const asGit = (dir: string): readonly string[] =>
  git(dir, 'ls-files', '-co', '--exclude-standard', '-z')
    .split('\0')
    // A name that ends in a slash is a repository in the repository.
    .filter((path) => path !== '' && !path.endsWith('/'))
    .sort()

const walked = (dir: string): readonly string[] => filesBelow(dir).files.map(({ path }) => path)

describe('the files of a repository', () => {
  it.each(Object.entries(IGNORED_TREES))('are those that git would keep: %s', (_, tree) => {
    verifies('SCORE-1')
    const dir = repository(tree)
    expect(walked(dir)).toEqual(asGit(dir))
  })

  it('leave out what .git/info/exclude names, which a .gitignore may take back', () => {
    const dir = repository({ '.gitignore': '!b.own\n', 'a.own': '', 'b.own': '', 'in/c.own': '', 'in/d': '' })
    writeFileSync(join(dir, '.git/info/exclude'), '*.own\n')
    expect(walked(dir)).toEqual(['.gitignore', 'b.own', 'in/d'])
    expect(walked(dir)).toEqual(asGit(dir))
    expect(walked(join(dir, 'in'))).toEqual(asGit(join(dir, 'in')))
  })

  it('leave out what the user never keeps anywhere, which the repository may take back', () => {
    const dir = repository({ '.gitignore': '!b.own\n', 'a.own': '', 'b.own': '', 'in/c.own': '', 'in/d': '' })
    const excludes = join(scratch, 'excludes')
    writeFileSync(excludes, '*.own\n')
    git(dir, 'config', 'core.excludesFile', excludes)
    for (const at of [dir, join(dir, 'in')])
      expect(filesBelow(at, excludes).files.map(({ path }) => path)).toEqual(asGit(at))
    expect(walked(dir)).toContain('a.own')
    expect(filesBelow(dir, join(scratch, 'no excludes')).files).toHaveLength(5)
  })

  it('hold what git keeps though a rule names it', () => {
    const dir = repository({
      'dist/a.js': '',
      'dist/b.js': '',
      c: '',
      'node_modules/d.js': '',
      'dist/gone': '',
    })
    git(dir, 'add', 'dist/a.js', 'dist/gone', 'node_modules/d.js', 'c')
    writeFileSync(join(dir, '.gitignore'), 'dist\n')
    rmSync(join(dir, 'dist/gone'))
    const walk = filesBelow(dir)
    const tracked = git(dir, 'ls-files', '-z').split('\0').filter(Boolean)
    expect(walk.files.map(({ path }) => path)).toEqual(['.gitignore', 'c'])
    const all = withTracked(dir, walk, tracked)
    expect(all.files.map(({ path }) => path)).toEqual(['.gitignore', 'c', 'dist/a.js'])
    expect(all.unreadable).toEqual([])
  })

  it('of a work tree follow the excludes of the repository it belongs to', () => {
    const dir = repository({ a: '' })
    git(dir, 'add', '.')
    git(dir, 'commit', '-qm', 'x')
    writeFileSync(join(dir, '.git/info/exclude'), '*.own\n')
    const tree = join(scratch, 'work tree')
    git(dir, 'worktree', 'add', '-q', '-b', 'other', tree)
    lay(tree, { 'x.own': '', 'y.ours': '' })
    expect(walked(tree)).toEqual(['a', 'y.ours'])
    expect(walked(tree)).toEqual(asGit(tree))
  })

  it('are the same seen from a directory in it', () => {
    const dir = repository({
      '.gitignore': '/src/gen\n*.log\n/in\nsrc/*.tmp\n',
      'src/.gitignore': '!keep.log\n/in\n',
      'src/gen/x': '',
      'src/in/x': '',
      'src/deep/in/x': '',
      'src/deep/gen/x': '',
      'src/keep.log': '',
      'src/deep/keep.log': '',
      'src/a.log': '',
      'src/a.tmp': '',
      'src/deep/a.tmp': '',
    })
    for (const below of ['src', 'src/deep', 'src/gen', 'src/deep/in']) {
      const at = join(dir, below)
      expect([below, walked(at)]).toEqual([below, asGit(at)])
    }
  })

  it('are not those that links lead to', () => {
    const dir = repository({ 'real/x': '' })
    const outside = fresh({ secret: '', rules: 'x\n' })
    symlinkSync(outside, join(dir, 'dir-link'))
    symlinkSync(join(outside, 'secret'), join(dir, 'file-link'))
    symlinkSync('.', join(dir, 'real/loop'))
    symlinkSync('nowhere', join(dir, 'broken'))
    // Git does not believe a .gitignore that is a link.
    symlinkSync(join(outside, 'rules'), join(dir, 'real/.gitignore'))
    const links = ['broken', 'dir-link', 'file-link', 'real/.gitignore', 'real/loop']
    expect(walked(dir)).toEqual(['real/x'])
    expect([...walked(dir), ...links].sort()).toEqual(asGit(dir))
    expect(walked(join(dir, 'dir-link'))).toEqual(['rules', 'secret'])
  })

  it.runIf(process.platform !== 'win32')('do not wait for a pipe, whatever it is called', () => {
    const dir = repository({ a: '', 'in/b': '' })
    for (const name of ['pipe', '.gitignore', 'in/.gitignore']) execFileSync('mkfifo', [join(dir, name)])
    expect(walked(dir)).toEqual(['a', 'in/b'])
    expect(walked(join(dir, 'in'))).toEqual(['b'])
  })

  it('are not those of repositories in it, nor of submodules', () => {
    const other = repository({ theirs: '' })
    git(other, 'add', '.')
    git(other, 'commit', '-qm', 'x')
    const dir = repository({ ours: '', 'empty/.git/x': '', 'empty/y': '' })
    git(dir, 'clone', '-q', other, 'inner/clone')
    git(dir, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other, 'module')
    git(dir, 'init', '-q', 'unborn')
    lay(dir, { 'unborn/x': '' })
    expect(walked(dir)).toEqual(['.gitmodules', 'empty/y', 'ours'])
    expect(asGit(dir)).toEqual(['.gitmodules', 'empty/y', 'module', 'ours'])
    expect(walked(join(dir, 'module'))).toEqual(['theirs'])
  })
})

describe('without git', () => {
  it('what .gitignore files say counts, and those above say nothing', () => {
    const above = fresh({
      '.gitignore': '*\n',
      'in/.gitignore': '*.log\n',
      'in/a.log': '',
      'in/b': '',
      'in/c/d': '',
    })
    expect(walked(join(above, 'in'))).toEqual(['.gitignore', 'b', 'c/d'])
  })

  it('a directory of repositories is walked through', () => {
    const dir = fresh({ 'loose/x': '' })
    renameSync(repository({ y: '' }), join(dir, 'repo'))
    expect(walked(dir)).toEqual(['loose/x', 'repo/y'])
  })
})

describe('a walk', () => {
  it('never looks into the stores of other tools', () => {
    const dir = repository({
      'node_modules/a/x.js': '',
      'in/node_modules/b.js': '',
      '.venv/y': '',
      '.hg/z': '',
      'node_modules.js': '',
    })
    expect(walked(dir)).toEqual(['node_modules.js'])
  })

  it('says that there is no such directory, of a file too', () => {
    const dir = fresh({ file: '' })
    for (const path of ['missing', 'file', 'file/below'])
      expect(() => filesBelow(join(dir, path))).toThrow(expect.objectContaining({ code: 'path_missing' }))
  })

  it.runIf(process.getuid?.() !== 0)('names directories that cannot be read, and goes on', () => {
    const dir = fresh({ 'a/x': '', 'b/y': '' })
    chmodSync(join(dir, 'a'), 0)
    const { files, unreadable } = filesBelow(dir)
    chmodSync(join(dir, 'a'), 0o700)
    expect(files.map(({ path }) => path)).toEqual(['b/y'])
    expect(unreadable).toEqual(['a/'])
  })

  it('gives a file another stamp when its bytes change, also when size and time are put back', () => {
    verifies('SCORE-3')
    const dir = fresh({ x: 'one' })
    const stampOf = () => filesBelow(dir).files[0]!.stamp
    utimesSync(join(dir, 'x'), 1, 1)
    const before = stampOf()
    expect(stampOf()).toBe(before)
    writeFileSync(join(dir, 'x'), 'two')
    utimesSync(join(dir, 'x'), 1, 1)
    expect(stampOf()).not.toBe(before)
  })
})

describe('a law', () => {
  const name = fc.constantFrom('a', 'b', 'ab', 'a.b', 'B')
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'))
  const piece = fc.constantFrom('a', 'b', 'ab', '*', 'a*', '*.b', '?', '[ab]', '[!a]', '**', 'B')
  const rule = fc
    .tuple(
      fc.constantFrom('', '', '!'),
      fc.constantFrom('', '', '/'),
      fc.array(piece, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('', '', '/'),
    )
    .map(([not, tied, pieces, directory]) => not + tied + pieces.join('/') + directory)
  const rules = fc.array(rule, { minLength: 1, maxLength: 4 }).map((lines) => `${lines.join('\n')}\n`)

  it('any rules in any directories mean what git says they mean', () => {
    const dir = repository({})
    fc.assert(
      fc.property(
        fc.uniqueArray(path, { minLength: 3, maxLength: 10 }),
        fc.dictionary(fc.constantFrom('', 'a/', 'b/', 'a/b/'), rules, { maxKeys: 3 }),
        (paths, placed) => {
          const tree = join(dir, 'tree')
          rmSync(tree, { recursive: true, force: true })
          mkdirSync(tree)
          for (const one of paths) lay(tree, { [`${one}/f`]: '', [`${one}/ab.b`]: '' })
          for (const [place, text] of Object.entries(placed)) lay(tree, { [`${place}.gitignore`]: text })
          expect(walked(tree)).toEqual(asGit(tree))
        },
      ),
      { numRuns: 120 },
    )
  })
})
