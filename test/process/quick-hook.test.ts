import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guardPath } from '../../src/core/ignore/guard-file.ts'
import { until } from '../fixtures/daemon-home.ts'
import { recordedHooks } from '../fixtures/hook-events.ts'
import { QUICK_CLIENTS, type QuickHome, quickHome } from '../fixtures/quick-home.ts'
import { type QuickProject, quickProject, TEXT } from '../fixtures/quick-project.ts'
import { verifies } from '../requirements.ts'
import { has } from './launcher-rig.ts'

let home: QuickHome
let project: QuickProject
beforeEach(() => {
  home = quickHome()
  project = quickProject(home)
  project.layOut()
})
afterEach(() => home.close())

const USED = () =>
  project.fired('PostToolUse', 'Bash', { tool_input: { command: 'ls "ü"' }, tool_response: 'found' })
const STATUS = JSON.stringify({ model: { display_name: 'Opus ü' }, cost: { total_cost_usd: 1.5 } })
const HOOK = ['hook', 'claude-code']
const quietly = (stdout: string) => ({ code: 0, signal: null, stdout, stderr: '' })
const events = async () => (await recordedHooks(home.paths.root)).map(({ at: _, ...event }) => event)

it('what hooks call passes shellcheck', ({ skip }) => {
  verifies('CLI-3')
  if (!has('shellcheck')) return skip('shellcheck is not installed')
  const check = spawnSync('shellcheck', [home.quiet], { encoding: 'utf8' })
  expect(check).toMatchObject({ stdout: '', status: 0 })
})

describe.each(QUICK_CLIENTS)('a hook by %s, where a process waits for it', (client) => {
  it('is answered as by a start of Node, byte for byte, and recorded alike', async () => {
    verifies('CLI-3')
    const deeds: readonly (readonly [readonly string[], () => string])[] = [
      [HOOK, USED],
      [HOOK, () => project.asksForSecret()],
      [HOOK, () => project.asks('Bash', { command: `grep -rn canary ${project.dir}` })],
      [HOOK, () => project.asks('Bash', { command: 'ls' })],
      [HOOK, () => project.reads('big.ts')],
      [HOOK, () => project.reads('big.ts')],
      [HOOK, () => project.reads('a.ts')],
      [
        HOOK,
        () => {
          writeFileSync(join(project.dir, 'a.ts'), TEXT.replace('work(60', 'play(60'))
          return project.reads('a.ts')
        },
      ],
      [HOOK, () => project.fired('PreCompact', '', {})],
      [HOOK, () => project.fired('Stop', '', { last_assistant_message: 'bye' })],
      [[...HOOK, 'Stop'], () => 'no json'],
      [HOOK, () => ''],
      [['statusline'], () => STATUS],
    ]
    const play = async (by: typeof client | 'node') => {
      for (const dir of [
        home.paths.diffs,
        join(home.paths.budgets, 'sessions'),
        join(home.paths.budgets, 'outlines'),
      ])
        rmSync(dir, { recursive: true, force: true })
      project.layOut()
      const before = existsSync(home.paths.events) ? (await events()).length : 0
      const said: string[] = []
      for (const [words, input] of deeds) {
        const ended = await home.fire(by, words, input())
        expect(ended).toEqual(quietly(ended.stdout))
        said.push(ended.stdout)
      }
      return { said, events: (await events()).slice(before) }
    }
    await home.startHost()
    const quick = await play(client)
    expect(home.nodeStarts()).toBe(0)
    expect(quick.said.map((text) => text !== '')).toEqual([
      ...[false, true, true, false, true, false, false, true],
      ...[false, false, false, false, true],
    ])
    const slow = await play('node')
    expect(home.nodeStarts()).toBe(deeds.length)
    expect(quick).toEqual(slow)
    expect(quick.said[1]).toContain('"deny"')
  })

  it('has the environment of its client and no other', async () => {
    verifies('CLI-3')
    await home.startHost()
    const elsewhere = JSON.stringify({
      ...JSON.parse(project.asks('Bash', { command: `cat $MINE` })),
      cwd: home.dir,
    })
    const env = { CLAUDE_PROJECT_DIR: project.dir, MINE: join(project.dir, 'secret.ts') }
    expect((await home.fire(client, HOOK, elsewhere, env)).stdout).toContain('"deny"')
    expect((await home.fire(client, HOOK, elsewhere, { CLAUDE_PROJECT_DIR: project.dir })).stdout).toBe('')
    await home.fire(client, HOOK, USED(), { MYCELIUM_HOOKS__ENABLED: 'false' })
    expect(await events()).toHaveLength(1)
    expect((await home.fire(client, ['statusline'], STATUS)).stdout).toContain('\u001b')
    expect((await home.fire(client, ['statusline'], STATUS, { NO_COLOR: '1' })).stdout).toBe(
      'Opus ü · $1.50\n',
    )
    expect(home.nodeStarts()).toBe(0)
  })

  it('is kept from it by nothing that others preload into perl', async () => {
    verifies('CLI-3')
    await home.startHost()
    const env = { PERL5OPT: '-MNo::Such::Module' }
    expect((await home.fire(client, HOOK, project.asksForSecret(), env)).stdout).toContain('"deny"')
    expect(home.nodeStarts()).toBe(0)
  })

  it('does at once as settings and guards say', async () => {
    verifies('CLI-3')
    await home.startHost()
    const secret = () => home.fire(client, HOOK, project.asksForSecret())
    expect((await secret()).stdout).toContain('"deny"')
    project.settings({ ignore: { enabled: false } })
    expect((await secret()).stdout).toBe('')
    project.settings({})
    expect((await secret()).stdout).toContain('"deny"')
    rmSync(guardPath(home.paths.ignore, project.dir))
    expect((await secret()).stdout).toBe('')
    project.settings({ hooks: { enabled: false } })
    await home.fire(client, HOOK, USED())
    expect((await events()).filter(({ tool }) => tool === 'Bash')).toEqual([])
    expect(home.nodeStarts()).toBe(0)
  })

  it.skipIf(!existsSync('/proc/self/fd'))('holds nothing of a daemon that hangs', async () => {
    verifies('CLI-3')
    await home.standIn((socket) => socket.pause(), home.paths.socket)
    const open = (pid: number) => readdirSync(`/proc/${pid}/fd`).length
    const pid = await home.startHost()
    await home.fire(client, ['statusline'], STATUS)
    const before = open(pid)
    for (let i = 0; i < 10; i++) await home.fire(client, ['statusline'], STATUS)
    await until('it has let go', () => open(pid) <= before + 1)
    expect(home.nodeStarts()).toBe(0)
  })

  it('of a hundred at once none is lost', async () => {
    verifies('CLI-3')
    await home.startHost()
    const all = await Promise.all(Array.from({ length: 100 }, () => home.fire(client, HOOK, USED())))
    expect(all).toEqual(all.map(() => quietly('')))
    expect(await events()).toHaveLength(100)
  })

  it('takes an input of some MB, leaves larger ones to Node, and waits a second for one that does not end', async () => {
    verifies('CLI-3')
    await home.startHost()
    const large = (mb: number) =>
      project.fired('PostToolUse', 'Bash', { tool_response: 'x'.repeat(mb << 20) })
    await home.fire(client, HOOK, large(3))
    expect(home.nodeStarts()).toBe(0)
    await home.fire(client, HOOK, large(10))
    expect(home.nodeStarts()).toBe(1)
    expect(await home.fire(client, HOOK, null)).toEqual(quietly(''))
    const begun = USED()
    await home.fire(client, HOOK, (stdin) => stdin.write(begun))
    expect(home.nodeStarts()).toBe(1)
    expect((await events()).map(({ bytesOut, outcome }) => [bytesOut, outcome])).toEqual([
      [(3 << 20) + 2, 'ok'],
      [(10 << 20) + 2, 'ok'],
      [0, 'unreadable'],
      ['found'.length + 2, 'ok'],
    ])
    const noted = readFileSync(join(home.paths.log, 'hook.log'), 'utf8')
    expect(noted.match(/the input did not end, or was too long/g)).toHaveLength(2)
  })

  it('tells the daemon of a prompt and of a lost context', async () => {
    verifies('CLI-3')
    const heard: string[] = []
    await home.standIn((socket) => socket.on('data', (text) => heard.push(String(text))), home.paths.socket)
    project.settings({ 'prewarm.enabled': true, 'diff.enabled': true })
    await home.startHost()
    await home.fire(client, HOOK, project.fired('UserPromptSubmit', '', { prompt: 'find the flaw' }))
    await home.fire(client, HOOK, project.fired('PreCompact', '', {}))
    await until('both are there', () => heard.join('').match(/"cmd"/g)?.length === 2)
    expect(heard.join('')).toMatch(/"heard".+find the flaw[\s\S]+"forget".+s-1/)
    expect(home.nodeStarts()).toBe(0)
  })
})
