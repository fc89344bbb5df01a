import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { ended } from '../fixtures/built-cli.ts'
import { cliHome } from '../fixtures/cli-home.ts'
import { verifies } from '../requirements.ts'

const home = cliHome({ env: { LC_ALL: 'C' }, per: 'file' })
const script = (shell: string) => join(home.dir, `mycelium.${shell}`)
const find = (shell: string) =>
  ['/bin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'].map((dir) => join(dir, shell)).find(existsSync)

beforeAll(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await home.run('completion', shell)
    expect([code, stderr]).toEqual([0, ''])
    writeFileSync(script(shell), stdout)
  }
  for (const id of ['github', 'gitlab']) home.put(`.mycelium/launchers/${id}`, '')
})

/** What was typed, as words, and what the shell offers for the last of them. */
const OFFERS: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
  [['serv'], ['server']],
  [
    ['config', ''],
    ['explain', 'get', 'list', 'path', 'set', 'unset'],
  ],
  [['daemon', 'logs', '--fo'], ['--follow']],
  [
    ['jobs', 'install', 'usage-'],
    ['usage-import', 'usage-prune'],
  ],
  [
    ['config', 'get', 'token_'],
    [
      'token_optimization.enabled',
      'token_optimization.holdout',
      'token_optimization.leave',
      'token_optimization.target_reduction',
    ],
  ],
  [
    ['config', 'explain', 'events.fsync'],
    ['events.fsync', 'events.fsync_ms'],
  ],
  [
    ['server', 'restart', 'git'],
    ['github', 'gitlab'],
  ],
  [['server', 'restart', 'github', 'gitl'], ['gitlab']],
  [
    ['server', 'share', 'github', ''],
    ['call', 'session', 'shared'],
  ],
  [
    ['usage', 'report', '--by', ''],
    ['agent', 'day', 'model', 'project', 'server', 'session', 'tool'],
  ],
  [
    ['usage', 'report', '--json', '--by', 's'],
    ['server', 'session'],
  ],
  [['usage', 'report', '--since', ''], []],
  [
    ['usage', 'import', '--client', 'c'],
    ['claude-code', 'codex'],
  ],
  [['--config', 'cache.enabled=true', 'server', 'li'], ['list']],
  [
    ['completion', ''],
    ['bash', 'fish', 'zsh'],
  ],
]
const sorted = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .sort()

const bash = find('bash')
describe.runIf(bash)('bash', () => {
  const offers = async (words: readonly string[]) => {
    const run = `source '${script('bash')}'; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mycelium; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = await ended(
      bash!,
      ['--norc', '-c', run, 'bash', 'mycelium', ...words],
      home.env,
    )
    expect(stderr).toBe('')
    return sorted(stdout)
  }
  it.each(OFFERS)('completes %j', async (words, offered) => {
    verifies('CLI-4')
    expect(await offers(words)).toEqual(offered)
  })

  it('completes key and value of an assignment, which bash cuts at "="', async () => {
    expect(await offers(['config', 'set', 'dedup'])).toEqual(['dedup.enabled='])
    expect(await offers(['config', 'set', 'events.fsync', '='])).toEqual(['always', 'batch', 'never'])
    expect(await offers(['config', 'set', 'events.fsync', '=', 'ne'])).toEqual(['never'])
    expect(await offers(['config', 'set', 'a', '=', 'b', 'dedup'])).toEqual(['dedup.enabled='])
    expect(await offers(['config', 'set', 'events.fsync=ne'])).toEqual(['events.fsync=never'])
    expect(await offers(['--config', 'dedup'])).toEqual(['dedup.enabled='])
  })
})

const fish = find('fish')
describe.runIf(fish)('fish', () => {
  const offers = async (line: string) => {
    const run = `source '${script('fish')}'; complete -C '${line}'`
    const { stdout, stderr } = await ended(fish!, ['--no-config', '-c', run], home.env)
    expect(stderr).toBe('')
    return sorted(stdout.replace(/\t.*$/gm, ''))
  }
  it.each(OFFERS)('completes %j', async (words, offered) => {
    verifies('CLI-4')
    expect(await offers(['mycelium', ...words].join(' '))).toEqual(offered)
  })

  it('completes key and value of an assignment', async () => {
    expect(await offers('mycelium config set events.fsync=')).toEqual([
      'events.fsync=always',
      'events.fsync=batch',
      'events.fsync=never',
    ])
  })
})

const zsh = find('zsh')
describe.runIf(zsh)('zsh', () => {
  // What the completion system is told; the real one wants a terminal.
  const STUBS = `
compdef() { :; }
compset() { local head=\${PREFIX%%\\=*}=; PREFIX=\${PREFIX#$head}; }
offer() { local word; for word; do [[ $word == "$PREFIX"* ]] && print -r -- $word; done }
compadd() { local suffix=''; local -a all
  while [[ $1 == -* ]]; do case $1 in -a) shift; all=(\${(P)1}) ;; -S) shift; suffix=$1 ;; esac; shift; done
  all+=("$@"); all=("\${(@)all%%:*}"); offer "\${(@)all/%/$suffix}"; }
_describe() { [[ $1 == -o ]] && shift; shift; local -a all; all=(\${(P)1}); offer "\${(@)all%%:*}"; }
`
  const offers = async (words: readonly string[]) => {
    const run = `${STUBS}\nsource '${script('zsh')}'; words=("$@"); CURRENT=$#; PREFIX=$words[CURRENT]; _mycelium; true`
    const { stdout, stderr } = await ended(zsh!, ['-f', '-c', run, 'zsh', 'mycelium', ...words], home.env)
    expect(stderr).toBe('')
    return sorted(stdout)
  }
  it.each(OFFERS)('completes %j', async (words, offered) => {
    verifies('CLI-4')
    expect(await offers(words)).toEqual(offered)
  })

  it('completes key and value of an assignment', async () => {
    expect(await offers(['config', 'set', 'dedup'])).toEqual(['dedup.enabled='])
    expect(await offers(['config', 'set', 'events.fsync=ne'])).toEqual(['never'])
  })
})
