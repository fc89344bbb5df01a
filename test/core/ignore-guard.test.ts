import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judgeTool } from '../../src/core/ignore/guard.ts'
import type { Guard } from '../../src/core/ignore/guard-file.ts'
import { verifies } from '../requirements.ts'

const HIDDEN = ['old/a.ts', 'old/deep/b.ts', 'src/legacy.ts', 'src/odd name.ts', 'data.csv']
const VISIBLE = ['src/main.ts', 'src/util/x.ts', 'README.md', 'src/util/legacy.ts']

let project = ''
let guard: Guard
beforeAll(() => {
  project = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
  for (const path of [...HIDDEN, ...VISIBLE]) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), `needle in ${path}\n`)
  }
  symlinkSync('legacy.ts', join(project, 'src/link.ts'))
  guard = {
    version: 1,
    project,
    directories: ['old'],
    files: ['src/legacy.ts', 'src/odd name.ts', 'data.csv'],
  }
})
afterAll(() => rmSync(project, { recursive: true }))

const judge = (tool: string, input: object, cwd = project) =>
  judgeTool({ tool, input, cwd, env: { HOME: '/home/u' } }, guard)
const bash = (command: string, cwd = project) => judge('Bash', { command, description: 'd' }, cwd)
const put = (text: string) => text.replaceAll('{P}', project)

describe('the guard', () => {
  it.each([
    ['Read', { file_path: '{P}/src/legacy.ts' }, 'src/legacy.ts'],
    ['Read', { file_path: '{P}/src/../old/deep/b.ts' }, 'old/deep/b.ts'],
    ['Read', { file_path: '{P}/src/link.ts' }, 'src/legacy.ts'],
    ['Edit', { file_path: '{P}/data.csv', old_string: 'a', new_string: 'b' }, 'data.csv'],
    ['Write', { file_path: '{P}/old/a.ts', content: 'x' }, 'old/a.ts'],
    ['NotebookEdit', { notebook_path: '{P}/old/n.ipynb' }, 'old/n.ipynb'],
    ['Grep', { pattern: 'x', path: '{P}/old' }, 'old'],
    ['Glob', { pattern: 'old/**/*.ts' }, 'old'],
    ['Grep', { pattern: 'x', glob: 'old/**' }, 'old'],
    ['Glob', { pattern: '*', path: '{P}/old/deep' }, 'old/deep'],
    ['mcp__fs__read_text_file', { path: '{P}/src/legacy.ts' }, 'src/legacy.ts'],
    ['mcp__fs__read_multiple_files', { paths: ['{P}/src/main.ts', 'src/odd name.ts'] }, 'src/odd name.ts'],
    ['mcp__x__y', { a: [{ b: { uri: 'file://{P}/src/odd%20name.ts' } }] }, 'src/odd name.ts'],
  ])('refuses %s %j, and says how it is opened', (tool, input, path) => {
    verifies('IGNORE-1')
    const verdict = judge(tool, JSON.parse(put(JSON.stringify(input))))
    expect(verdict).toMatchObject({ kind: 'deny', path })
    expect((verdict as { reason: string }).reason).toContain('mycelium ignore allow ')
    expect((verdict as { reason: string }).reason).toContain(path)
  })

  it.each([
    ['Read', { file_path: '{P}/src/main.ts' }],
    ['Read', { file_path: '{P}/src/util/legacy.ts' }],
    ['Read', { file_path: '/elsewhere/src/legacy.ts' }],
    ['Read', {}],
    ['mcp__x__issue', { labels: ['old'], title: 'old' }],
    ['mcp__x__search', { query: 'old' }],
    ['mcp__x__set', { key: 'old', value: 'data.csv' }],
    ['mcp__fs__write', { path: 'src/new.md', content: 'src/legacy.ts' }],
    ['Grep', { pattern: 'x', glob: '*.ts' }],
    ['Write', { file_path: '{P}/old/new.ts', content: 'x' }],
    ['Grep', { pattern: 'src/legacy.ts' }],
    ['Glob', { pattern: '**/*.ts' }],
    ['Task', { prompt: 'src/legacy.ts' }],
    ['mcp__x__search', { query: 'what is in src/legacy.ts?' }],
    ['Bash', { command: 7 }],
    ['__proto__', null],
  ])('lets %s %j pass', (tool, input) => {
    expect(judge(tool, JSON.parse(put(JSON.stringify(input))))).toEqual({ kind: 'pass' })
  })

  it.each([
    'cat src/legacy.ts',
    'cat ./src/../src/legacy.ts',
    'cat {P}/src/legacy.ts',
    'cat "src/odd name.ts"',
    "cat 'src/odd name.ts'",
    'cat src/odd\\ name.ts',
    "cat $'src/odd\\x20name.ts'",
    'cat src/link.ts',
    'cat old/a.ts | head',
    'true && cat data.csv',
    'cd src && cat legacy.ts',
    'cd src; head -n 3 legacy.ts',
    '(cd src && cat legacy.ts)',
    'cd src/util && cat ../legacy.ts',
    'pushd src >/dev/null && tail legacy.ts',
    'F=src/legacy.ts; cat "$F"',
    'F=src; cat ${F}/legacy.ts',
    'export D=src && cat $D/legacy.ts',
    'cat $PWD/src/legacy.ts',
    'cat "$UNKNOWN/src/legacy.ts"',
    'for f in src/main.ts src/legacy.ts; do cat $f; done',
    'for f in src/*.ts; do cat "$f"; done',
    'cat src/{main,legacy}.ts',
    'cat old/*',
    'head -5 old/deep/*.ts',
    'sed -n 1,5p src/legacy.ts',
    "sed -n -e '1p' src/legacy.ts",
    "awk '{print}' src/legacy.ts",
    'grep needle src/legacy.ts',
    'grep -e needle src/legacy.ts',
    'grep -n -A 3 needle -- src/legacy.ts',
    'rg needle src/legacy.ts',
    'grep -rn needle old',
    'rg needle old/deep',
    'wc -l < src/legacy.ts',
    'while read l; do echo $l; done < data.csv',
    'cat < old/a.ts',
    'diff src/main.ts src/legacy.ts',
    'base64 data.csv',
    'sudo -u root cat data.csv',
    'timeout 5 cat data.csv',
    'env A=1 cat data.csv',
    'LC_ALL=C cat data.csv',
    'git show HEAD:src/legacy.ts',
    'git diff -- src/legacy.ts',
    'git blame src/legacy.ts',
    'git log -p -- data.csv',
    'git -C src show HEAD:./legacy.ts || git -C src blame legacy.ts',
    'bash -c "cat src/legacy.ts"',
    "sh -c 'cd old && cat a.ts'",
    'bash -c "grep -rn needle ."',
    'eval cat src/legacy.ts',
    'echo $(cat src/legacy.ts)',
    'echo "$(cat data.csv)"',
    'echo `cat data.csv`',
    'diff <(cat data.csv) README.md',
    'bash <<EOF\ncat data.csv\nEOF',
    'python3 -c "print(open(\'src/legacy.ts\').read())"',
    "python -c \"import os; print(open(os.path.join('src', 'legacy.ts')).read())\"",
    "python3 - <<'PY'\nfrom pathlib import Path\nprint(Path('old/a.ts').read_text())\nPY",
    "node -e \"console.log(require('fs').readFileSync('src/legacy.ts','utf8'))\"",
    'node -p \'fs.readFileSync(`data.csv`)+""\'',
    'ruby -e \'puts File.read("data.csv")\'',
    "perl -ne 'print' data.csv",
    'perl -e \'open F, "data.csv"; print <F>\'',
    'php -r \'readfile("data.csv");\'',
    'find . -name "*.ts" -exec cat {} +',
    'find old -type f -exec head -1 {} \\;',
    "find . -name 'legacy.ts' | xargs cat",
    "find . -name '*.csv' -print0 | xargs -0 grep -n needle",
    'cat $(find . -name "*.ts")',
    'cat $(git ls-files "*.csv")',
    'git ls-files | xargs cat',
    'git ls-files src | while read f; do cat "$f"; done',
    'for f in $(find src -name "*.ts"); do head -3 $f; done',
    'ls old/*.ts | xargs cat',
    'if true; then cat data.csv; fi',
    '{ cat data.csv; }',
    'ag needle',
  ])('refuses: %s', (command) => {
    verifies('IGNORE-1')
    expect(bash(put(command)), command).toMatchObject({ kind: 'deny' })
  })

  it.each([
    'cat src/main.ts',
    'cat src/util/legacy.ts',
    'cd src/util && cat legacy.ts',
    '(cd src) ; cat legacy.ts',
    'cd /elsewhere && cat src/legacy.ts',
    'ls -la src old',
    'rm src/legacy.ts',
    'git add src/legacy.ts && git commit -m "cat src/legacy.ts"',
    'git mv src/legacy.ts src/kept.ts',
    'git status; git diff; git log --oneline -- src/legacy.ts',
    'npx vitest run src/legacy.ts',
    'node src/legacy.ts',
    'python old/tool.py',
    'echo "cat src/legacy.ts"',
    'grep -rn src/legacy.ts src/util',
    'grep src/legacy.ts README.md',
    'cat > src/legacy.ts <<EOF\nnew\nEOF',
    'echo x >> data.csv',
    'find . -name "*.ts"',
    'find src/util -name "*.ts" -exec cat {} +',
    'find . -name "*.md" | xargs cat',
    'cat $(find src/util -type f)',
    'rg needle src/util',
    'grep -rq needle .',
    'git grep needle -- src/util',
    'wc -l src/legacy.ts',
    'mycelium ignore allow src/legacy.ts',
    "cat 'unclosed",
    '',
  ])('lets pass: %s', (command) => {
    expect(bash(put(command)), command).toEqual({ kind: 'pass' })
  })

  it.each([
    [
      'rg -n needle',
      "rg -n needle -g '!/[o]ld' -g '!/[s]rc/legacy.ts' -g '!/[s]rc/odd name.ts' -g '!/[d]ata.csv'",
    ],
    ['rg -n needle src | head', "rg -n needle src -g '!/[s]rc/legacy.ts' -g '!/[s]rc/odd name.ts' | head"],
    ['rg -- needle src', "rg -g '!/[s]rc/legacy.ts' -g '!/[s]rc/odd name.ts' -- needle src"],
    ['cd src && rg needle', "cd src && rg needle -g '!/[l]egacy.ts' -g '!/[o]dd name.ts'"],
    ['grep -rn needle .', 'grep -rn needle ./README.md ./src/main.ts ./src/util'],
    ['grep -rn needle', 'grep -rn needle README.md src/main.ts src/util'],
    ['grep -rn needle src/ 2>/dev/null', 'grep -rn needle src/main.ts src/util 2>/dev/null'],
    [
      'grep -R --include="*.ts" needle {P}',
      'grep -R --include="*.ts" needle {P}/README.md {P}/src/main.ts {P}/src/util',
    ],
    [
      'git grep -n needle',
      "git grep -n needle -- ':(exclude,literal)old' ':(exclude,literal)src/legacy.ts' ':(exclude,literal)src/odd name.ts' ':(exclude,literal)data.csv'",
    ],
    [
      'git grep needle -- src',
      "git grep needle -- src ':(exclude,literal)src/legacy.ts' ':(exclude,literal)src/odd name.ts'",
    ],
    ['head -1 src/*.ts', 'head -1 src/main.ts'],
  ])('rewrites %s', (command, expected) => {
    verifies('IGNORE-1')
    expect(bash(put(command))).toMatchObject({
      kind: 'rewrite',
      input: { command: put(expected), description: 'd' },
    })
  })

  it('finds with a rewritten search what the search finds, without the hidden files', async () => {
    verifies('IGNORE-1')
    const { execFileSync } = await import('node:child_process')
    const run = (command: string) =>
      execFileSync('/bin/sh', ['-c', `${command} | sort`], { cwd: project, encoding: 'utf8' }).split('\n')
    for (const command of [
      'grep -rn needle .',
      'grep -rn needle src',
      'grep -rl needle',
      'grep -n needle src/*.ts src/util/x.ts',
    ]) {
      const verdict = bash(command)
      if (verdict.kind !== 'rewrite') throw new Error(command)
      const visible = run(command).filter(
        (line) => !/^(\.\/)?(old\/|src\/(legacy|odd name|link)\.ts|data\.csv)/.test(line),
      )
      expect(run(String(verdict.input.command))).toEqual(visible)
    }
  })

  it('never throws, whatever the command is, and takes little time', () => {
    const piece = fc.constantFrom(
      'cat',
      'grep -rn x',
      ' ',
      '"',
      "'",
      '\\',
      '$(',
      ')',
      '`',
      '|',
      ';',
      '\n',
      '<<E',
      '<',
      '{',
      '}',
      '*',
      '[',
      'src/legacy.ts',
      '$F',
      'for f in',
      'do',
      '${',
      'rg',
      '--',
      '-e',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        expect(['pass', 'deny', 'rewrite']).toContain(bash(pieces.join(' ')).kind)
      }),
    )
    const since = performance.now()
    bash(`cat ${'$(cat "a" '.repeat(2_000)}`)
    bash(`cat ${'*'.repeat(2_000)} ${'{a,b}'.repeat(40)}`)
    bash(`x='${'a/'.repeat(40_000)}'; python -c "$x"`)
    expect(performance.now() - since).toBeLessThan(1_500)
  })
})
