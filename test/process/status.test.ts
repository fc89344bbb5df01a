import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { KINDS, type Kind } from '../../src/core/events/event.ts'
import { cellWidth } from '../../src/core/report/table.ts'
import { builtCli, type Ended, ended } from '../fixtures/built-cli.ts'
import { type DaemonHome, daemonHome, until } from '../fixtures/daemon-home.ts'
import { segmentWriter } from '../fixtures/events.ts'
import { verifies } from '../requirements.ts'

let bin: string
beforeAll(() => {
  bin = builtCli()
})
let home: DaemonHome
beforeEach(() => {
  home = daemonHome()
})
afterEach(() => home.close())

const status = (args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  ended(process.execPath, [bin, 'status', ...args], {
    HOME: home.dir,
    PATH: process.env.PATH,
    MYCELIUM_HOME: home.paths.root,
    ...env,
  })

async function answer(...args: string[]) {
  const run = await status([...args, '--json'])
  expect([run.code, run.stderr]).toEqual([0, ''])
  return JSON.parse(run.stdout)
}

async function greeted(server: string, client: string) {
  const agent = await home.agent(server, { client })
  await agent.initialize()
  return agent
}

describe('mycelium status', () => {
  it('three sessions of a shared server: one process, two starts avoided, two warm greetings', async () => {
    verifies('CLI-2')
    home.define({ name: 'probe', mode: 'shared' })
    const first = await greeted('probe', 'claude-code')
    await greeted('probe', 'codex')
    await greeted('probe', 'codex')
    await first.call('echo', { text: 'x' })
    await first.request('no/such')
    const slow = first.call('sleep', { ms: 60_000 })
    slow.catch(() => {})
    const { sums, servers, clients, daemon } = await until('the call is in flight', async () => {
      const now = await answer()
      return now.sums.inFlight === 1 && now
    })
    expect(clients).toEqual({ 'claude-code': 1, codex: 2 })
    expect(daemon).toMatchObject({ sessions: 3, upstreams: 1 })
    expect(servers).toMatchObject([
      { id: 'probe', mode: 'shared', state: 'warm', sessions: 3, processes: 1, inFlight: 1 },
    ])
    expect(sums).toMatchObject({
      sessions: 3,
      processes: 1,
      calls: 2,
      failedCalls: 1,
      starts: { sessions: 3, started: 1, avoided: 2 },
      greetings: { warm: 2, all: 3, rate: 2 / 3 },
      savedMs: { n: 2, low: null, high: null, note: 'too few starts: 1' },
    })
    expect(sums.savedMs.value).toBeGreaterThan(10)
    const { memory } = servers[0]
    expect(memory.measured).toBe(1)
    expect(sums.memory.serversKb).toBe(memory.pssKb)
    expect(sums.memory.directKb.high).toBe(3 * memory.pssKb)
    if (memory.ownKb !== null) {
      expect(sums.memory.directKb.low).toBe(memory.pssKb + 2 * memory.ownKb)
      expect(memory.ownKb).toBeLessThanOrEqual(memory.pssKb)
    }
  })

  it('a server in mode session costs what it costs: a spare is one start more than there are sessions', async () => {
    verifies('CLI-2')
    home.define({ name: 'probe', mode: 'session' })
    await greeted('probe', 'codex')
    await until('the spare is there', async () =>
      (await home.servers())[0]!.pools[0]!.upstreams.some(({ state }) => state === 'spare'),
    )
    const { sums } = await answer()
    expect(sums.starts).toEqual({ sessions: 1, started: 2, avoided: -1 })
    expect(sums.greetings).toEqual({ warm: 0, all: 1, rate: 0 })
    await greeted('probe', 'codex')
    expect((await answer()).sums.greetings).toEqual({ warm: 1, all: 2, rate: 0.5 })
    // The spare was taken, and the next is not there yet: this session has to wait for a start.
    await greeted('probe', 'codex')
    expect((await answer()).sums.greetings).toEqual({ warm: 1, all: 3, rate: 1 / 3 })
  })

  it('also where nothing is recorded', async () => {
    home.define({ name: 'probe', mode: 'shared' })
    writeFileSync(home.paths.settings, JSON.stringify({ events: { enabled: false } }))
    await greeted('probe', 'codex')
    await greeted('probe', 'codex')
    const { sums, servers } = await answer()
    expect(sums.starts.avoided).toBe(1)
    expect(servers[0].memory.measured).toBe(1)
  })

  it('without a daemon it says so, shows what is set up, starts none, and ends with 0', async () => {
    verifies('CLI-2')
    home.define({ name: 'probe' }, { name: 'größe 🦊' })
    const { code, stdout, stderr } = await status()
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toBe(
      [
        'no daemon is running: it starts with the next agent session',
        '',
        'SERVER    CLIENTS',
        'größe 🦊  test-agent',
        'probe     test-agent',
        '',
      ].join('\n'),
    )
    const down = await answer()
    expect(down).toMatchObject({ running: false, daemon: null, sums: null })
    expect(down.servers.map(({ id }: { id: string }) => id)).toEqual(['größe 🦊', 'probe'])
  })

  it('in an empty home it names the next step, and leaves the home empty', async () => {
    rmSync(home.paths.root, { recursive: true })
    expect((await status()).stdout).toContain('mycelium init')
    const all = await status(['--show-optimization'])
    expect([all.code, all.stderr]).toEqual([0, ''])
    expect(all.stdout).toMatch(/sharing on:.*\n {2}last hour +not on record/)
    expect(() => rmSync(home.paths.root)).toThrow(/ENOENT/)
  })

  it.each([40, 64, 100])('fits into %i columns, whatever the names', async (width) => {
    verifies('CLI-2')
    home.define({ name: 'größe 🦊 測試測試測試 a rather long name of a server', mode: 'shared' })
    await greeted('größe 🦊 測試測試測試 a rather long name of a server', 'codex')
    for (const args of [[], ['--show-optimization']]) {
      const { stdout } = await status(args, { COLUMNS: String(width) })
      const wide = stdout.split('\n').filter((line) => cellWidth(line) > width)
      // A setting is one word: it is not broken, and stands alone on its line.
      const isSetting = (line: string) => /^( {2}change)? +[\w.]+\.enabled(=BOOLEAN)?$/.test(line)
      expect(wide.filter((line) => !isSetting(line))).toEqual([])
    }
  })

  it('a broken config.json leaves what runs as it is shown, and settings unknown', async () => {
    verifies('CLI-2')
    home.define({ name: 'probe', mode: 'shared' })
    await greeted('probe', 'codex')
    writeFileSync(home.paths.settings, '{ "pools": ')
    expect((await answer()).sums.sessions).toBe(1)
    const run = await status(['--show-optimization'])
    expect(run.code).toBe(0)
    expect(run.stdout).toContain('warm spares unknown:')
    expect(run.stderr).toContain('config.json')
  })

  it('a broken registry is an error with its next step, unless a daemon runs that knows better', async () => {
    mkdirSync(dirname(home.paths.registry), { recursive: true })
    writeFileSync(home.paths.registry, 'nope')
    const run = await status()
    expect(run.code).toBe(1)
    expect(run.stderr).toContain('next: mycelium init')
  })
})

describe('mycelium status --show-optimization', () => {
  it('knows of the last hour and day what each did, with the daemon up and down', async () => {
    verifies('CLI-2')
    home.define({ name: 'probe', mode: 'shared' })
    for (let i = 0; i < 3; i++) await greeted('probe', 'codex')
    await home.ask('flush')
    const row = async (id: string) =>
      (await answer('--show-optimization')).optimizations.find((one: { id: string }) => one.id === id)
    const sharing = await row('sharing')
    const deeds = { sessions: 3, 'found a process': 2, 'starts avoided': 2 }
    expect([sharing.lastHour, sharing.lastDay]).toEqual([deeds, deeds])
    expect(sharing.effect).toMatchObject({ n: 2, low: null, high: null, note: 'too few: 2' })
    expect(sharing.effect.value).toBeGreaterThan(10)
    await home.ask('stop')
    await until('the daemon is gone', async () => !(await answer()).running)
    expect((await row('sharing')).lastDay).toEqual(deeds)
  })

  it('tells an effect that is a loss by its sign, with interval and n', async () => {
    verifies('CLI-2')
    const now = Date.now() * 1000
    const minute = 60_000_000
    await record([
      ...Array.from({ length: 40 }, (_, i) => session(now - 90 * minute - i, 'slow', 500_000 + 1_000 * i)),
      ...Array.from({ length: 8 }, (_, i) => ready(now - 100 * minute, 'slow', 100_000 + 1_000 * i)),
      [
        'decision',
        { at: now - 30 * minute, policy: 'pools', server: 'slow', action: 'grow', accepted: true },
      ],
      ['call', { at: now - 30.5 * minute, server: 'slow', upstreamUs: 10_000 }],
      ['call', { at: now - 29.5 * minute, server: 'slow', upstreamUs: 30_000 }],
    ])
    const { optimizations } = await answer('--show-optimization')
    const [sharing, spares, growth] = optimizations
    expect(sharing).toMatchObject({
      lastHour: { sessions: 0 },
      lastDay: { sessions: 40, 'found a process': 40 },
      effect: { n: 40, note: '' },
    })
    // 40 greetings of 500 to 539 ms against a median start of 103.5 ms.
    expect(sharing.effect.value).toBeCloseTo(103.5 - 519.5, 6)
    expect(sharing.effect.low).toBeLessThan(sharing.effect.value)
    expect(sharing.effect.high).toBeGreaterThan(sharing.effect.value)
    expect(sharing.effect.high).toBeLessThan(-400)
    expect(spares.effect).toMatchObject({ value: null, n: 0, note: 'nothing happened' })
    expect(growth).toMatchObject({
      lastHour: { 'processes added': 1 },
      effect: { value: -20, n: 1, note: 'too few: 1' },
    })
    const { stdout } = await status(['--show-optimization'])
    expect(stdout).toMatch(
      /effect {5}-416 ms less for a session that found a process \(95 %: -4\d\d ms to -4\d\d ms; n 40\)/,
    )
  })

  it('tells what budgets of files kept from sessions, less what they asked for after all', async () => {
    verifies('BUDGET-1')
    const at = Date.now() * 1000 - 60_000_000
    const budget = (action: string, clientSession: string, savedTokens: number): ['decision', object] => [
      'decision',
      { at, policy: 'budget', action, accepted: true, clientSession, savedTokens },
    ]
    await record([
      budget('outline', 'a', 5_000),
      budget('again', 'a', -6_000),
      budget('outline', 'b', 4_000),
      budget('part', 'b', -500),
    ])
    const row = (await answer('--show-optimization')).optimizations.find(
      ({ id }: { id: string }) => id === 'file budgets',
    )
    const deeds = {
      outlines: 2,
      'files asked for again': 1,
      'ranges asked for': 1,
      'unchanged answers': 0,
      'tokens kept, net': 2_500,
    }
    expect(row).toMatchObject({ on: false, built: true, lastHour: deeds, lastDay: deeds })
    // One session lost 1,000 tokens, the other kept 3,500.
    expect(row.effect).toEqual({ value: 1_250, low: null, high: null, n: 2, note: 'too few: 2' })
    expect((await status(['--show-optimization'])).stdout).toContain('+1250 tokens less for a session')
  })

  it('shows what a setting switches off, and what is not in this version', async () => {
    verifies('CLI-2')
    writeFileSync(
      home.paths.settings,
      JSON.stringify({ pools: { grow: { enabled: false } }, cache: { enabled: true } }),
    )
    const { optimizations } = await answer('--show-optimization')
    const of = (id: string) => optimizations.find((one: { id: string }) => one.id === id)
    expect(of('growth')).toMatchObject({ on: false, built: true, setting: 'pools.grow.enabled' })
    expect(of('warm spares')).toMatchObject({ on: true })
    expect(of('envelope')).toMatchObject({ on: false, built: true, setting: 'envelope.enabled' })
    expect(of('cache')).toMatchObject({
      on: true,
      built: false,
      setting: 'cache.enabled',
      effect: { value: null, note: 'not in this version' },
    })
    expect(of('dedup')).toMatchObject({ built: false, on: false })
    for (const id of ['shortened results', 'differences', 'lazy tools'])
      expect(of(id)).toMatchObject({ built: true, on: false })
  })
})

/** An event with what is said of it, and nothing in every other column. */
function filled(kind: Kind, given: object): never {
  const nothing: Record<string, unknown> = {
    time: 0,
    text: '',
    label: '',
    count: 0,
    known: -1,
    cost: -1,
    flag: false,
  }
  const columns = Object.entries(KINDS[kind]).map(([name, type]) => [name, nothing[type]])
  return { ...Object.fromEntries(columns), ...given } as never
}

const session = (at: number, server: string, durationUs: number): [Kind, object] => [
  'session',
  { at, server, session: `s${at}`, mode: 'shared', event: 'greeted', warm: true, durationUs },
]
const ready = (at: number, server: string, durationUs: number): [Kind, object] => [
  'process',
  { at, server, mode: 'shared', event: 'ready', durationUs },
]

async function record(events: readonly (readonly [Kind, object])[]): Promise<void> {
  const writer = segmentWriter(home.paths.events)
  for (const [kind, event] of events) writer.append(kind, filled(kind, event))
  await writer.close()
}
