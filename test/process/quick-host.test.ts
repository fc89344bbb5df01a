import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import { QuickHost } from '../../src/core/daemon/quick-host.ts'
import { MAX_FIRST_LINE_BYTES } from '../../src/core/hex-records.ts'
import { QuickServer } from '../../src/core/hook/quick-server.ts'
import { identityOf } from '../../src/core/process.ts'
import { type DaemonHome, daemonHome, until } from '../fixtures/daemon-home.ts'
import { QUICK_CLIENTS, type QuickHome, quickHome } from '../fixtures/quick-home.ts'
import { verifies } from '../requirements.ts'

const HOOK = ['hook', 'claude-code']
const USED = JSON.stringify({ session_id: 's', hook_event_name: 'Stop' })
const [CLIENT] = QUICK_CLIENTS
const gone = (pid: number) => until(`${pid} is gone`, () => identityOf(pid) === undefined)

let daemon: DaemonHome | undefined
let home: QuickHome
afterEach(async () => {
  await home.close()
  await daemon?.close()
  daemon = undefined
})

const fire = () => home.fire(CLIENT!, HOOK, USED)
/** The pids of all processes that the daemon has started for hooks, the latest last. */
const hosts = (): readonly number[] => {
  const file = join(home.paths.log, 'daemon.log')
  const log = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return [...log.matchAll(/"quick-host-started","pid":(\d+)/g)].map(([, pid]) => Number(pid))
}

/** A daemon, and one hook, which has done without: the process that waits for the next ones. */
async function begun(): Promise<number> {
  daemon = daemonHome()
  daemon.define({ name: 'probe' })
  home = quickHome(daemon.paths)
  ;(await daemon.start()).close()
  return await started()
}

async function started(): Promise<number> {
  const before = hosts().length
  await fire()
  await until('one is started', () => hosts().length > before)
  await until('it listens', () => existsSync(home.paths.quickSocket))
  return hosts().at(-1)!
}

describe.skipIf(CLIENT === undefined)('the process that waits for hooks', () => {
  it('is started by a daemon that is asked to, once, and answers from then on', async () => {
    verifies('CLI-3')
    const pid = await begun()
    const starts = home.nodeStarts()
    for (let i = 0; i < 3; i++)
      expect(await fire()).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    expect(home.nodeStarts()).toBe(starts)
    await daemon!.ask('quick')
    expect(hosts()).toEqual([pid])
  })

  it('is not there where no daemon is, and none is started for it', async () => {
    verifies('CLI-3')
    home = quickHome()
    expect((await fire()).code).toBe(0)
    expect(home.nodeStarts()).toBe(1)
    expect(readdirSync(home.paths.run)).toEqual([])
  })

  it('ends with the daemon: stopped, killed or replaced', async () => {
    verifies('CLI-3')
    verifies('POOL-3')
    let pid = await begun()
    await daemon!.ask('stop')
    expect(identityOf(pid)).toBeUndefined()
    expect(existsSync(home.paths.quickSocket)).toBe(false)

    const { pid: second } = await until('the next daemon answers', () =>
      daemon!.status().catch(() => undefined),
    )
    pid = await started()
    process.kill(second, 'SIGKILL')
    await gone(pid)
    expect(existsSync(home.paths.quickSocket)).toBe(false)

    await until('the next daemon answers', () => daemon!.status().catch(() => undefined))
    const agent = await daemon!.agent('probe')
    await agent.initialize()
    pid = await started()
    await daemon!.ask('handover')
    expect(identityOf(pid)).toBeUndefined()
    ;(await daemon!.start()).close()
    expect(await started()).not.toBe(pid)
  })

  it('whose socket was taken away is replaced', async () => {
    verifies('CLI-3')
    const pid = await begun()
    rmSync(home.paths.quickSocket)
    await fire()
    await gone(pid)
    expect(await started()).not.toBe(pid)
  })

  it('ends while hooks are switched off, and comes back after that', async () => {
    verifies('CLI-3')
    const pid = await begun()
    writeFileSync(home.paths.settings, '{"hooks":{"enabled":false}}')
    await daemon!.ask('reload')
    await gone(pid)
    await fire()
    await daemon!.ask('quick')
    expect(hosts()).toEqual([pid])
    writeFileSync(home.paths.settings, '{}')
    await daemon!.ask('reload')
    expect(await started()).not.toBe(pid)
  })

  it('that was killed is replaced after ten seconds, and one that hangs after five', async () => {
    verifies('CLI-3')
    home = quickHome()
    const { clock, pass, waiting } = movedByHand()
    const lost: string[] = []
    const host = new QuickHost({
      ...{ paths: home.paths, clock },
      settings: { get: () => true, onChange: () => () => {} } as never,
      log: {
        event: (name, fields) => name === 'quick-host-lost' && lost.push(String(fields?.because)),
        server: () => {},
      },
    })
    const listens = () => until('it listens', () => existsSync(home.paths.quickSocket) && host.pid)
    host.asked()
    const first = await listens()
    process.kill(first, 'SIGKILL')
    await until('it is lost', () => lost.length > 0)
    host.asked()
    expect(host.pid).toBeUndefined()
    pass(10_000)
    host.asked()
    const second = await listens()

    host.asked()
    await until('it has said that it lives', () => waiting() === 0)
    pass(5_000)
    expect(lost).toEqual(['it ended with SIGKILL'])
    process.kill(second, 'SIGSTOP')
    host.asked()
    pass(5_000)
    await gone(second)
    expect(lost).toEqual(['it ended with SIGKILL', 'no sign of life for 5 s'])
    await host.close()
  })
})

describe('what waits for hooks', () => {
  it('ends after ten minutes without one, and when it is over, but not while a client waits', async () => {
    verifies('CLI-3')
    home = quickHome()
    const { clock, pass } = movedByHand()
    let [left, over] = [0, undefined as string | undefined]
    let answer: (text: string) => void = () => {}
    const server = new QuickServer({
      ...{ socket: home.paths.quickSocket, clock, check: () => {}, leave: () => left++ },
      whyOver: () => over,
      answer: () => new Promise((resolve) => (answer = resolve)),
    })
    await server.listen()
    pass(9 * 60_000)
    expect(left).toBe(0)
    const client = createConnection(home.paths.quickSocket)
    const said: string[] = []
    client.on('data', (chunk) => said.push(String(chunk)))
    const records = Buffer.from(['input=2', 'whole=1', 'arg=hook', '', 'A=1'].join('\0')).toString('hex')
    client.write(`mycelium-quick 1 ${records}\n{}`)
    await until('it is taken', () => said.join('') === 'ok\n')
    pass(11 * 60_000)
    expect(left).toBe(0)
    over = 'it has become too large'
    const refused = createConnection(home.paths.quickSocket).end('mycelium-quick 1 00\n')
    expect(await new Promise((resolve) => refused.on('data', (chunk) => resolve(String(chunk))))).toBe(
      'no it has become too large\n',
    )
    answer('done ü')
    await until('it is answered', () => said.join('') === 'ok\n7\ndone ü')
    client.end()
    await until('it has left', () => left > 0)
    expect(existsSync(home.paths.quickSocket)).toBe(false)
  })

  it('refuses a first line that does not end, wherever it is broken off', async () => {
    verifies('CLI-3')
    home = quickHome()
    const server = new QuickServer({
      ...{ socket: home.paths.quickSocket, clock: movedByHand().clock, check: () => {}, leave: () => {} },
      ...{ whyOver: () => undefined, answer: async () => 'of an input that nobody sent' },
    })
    await server.listen()
    const line = `mycelium-quick 1 ${Buffer.from('input=2\0whole=1\0arg=hook\0\0A=').toString('hex')}`
    for (const beyond of [1, 2]) {
      const client = createConnection(home.paths.quickSocket)
      client.on('error', () => {})
      client.write(line.padEnd(MAX_FIRST_LINE_BYTES + beyond, '61'))
      expect(await new Promise((resolve) => client.once('data', (chunk) => resolve(String(chunk))))).toBe(
        'no its first line is too long\n',
      )
      client.destroy()
    }
  })

  it('ends when nobody came for ten minutes', async () => {
    verifies('CLI-3')
    home = quickHome()
    const { clock, pass } = movedByHand()
    let left = 0
    const services = {
      socket: home.paths.quickSocket,
      clock,
      check: () => {},

      leave: () => left++,
    }
    await new QuickServer({ ...services, whyOver: () => undefined, answer: async () => '' }).listen()
    pass(10 * 60_000)
    expect(left).toBe(1)
  })
})

/** `waiting`: for how many times something waits. */
function movedByHand(): { clock: Clock; pass(ms: number): void; waiting(): number } {
  let now = 0
  const timers = new Set<{ at: number; run: () => void }>()
  const clock: Clock = {
    now: () => now,
    wall: () => now,
    after: (ms, run) => {
      const timer = { at: now + ms, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  }
  const pass = (ms: number): void => {
    now += ms
    for (const timer of [...timers]) if (timer.at <= now && timers.delete(timer)) timer.run()
  }
  return { clock, pass, waiting: () => timers.size }
}
