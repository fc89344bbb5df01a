import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { askStore } from '../../src/core/events/store.ts'
import { builtCli } from '../fixtures/built-cli.ts'
import { type DaemonHome, daemonHome, SERVERS, until } from '../fixtures/daemon-home.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'
import { pidsWithCommand } from './programs.ts'

let home: DaemonHome
afterEach(() => home.close())

const ROWS = Array.from({ length: 60 }, (_, i) => ({
  id: i + 1,
  name: `issue ${i}`,
  state: i % 7 === 0 ? 'closed' : 'open',
}))
const PRETTY = JSON.stringify(ROWS, null, 2)

async function agentWith(settings: object, options: { client?: string; cwd?: string } = {}) {
  home = daemonHome()
  writeFileSync(home.paths.settings, JSON.stringify(settings))
  home.define({ name: 'probe', mode: 'shared' })
  const agent = await home.agent('probe', options)
  await agent.initialize()
  return agent
}

const on = (more: object = {}) => ({
  token_optimization: { enabled: true, ...more },
  limits: { shorten_ms: 20_000 },
})

const textOf = (agent: RawAgent, text: string) => agent.call('echo', { text })

async function growing(client = 'claude-code', env: object = { CLAUDE_CODE_SESSION_ID: 'its-session' }) {
  home = daemonHome()
  writeFileSync(home.paths.settings, JSON.stringify({ ...on(), diff: { enabled: true } }))
  home.define({ name: 'growing', mode: 'shared', argv: [process.execPath, join(SERVERS, 'growing.mjs')] })
  const agent = await home.agent('growing', {
    client,
    env: { ...home.env, ...env },
  })
  await agent.initialize()
  return agent
}

const expanded = (handle: string) =>
  execFileSync(process.execPath, [builtCli(), 'optimization', 'expand', handle], {
    env: { ...home.env, MYCELIUM_HOME: home.paths.root },
  }).toString()

async function recorded(): Promise<readonly unknown[][]> {
  await home.ask('flush')
  return askStore(home.paths, async ({ database }) => {
    const reader = await database.connection.runAndReadAll(
      'SELECT tool, outcome, lossless, tokens_after < tokens_before, because FROM compressions ORDER BY ts',
    )
    return reader.getRowsJson() as unknown[][]
  })
}

describe('results of tools', () => {
  it('are as the server wrote them while shortening is off, and no process is started for it', async () => {
    verifies('COMP-3')
    const agent = await agentWith({})
    expect(await textOf(agent, PRETTY)).toBe(PRETTY)
    expect(pidsWithCommand(`shorten.js\0${home.paths.root}`)).toEqual([])
    expect(await recorded()).toEqual([])
  })

  it('come in fewer tokens, each with a handle that gives the original back byte for byte', async () => {
    verifies('COMP-1', 'COMP-2')
    const agent = await agentWith(on())
    const short = await textOf(agent, PRETTY)
    expect(short.length).toBeLessThan(PRETTY.length * 0.6)
    const handle = /my:[0-9a-f]{10,}/.exec(short)![0]
    expect(expanded(handle)).toBe(PRETTY)
    expect(await textOf(agent, PRETTY)).toBe(short)
    expect(await recorded()).toEqual([
      ['echo', 'taken', true, true, null],
      ['echo', 'taken', true, true, null],
    ])
  })

  it('stay whole where they are short, an error, or left by setting', async () => {
    const agent = await agentWith(on({ leave: ['probe/echo'] }))
    expect(await textOf(agent, PRETTY)).toBe(PRETTY)
    expect(await textOf(agent, 'short')).toBe('short')
    expect(await recorded()).toEqual([['echo', 'whole', true, false, 'left by setting']])
  })

  it('with a structure are shortened where their schema allows any text, in the structure and in the JSON of it', async () => {
    home = daemonHome()
    writeFileSync(home.paths.settings, JSON.stringify(on()))
    const argv = [process.execPath, join(SERVERS, 'structured.mjs')]
    home.define({ name: 'structured', mode: 'shared', argv })
    const agent = await home.agent('structured')
    await agent.initialize()
    const resultOf = async (name: string) =>
      (await agent.request('tools/call', { name, arguments: {} })).result
    const unlisted = await resultOf('run')
    expect(unlisted.structuredContent.stdout).toContain('task 149 done')
    await agent.request('tools/list')
    const { content, structuredContent } = await resultOf('run')
    expect(JSON.parse(content[0].text)).toEqual(structuredContent)
    expect(structuredContent).toEqual({ stdout: expect.stringContaining('ERROR task 70'), code: 0 })
    expect(structuredContent.stdout.length).toBeLessThan(unlisted.structuredContent.stdout.length * 0.7)
    const handle = /my:[0-9a-f]{10,}/.exec(structuredContent.stdout)![0]
    expect(expanded(handle)).toBe(unlisted.structuredContent.stdout)
    expect(await resultOf('strict')).toEqual(unlisted)
    expect(JSON.parse((await resultOf('plain')).content[0].text)).toEqual(structuredContent)
    expect(await recorded()).toEqual([
      ['run', 'whole', true, false, 'it has a structure'],
      ['run', 'taken', expect.any(Boolean), true, null],
      ['strict', 'whole', true, false, 'it has a structure'],
      ['plain', 'taken', expect.any(Boolean), true, null],
    ])
  })

  it('with a structure are shortened in their texts alone for clients that show nothing else', async () => {
    home = daemonHome()
    writeFileSync(home.paths.settings, JSON.stringify(on()))
    home.define({
      name: 'structured',
      mode: 'shared',
      argv: [process.execPath, join(SERVERS, 'structured.mjs')],
    })
    const agent = await home.agent('structured', { client: 'gemini-cli' })
    await agent.initialize()
    const { result } = await agent.request('tools/call', { name: 'rows', arguments: {} })
    const whole = JSON.stringify(result.structuredContent)
    expect(result.structuredContent.rows).toHaveLength(60)
    expect(result.content[0].text.length).toBeLessThan(whole.length * 0.6)
    expect(expanded(/my:[0-9a-f]{10,}/.exec(result.content[0].text)![0])).toBe(whole)
  })

  it('stay whole where an agent may edit what it read', async () => {
    home = daemonHome()
    const file = join(home.dir, 'data.json')
    writeFileSync(file, PRETTY)
    writeFileSync(home.paths.settings, JSON.stringify(on()))
    home.define({ name: 'probe', mode: 'shared' })
    const agent = await home.agent('probe')
    await agent.initialize()
    expect(await agent.call('echo', { text: PRETTY, path: 'data.json' })).toBe(PRETTY)
    expect((await recorded())[0]).toEqual(['echo', 'whole', true, false, 'an agent may edit it'])
  })

  it('stay whole for controls, with what they would have been on record', async () => {
    verifies('SAVE-1')
    const agent = await agentWith(on({ holdout: 1 }))
    expect(await textOf(agent, PRETTY)).toBe(PRETTY)
    expect(await recorded()).toEqual([['echo', 'held', true, true, null]])
  })

  it('come as they are when the process that shortens is killed, and in fewer tokens again later', async () => {
    verifies('COMP-3')
    const agent = await agentWith(on())
    const short = await textOf(agent, PRETTY)
    expect(short).not.toBe(PRETTY)
    const [pid] = pidsWithCommand(`shorten.js\0${home.paths.root}`)
    process.kill(pid!, 'SIGKILL')
    await until('it is gone', () => pidsWithCommand(`shorten.js\0${home.paths.root}`).length === 0)
    expect(await textOf(agent, PRETTY)).toBe(PRETTY)
    expect((await recorded()).at(-1)).toEqual(['echo', 'failed', true, false, 'nothing shortened it in time'])
  })

  it('come as they are when their original cannot be kept', async () => {
    verifies('COMP-2')
    const agent = await agentWith(on())
    writeFileSync(home.paths.originals, 'in the way')
    expect(await textOf(agent, PRETTY)).toBe(PRETTY)
  })

  it('are shortened for one project alone where its file says so', async () => {
    home = daemonHome()
    const project = join(home.dir, 'project')
    mkdirSync(project)
    writeFileSync(join(project, '.mycelium.json'), JSON.stringify({ token_optimization: { enabled: true } }))
    writeFileSync(home.paths.settings, JSON.stringify({ limits: { shorten_ms: 20_000 } }))
    home.define({ name: 'probe', mode: 'shared' })
    const inside = await home.agent('probe', { cwd: project })
    const outside = await home.agent('probe', { cwd: '/tmp' })
    await inside.initialize()
    await outside.initialize()
    expect(await textOf(inside, PRETTY)).not.toBe(PRETTY)
    expect(await textOf(outside, PRETTY)).toBe(PRETTY)
    expect(readdirSync(home.paths.originals).length).toBeGreaterThan(0)
  })

  it('that come again are said by what changed, and whoever asks once more has all of it', async () => {
    verifies('DIFF-1')
    const agent = await growing()
    const [first, second, third] = [
      await agent.call('report'),
      await agent.call('report'),
      await agent.call('report'),
    ]
    expect(second.length).toBeLessThan(first.length / 3)
    expect(second).toContain('changes to the last result of this call')
    expect(second).toContain('Report 2.')
    expect(third).toContain('Report 3.')
    const still = [await agent.call('report', { still: true }), await agent.call('report', { still: true })]
    expect(still[1]).toContain('the same as the last result of this call')
    const [, , again] = [...still, await agent.call('report', { still: true })]
    expect(again).toBe(still[0])
    const [handle] = /my:[0-9a-f]{10,}/.exec(still[1]!)!
    expect(expanded(handle)).toContain('Report 3.')
  })

  it('that say much of what another call said name it by lines that anybody can ask for, and are whole when asked for again', async () => {
    verifies('DIFF-1', 'COMP-2')
    const agent = await agentWith({ ...on(), diff: { enabled: true } })
    const line = (i: number) =>
      createHash('sha256')
        .update(`${i}`)
        .digest('hex')
        .match(/[a-f]+|\d+/g)!
        .join(' ')
    const [one, two] = [0, 1].map((k) =>
      [`Part ${k}`, ...Array.from({ length: 60 }, (_, i) => line(i))].join('\n'),
    )
    const first = await textOf(agent, one!)
    const second = await textOf(agent, two!)
    expect(second.length).toBeLessThan(first.length / 3)
    const [, named, from, to] = /^\[= (my:[0-9a-f]{10,}) (\d+)-(\d+) /m.exec(second)!
    expect(
      expanded(named!)
        .split('\n')
        .slice(Number(from) - 1, Number(to))
        .join('\n'),
    ).toContain(line(59))
    expect(await textOf(agent, two!)).toContain(line(59))
    expect(await textOf(agent, two!)).toContain('the same as the last result of this call')
  })

  // Codex and Gemini CLI tell their servers no session.
  it.each([
    ['claude-code', { hook_event_name: 'SessionStart', source: 'compact' }, undefined],
    ['codex', { hook_event_name: 'PostCompact', trigger: 'auto' }, {}],
    ['gemini-cli', { hook_event_name: 'SessionStart', source: 'clear' }, {}],
  ])('are given whole after %s lost its context', async (client, payload, env) => {
    verifies('DIFF-1')
    const agent = await growing(client, env)
    const first = await agent.call('report')
    execFileSync(process.execPath, [builtCli(), 'hook', client], {
      env: { ...home.env, MYCELIUM_HOME: home.paths.root },
      input: JSON.stringify({ session_id: 'its-session', cwd: home.dir, ...payload }),
    })
    const second = await agent.call('report')
    expect(second).not.toContain('last result of this call')
    expect(second.length).toBeGreaterThan(first.length * 0.9)
  })
})
