import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { askStore } from '../../src/core/events/store.ts'
import { backtest } from '../../src/core/policy/markov/backtest.ts'
import { readKnownTools, textsOf } from '../../src/core/policy/markov/known-tools.ts'
import { learn } from '../../src/core/policy/markov/model.ts'
import { writeModel } from '../../src/core/policy/markov/model-file.ts'
import type { Session } from '../../src/core/policy/markov/traffic.ts'
import { builtCli, ended } from '../fixtures/built-cli.ts'
import { type DaemonHome, daemonHome, PROBE, until } from '../fixtures/daemon-home.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'

// Real daemon, real servers, real child with the model: what was recorded is learnt, and the next session finds its server warm.

let home: DaemonHome
let bin: string
beforeAll(() => {
  bin = builtCli()
}, 120_000)
beforeEach(() => {
  home = daemonHome()
  const argv = [process.execPath, PROBE, '--tools=echo,counter']
  for (const name of ['alpha', 'beta', 'gamma']) home.define({ name, mode: 'shared', argv })
})
afterEach(() => home.close())

const CLIENT = 'claude-code'
const settings = (more: object = {}) =>
  writeFileSync(
    home.paths.settings,
    JSON.stringify({ 'prewarm.enabled': true, 'limits.idle_ms': 60_000, ...more }),
  )

/** Sessions in which beta follows alpha, most of the time. */
function habits(): readonly Session[] {
  let state = 5
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state / 0x80000000
  }
  return Array.from({ length: 200 }, (_, i) => {
    const servers = random() < 0.05 ? ['gamma'] : ['alpha', 'beta']
    const calls = servers.flatMap((server) =>
      Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
        server,
        tool: random() < 0.5 ? 'echo' : 'counter',
      })),
    )
    const atMs = i * 1_000_000
    return { id: `s${i}`, atMs, calls: calls.map((call, k) => ({ ...call, atMs: atMs + k * 1_000 })) }
  })
}

function model(use = true): void {
  const sessions = habits()
  const texts = textsOf(readKnownTools(home.paths.knownTools))
  const heldOut = backtest(sessions, { now: () => 0, texts })
  const training = {
    trainedAt: 0,
    halfLifeDays: 30,
    fromMs: 0,
    toMs: 0,
    heldOut,
    verdict: { use, because: 'the test says so' },
  }
  writeModel(home.paths.prewarmModel, learn(sessions, { texts }), training)
}

async function session(server: string, id: string): Promise<RawAgent> {
  const env = { ...home.env, CLAUDE_CODE_SESSION_ID: id, CLAUDE_PROJECT_DIR: home.dir }
  const agent = await home.agent(server, { client: CLIENT, env })
  await agent.initialize()
  return agent
}

const processes = async (name: string) => (await home.servers()).find(({ id }) => id === name)!.processes

/** Somebody used these before, said what their tools are, and their processes have ended since. */
async function usedBefore(...servers: string[]): Promise<void> {
  for (const server of servers) {
    const agent = await session(server, 'before')
    await agent.request('tools/list')
    agent.socket.end()
  }
  await until('the sessions are over', async () => (await home.status()).sessions === 0)
  await home.ask('drain', { names: servers })
  for (const server of servers)
    await until(`${server} has ended`, async () => (await processes(server)) === 0)
}

const logged = () =>
  readFileSync(join(home.paths.log, 'daemon.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>)
const guesses = () => logged().filter(({ event }) => event?.startsWith('guess-'))

/** What is on record of guesses, oldest first. */
async function recorded(): Promise<readonly unknown[][]> {
  await home.ask('flush')
  return askStore(home.paths, async ({ database }) =>
    (
      await database.connection.runAndReadAll(
        'SELECT server, event, cause, saved_us > 0, because FROM guesses ORDER BY ts',
      )
    ).getRowsJS(),
  )
}

function prompted(
  text: string,
  id: string,
  more: object = {},
): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [bin, 'hook', CLIENT], {
      env: { ...home.env, MYCELIUM_HOME: home.paths.root },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (out += chunk))
    child.on('close', (code) => resolve({ code, out }))
    child.stdin.end(
      JSON.stringify({
        session_id: id,
        cwd: home.dir,
        hook_event_name: 'UserPromptSubmit',
        prompt: text,
        ...more,
      }),
    )
  })
}

function textsBelow(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'latin1'))
}

describe('what is foreseen', () => {
  it('is started before it is called, and that it was is on record', async () => {
    verifies('PRE-1')
    settings()
    await usedBefore('alpha', 'beta')
    model()
    const alpha = await session('alpha', 'now')
    await alpha.call('echo', { text: 'x' })
    await until('beta is warm', async () => (await processes('beta')) === 1)
    const beta = await session('beta', 'now')
    await beta.call('echo', { text: 'x' })
    await until('it came true', () => guesses().some(({ event }) => event === 'guess-hit'))
    expect(guesses().map(({ event, server, cause }) => [event, server, cause])).toEqual([
      ['guess-warmed', 'beta', 'call'],
      ['guess-hit', 'beta', 'call'],
    ])
    expect(await recorded()).toEqual([
      ['beta', 'warmed', 'call', false, expect.stringMatching(/^used soon with a chance of at least \d+ %/)],
      ['beta', 'hit', 'call', true, 'the session called it'],
    ])
    expect(JSON.parse(readFileSync(home.paths.advice, 'utf8'))).toMatchObject({
      outcomes: [{ hit: true }],
      sums: { acts: 1, hits: 1, wasted: 0 },
    })
  }, 40_000)

  it('is nothing where it is not wanted, or where the model may not be used', async () => {
    verifies('PRE-1')
    settings({ 'prewarm.enabled': false })
    await usedBefore('alpha', 'beta')
    model()
    const alpha = await session('alpha', 'now')
    await alpha.call('echo', { text: 'x' })
    expect(await prompted('count with beta', 'now')).toEqual({ code: 0, out: '' })
    model(false)
    settings()
    await until('settings are read', () => logged().some(({ event }) => event === 'settings-changed'))
    await alpha.call('echo', { text: 'x' })
    const verdict = await until('the model was asked for', () =>
      logged().find(({ event }) => event === 'prewarm-verdict'),
    )
    expect(verdict).toMatchObject({ use: false, because: 'the test says so' })
    await alpha.call('counter')
    // A round of the janitor, and the pause between two looks ahead.
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(await processes('beta')).toBe(0)
    expect(guesses()).toEqual([])
  }, 40_000)

  it('is refused where memory is short, on record with the reason, and once', async () => {
    verifies('PRE-1')
    settings({ 'limits.free_memory_share': 1 })
    await usedBefore('alpha', 'beta')
    model()
    const alpha = await session('alpha', 'now')
    await alpha.call('echo', { text: 'x' })
    await until('it was refused', () => guesses().length > 0)
    await alpha.call('echo', { text: 'x' })
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(await recorded()).toEqual([
      [
        'beta',
        'refused',
        'call',
        false,
        expect.stringMatching(/^memory: it takes \d+ MB, and guesses may hold 0 MB more$/),
      ],
    ])
    expect(await processes('beta')).toBe(0)
  }, 40_000)

  it('that does not come true is a miss, with what was held for nothing', async () => {
    verifies('PRE-1')
    settings({ 'limits.idle_ms': 1_000, 'limits.shrink_after_ms': 200 })
    await usedBefore('alpha', 'beta')
    model()
    const alpha = await session('alpha', 'now')
    await alpha.call('echo', { text: 'x' })
    await until('it was wrong', () => guesses().some(({ event }) => event === 'guess-missed'), 20_000)
    const sums = await until('it is added up', () => {
      const told = JSON.parse(readFileSync(home.paths.advice, 'utf8')).sums
      return told.wasted > 0 && told
    })
    expect(sums).toMatchObject({ acts: 1, hits: 0, wasted: 1, savedMs: 0 })
    expect(sums.wastedMbS).toBeGreaterThan(0)
    await until('it is let go', async () => (await processes('beta')) === 0, 20_000)
  }, 60_000)
})

describe('what is written', () => {
  // The second is Gemini CLI's word for it.
  it.each(['UserPromptSubmit', 'BeforeAgent'])(
    'has a server started that was never called, by what its tools are said to do, and is kept nowhere: %s',
    async (event) => {
      verifies('PRE-1')
      settings()
      home.define({ name: 'delta', mode: 'shared', argv: [process.execPath, PROBE, '--tools=cwd,env'] })
      await usedBefore('alpha', 'beta', 'delta')
      await until('lists are kept', () =>
        readFileSync(home.paths.knownTools, 'utf8').includes('Working directory'),
      )
      model()
      await session('gamma', 'told')
      const text = `Which working directory is it? zanzibar-${'z'.repeat(9_000)} I want the value of an environment variable.`
      expect(await prompted(text, 'told', { hook_event_name: event })).toEqual({ code: 0, out: '' })
      await until('it was foreseen', () => guesses().length > 0)
      expect(guesses()[0]).toMatchObject({ event: 'guess-warmed', server: 'delta', cause: 'text' })
      await until('it is warm', async () => (await processes('delta')) === 1)
      await home.ask('flush')
      expect(textsBelow(home.dir).filter((one) => one.includes('zanzibar'))).toEqual([])
      const removed = await ended(process.execPath, [bin, 'undo', '--yes'], {
        ...home.env,
        MYCELIUM_HOME: home.paths.root,
      })
      expect(removed.code).toBe(0)
      expect(existsSync(home.paths.models)).toBe(false)
    },
    40_000,
  )

  it('waits for no daemon, and starts none', async () => {
    verifies('PRE-1')
    settings()
    expect(await prompted('count with beta', 'nobody')).toEqual({ code: 0, out: '' })
    expect(existsSync(home.paths.socket)).toBe(false)
    // Somebody is there who never answers.
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(home.paths.socket, resolve))
    expect(await prompted('count with beta', 'nobody')).toEqual({ code: 0, out: '' })
    silent.close()
  })
})
