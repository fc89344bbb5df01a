import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judgeAll, judgeTool } from '../../src/core/ignore/guard.ts'
import { type Guard, guardFor, guardPath, lookupIn } from '../../src/core/ignore/guard-file.ts'
import { judgeShell } from '../../src/core/ignore/shell-reads.ts'
import { realWorld } from '../../src/core/ignore/shell-world.ts'
import { verifies } from '../requirements.ts'

const HIDDEN = ['old/a.ts', 'old/deep/b.ts', 'src/legacy.ts', 'src/odd name.ts', 'data.csv']
const VISIBLE = ['src/main.ts', 'src/util/x.ts', 'README.md', 'src/util/legacy.ts']

let home = ''
let project = ''
let guard: Guard
beforeAll(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'my-')))
  project = join(home, 'p')
  for (const path of [...HIDDEN, ...VISIBLE, '.claude/worktrees/w1/data.csv']) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), `needle in ${path}\n`)
  }
  symlinkSync(project, join(home, 'up'))
  symlinkSync('util', join(project, 'src/seen'))
  symlinkSync('../data.csv', join(project, 'src/unseen'))
  git('init', '-q')
  git('add', 'src', 'old', 'data.csv', 'README.md')
  git('commit', '-qm', 'c')
  guard = {
    version: 1,
    project,
    directories: ['old'],
    files: ['src/legacy.ts', 'src/odd name.ts', 'data.csv'],
  }
})
afterAll(() => rmSync(home, { recursive: true }))

const git = (...words: string[]) =>
  execFileSync('git', ['-c', 'user.name=u', '-c', 'user.email=u@x', ...words], { cwd: project })
const put = (text: string) => text.replaceAll('{P}', project).replaceAll('{UP}', join(home, 'up'))
const bash = (command: string) =>
  judgeTool({ tool: 'Bash', input: { command: put(command) }, cwd: project, env: { HOME: home } }, guard)

describe('a shell command that the guard judges', () => {
  it.each([
    'X=$(cat data.csv); echo "$X"',
    'export X=$(cat data.csv)',
    'cat < <(cat data.csv)',
    'cat <<< "$(cat data.csv)"',
    'cat <<EOF\n$(cat data.csv)\nEOF',
    'cd nowhere 2>/dev/null; cat data.csv',
    'test -d nowhere && cd nowhere; cat data.csv',
    'false && cd src; cat data.csv',
    'cd src & cat data.csv',
    'cd src | cat data.csv',
    'cd src && cd - && cat data.csv',
    'pushd src; popd; cat data.csv',
    'cd {UP}/src && cat legacy.ts',
    'cd {UP}/src && cat l*.ts | head',
    'cat {UP}/src/legacy.ts',
    'echo $(cat {UP}/src/l*.ts)',
    'rg needle {UP}',
    'cat src/unseen',
    'timeout -k 1 5 cat data.csv',
    'timeout -s KILL 5 cat data.csv',
    'stdbuf -o L cat data.csv',
    'env -u FOO cat data.csv',
    'ionice -c 3 cat data.csv',
    'nice -n 5 cat data.csv',
    'grep --color needle data.csv',
    'dd if=data.csv',
    'gzip -c data.csv | zcat',
    'tar cf - data.csv | tar xO',
    "printf '%s\\n' data.csv | xargs cat",
    'echo data.csv | xargs cat',
    'xargs cat <<< data.csv',
    'xargs cat < <(echo data.csv)',
    'sh -c \'cat "$1"\' x data.csv',
    'echo "print(open(\'data.csv\').read())" | python3',
    'echo "cat data.csv" | sh',
    'python3 -c "import os; os.system(\'cat data.csv\')"',
    "git ls-files 'old/*.ts' | xargs cat",
    'rg needle ./src/..',
    'rg --no-ignore needle ..',
    'rg needle /',
    'cat main.ts | head; ag needle',
    'ls old | xargs -I{} cat old/{}',
    'for f in $(ls old); do cat old/$f; done',
    'cat $(ls old/*)',
    "find . -name '*.md' -o -name '*.csv' | xargs cat",
    "find . -not -name '*.ts' -type f -exec cat {} +",
    "find . -path './src' -prune -o -name '*.ts' -print | xargs cat",
    'fd -e csv | xargs cat',
    'cp data.csv /tmp/x',
    'diff -r old src',
    'cat .claude/worktrees/w1/data.csv',
  ])('is refused: %s', (command) => {
    verifies('IGNORE-1')
    expect(bash(command), command).toMatchObject({ kind: 'deny' })
  })

  it.each([
    'cp README.md old/',
    'ln README.md old/r.md',
    'cp -r old /tmp/x',
    'grep -q needle data.csv',
    'grep -c needle data.csv',
    'grep -L needle old/*',
    'if grep -l needle data.csv; then echo y; fi',
    'rg --files old',
    'rg -l needle old',
    'diff -rq old src',
    'git diff --stat -- old',
    'git diff --name-only -- data.csv',
    'git show --name-status HEAD -- data.csv',
    'cat README.md | rg needle',
    'git status | ag needle',
    'ps aux | (rg needle)',
    'X=$(cat README.md | rg needle); echo $X',
    "find . -name '*.md' -not -path './node_modules/*' | xargs cat",
    "find . -name '*.md' -o -name '*.json' | xargs cat",
    'find . -maxdepth 1 -name "*.md" -exec cat {} +',
    'find . -name "*.csv" -exec grep -l needle {} +',
    "find . \\( -path ./old -o -path ./src \\) -prune -o -name '*.ts' -print | xargs cat",
    'fd -e md src | xargs head',
    'node -e "const p = {old: 1}; console.log(p[\'old\'])"',
    "python3 -c \"d={'old':1}; print(d['old'])\"",
    'python3 -c "print(\'see old/ for more\')"',
    "python3 - <<'EOF'\nopen('/tmp/x.md','w').write('See data.csv for details')\nEOF",
    'cat "$UNKNOWN/legacy.ts"',
    'cat $UNKNOWN/lib/src/legacy.ts',
    'cat old/not-there.md',
    'sort -t old README.md',
    "cat <<'EOF'\n$(cat data.csv)\nEOF",
  ])('passes: %s', (command) => {
    expect(bash(command), command).toEqual({ kind: 'pass' })
  })

  it.each([
    ...['git grep needle -- "*.ts"', 'git grep needle "*.ts"', 'git grep needle HEAD'],
    ...['git -C src grep needle', 'cd src && git -C .. grep needle', 'git grep needle -- src README.md'],
    ...['git grep needle src', 'git grep -l needle', 'git grep needle HEAD src'],
    ...[
      'rg needle',
      'rg -l needle src',
      'rg --files',
      'rg needle {P}',
      'cd src && rg needle .',
      'rg --hidden needle',
    ],
    ...[
      'grep -rn needle .',
      'grep -R needle .',
      'echo "$(grep -rn needle .)"',
      'X=$(rg -n needle); echo "$X"',
    ],
    ...['cd {UP} && grep -rn needle .', 'grep -rn needle {UP}/', 'cd {UP}/src && rg needle', 'cat src/*.ts'],
  ])('rewrites so that what is found is all that is visible, and no more: %s', async (command) => {
    verifies('IGNORE-1')
    const run = (text: string) =>
      spawnSync('bash', ['-c', text], {
        cwd: project,
        encoding: 'utf8',
        env: { PATH: process.env.PATH },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    if (/rg /.test(command) && run('rg --version').status !== 0) return
    const given = put(command)
    const verdict = bash(command)
    if (verdict.kind !== 'rewrite') throw new Error(`${command}: ${verdict.kind}`)
    const lines = (text: string) =>
      run(text)
        .stdout.split('\n')
        .map((line) => line.replace(/^\.\//, ''))
        .sort()
    // Copies of the project in itself are left out too, and the names of git's own files.
    const isLeftOut = (line: string) =>
      [...HIDDEN, 'worktrees/', 'src/unseen'].some((path) => line.includes(path)) ||
      /^(legacy|odd name)\.ts/.test(line) ||
      /:(legacy|odd name)\.ts/.test(line)
    const visible = lines(given).filter((line) => !isLeftOut(line))
    expect(visible.length).toBeGreaterThan(1)
    expect(lines(String(verdict.input.command))).toEqual(visible)
  })

  it.each([
    'bash -c "grep -rn needle ."',
    'bash -c "rg needle"',
    'bash -c "cat src/*.ts"',
    'sh -c "git grep needle"',
  ])('says another way where a search in a quoted command cannot be rewritten: %s', (command) => {
    expect(bash(command)).toMatchObject({ kind: 'deny', reason: expect.stringContaining('rg or git grep') })
  })

  it('holds in a linked work tree of git for what is hidden in the main one', () => {
    const tree = join(home, 'w')
    git('worktree', 'add', '-q', '--detach', tree)
    writeFileSync(guardPath(home, project), JSON.stringify(guard))
    const found = guardFor(home, join(tree, 'src'))
    expect(found).toEqual({ ...guard, project: tree })
    const use = { tool: 'Bash', cwd: tree, env: {} }
    expect(judgeTool({ ...use, input: { command: 'cat data.csv' } }, found!).kind).toBe('deny')
    expect(judgeAll({ ...use, input: { command: 'rg needle' } }, [found!, guard]).kind).toBe('rewrite')
    const inside = join(project, '.claude/worktrees/w1')
    const both = [{ ...guard, project: inside }, guard]
    const within = (command: string) => judgeAll({ ...use, cwd: inside, input: { command } }, both).kind
    expect(['cat data.csv', 'rg needle', 'cat README.md'].map(within)).toEqual(['deny', 'rewrite', 'pass'])
    expect(judgeTool({ ...use, input: { command: 'cat README.md' } }, found!).kind).toBe('pass')
    git('worktree', 'remove', '--force', tree)
  })

  it('says nothing of other projects, and each of several guards has its say', () => {
    const other: Guard = { version: 1, project: join(project, 'src/util'), directories: [], files: ['x.ts'] }
    const use = { tool: 'Bash', cwd: other.project, env: {} }
    const by = (command: string) => judgeAll({ ...use, input: { command } }, [other, guard]).kind
    expect(by('cat x.ts')).toBe('deny')
    expect(by('cat ../legacy.ts')).toBe('deny')
    expect(by('cat legacy.ts')).toBe('pass')
    const rewritten = judgeAll({ ...use, cwd: project, input: { command: 'grep -rn needle .' } }, [
      other,
      guard,
    ])
    expect(rewritten).toMatchObject({
      input: { command: expect.stringMatching(/ \.\/src\/main\.ts \.\/src\/util\/legacy\.ts$/) },
    })
  })

  it('takes a step for each comparison, and lets pass what takes more than it has', () => {
    const files = Array.from({ length: 5_000 }, (_, i) => `packages/p${i % 50}/src/gen/name${i}.json`)
    const spent = (command: string) => {
      const world = realWorld(lookupIn({ version: 1, project, directories: [], files }), project, {})
      const before = world.budget.steps
      expect(judgeShell(command, world)).toEqual({ kind: 'pass' })
      return before - world.budget.steps
    }
    const regular = "x = data[i] * y[j] + re.match('[a-z]*.foo', s) or re.search(r'^\\s*key[0-9]+', l)\n"
    expect(spent(`python3 - <<'EOF'\n${regular.repeat(200)}EOF`)).toBeLessThan(1_000)
    const globs = Array.from({ length: 60 }, (_, i) => `a${i} = '*/x${i}*/[a-z]*.json'\n`).join('')
    expect(spent(`python3 - <<'EOF'\n${globs}EOF`)).toBeLessThan(500_000)
    const items = Array.from({ length: 256 }, (_, i) => `item${i}`).join(' ')
    expect(spent(`for f in ${items}; do echo ${'$f'.repeat(40)}; done`)).toBeLessThan(1_000)
    const asterisks = Array.from({ length: 3_000 }, (_, i) => `packages/*/x${i}*`).join(' ')
    // What is spent is at most a little more than there is.
    expect(spent(`cat ${asterisks}`)).toBeLessThan(500_000)
  })
})
