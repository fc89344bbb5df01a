import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { daemonHome, until } from '../fixtures/daemon-home.ts'
import { defineServer } from '../fixtures/probe-log.ts'
import type { RawAgent } from '../fixtures/raw-agent.ts'
import { verifies } from '../requirements.ts'
import { isGone } from './programs.ts'

const home = daemonHome()
const impatient = daemonHome({ greetingMs: 300 })
afterAll(() => Promise.all([home.close(), impatient.close()]))

const MODES = ['session', 'call', 'shared'] as const

async function agentOf(server: string, env: Record<string, string> = {}): Promise<RawAgent> {
  const agent = await home.agent(server, { env: { ...home.env, ...env } })
  await agent.initialize()
  return agent
}

/** The text of every log file whose name starts like this, by name. */
function logs(start = '', at = home): ReadonlyMap<string, string> {
  const names = readdirSync(at.paths.log).filter((name) => name.startsWith(start))
  return new Map(names.map((name) => [name, readFileSync(join(at.paths.log, name), 'utf8')]))
}

describe('a server that writes more than messages to stdout', () => {
  it.each(MODES)(
    'works in %s mode: lines that are no messages are logged by size and dropped',
    async (mode) => {
      verifies('POOL-2')
      defineServer(home, `garbage-${mode}`, mode, { args: ['--init=garbage'] })
      const agent = await agentOf(`garbage-${mode}`)
      const before = agent.lines.length
      expect(await agent.call('garbage')).toBe('after garbage')
      expect(await agent.call('echo', { text: 'x' })).toBe('x')
      expect(agent.lines).toHaveLength(before + 2)
      const daemonLog = logs('daemon.log').get('daemon.log') as string
      expect(daemonLog).toContain('"what":"no JSON-RPC message on stdout"')
      expect(daemonLog).not.toContain('npm WARN')
    },
  )

  it.each(MODES)(
    'works in %s mode: answers to ids that nobody sent, and second answers, are dropped',
    async (mode) => {
      verifies('POOL-2', 'PROTO-1')
      defineServer(home, `ids-${mode}`, mode, { args: ['--init=wrong-id'] })
      const agent = await agentOf(`ids-${mode}`)
      expect(await agent.call('wrong_id')).toBe('right')
      expect(await agent.call('twice')).toBe('first')
      expect(await agent.call('echo', { text: 'x' })).toBe('x')
      expect(agent.lines).toHaveLength(4)
    },
  )
})

describe('a server that does not start', () => {
  it('because it never answers initialize: an error in time, and its process is ended', async () => {
    verifies('POOL-2', 'POOL-3')
    const log = defineServer(impatient, 'mute', 'session', { args: ['--init=never', '--stubborn'] })
    const agent = await impatient.agent('mute')
    const sentAtMs = performance.now()
    const answer = await agent.initialize()
    expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(300)
    expect(answer.error.code).toBe(-32003)
    expect(answer.error.message).toMatch(/mute: no answer to initialize within 300 ms.*mycelium daemon logs/)
    const { pid } = await log.seen('it started', 'start')
    await until('it is gone', () => isGone(pid))
  })

  it.each(MODES)(
    'because it exits at once in %s mode: an error that names server, exit code and next step',
    async (mode) => {
      verifies('POOL-2')
      defineServer(home, `exits-${mode}`, mode, { args: ['--exit=7'] })
      const agent = await home.agent(`exits-${mode}`)
      const { error } = await agent.initialize()
      expect(error.code).toBe(-32002)
      expect(error.message).toMatch(
        new RegExp(`exits-${mode}: .*code 7.*mycelium daemon logs --server exits-${mode}`),
      )
    },
  )

  it('because its command is missing: an error that names the command, and a later try finds it', async () => {
    verifies('POOL-2')
    const command = join(home.dir, 'late-server')
    home.define({ name: 'missing', argv: [command] })
    const agent = await home.agent('missing')
    const { error } = await agent.initialize()
    expect([error.code, error.message]).toEqual([-32001, expect.stringContaining(command)])
    writeFileSync(
      command,
      `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, '../fixtures/servers/probe.mjs')}'\n`,
      {
        mode: 0o755,
      },
    )
    expect((await agent.initialize()).result.serverInfo.name).toBe('probe')
  })

  it('because its command is in no directory of PATH: an error that says so', async () => {
    verifies('POOL-2')
    home.define({ name: 'pathless', argv: ['no-such-program-here'] })
    const { error } = await (await home.agent('pathless')).initialize()
    expect([error.code, error.message]).toEqual([-32001, expect.stringContaining('no-such-program-here')])
  })

  it('because its working directory is missing: an error that names the directory', async () => {
    verifies('POOL-2')
    defineServer(home, 'nowhere', 'session')
    const agent = await home.agent('nowhere', { cwd: '/nowhere/at/all' })
    const { error } = await agent.initialize()
    expect([error.code, error.message]).toEqual([-32002, expect.stringContaining('/nowhere/at/all')])
  })

  it('because its interpreter is missing, or it is no program: an error that says so', async () => {
    verifies('POOL-2')
    const [script, data] = [join(home.dir, 'script'), join(home.dir, 'data')]
    writeFileSync(script, '#!/no/such/interpreter\n', { mode: 0o755 })
    writeFileSync(data, 'no program', { mode: 0o644 })
    home.define({ name: 'script', argv: [script] }, { name: 'data', argv: [data] })
    for (const server of ['script', 'data']) {
      const { error } = await (await home.agent(server)).initialize()
      expect([-32001, -32002]).toContain(error.code)
      expect(error.message).toContain(join(home.dir, server))
    }
  })
})

describe('standard error of a server', () => {
  it.each([2, 60, 1024])(
    'as a flood of lines of %i bytes is left out and counted, and no other server notices',
    async (line) => {
      verifies('POOL-2', 'POOL-5')
      const server = `flood-${line}`
      defineServer(home, server, 'shared')
      defineServer(home, `beside-${line}`, 'shared')
      const [a, b] = [await agentOf(server), await agentOf(`beside-${line}`)]
      let flooding = true
      const flooded = a
        .call('stderr_flood', { bytes: 24 * 1024 * 1024, line })
        .finally(() => (flooding = false))
      const took: number[] = []
      do {
        const sentAtMs = performance.now()
        expect(await b.call('echo', { text: 'x' })).toBe('x')
        took.push(performance.now() - sentAtMs)
      } while (flooding)
      expect(await flooded).toBe('flooded')
      expect(Math.max(...took)).toBeLessThan(500)
      const log = (): string => logs(`server-${server}.log`).get(`server-${server}.log`) ?? ''
      const told = await until(
        'it is said how much was left out',
        () => / (\d+) bytes left out/.exec(log()) ?? false,
      )
      expect(Number(told[1])).toBeGreaterThan(20 * 1024 * 1024)
      expect(log().length).toBeLessThan(1024 * 1024)
      await a.call('stderr', { text: 'afterwards' })
      await until('what comes later is kept', () => log().includes(' afterwards\n'))
    },
  )

  it('never shows the values of declared variables and of those that are named like secrets', async () => {
    verifies('POOL-2')
    const log = defineServer(home, 'secrets', 'session')
    const def = JSON.parse(readFileSync(home.paths.registry, 'utf8')).servers.at(-1)
    home.define({ ...def, id: 'declared', name: 'declared', envNames: ['SERVICE_URL'] })
    const env = { SERVICE_URL: 'https://user:pw@host', MY_API_KEY: 'sk-12345678', DB_PASSWORD: 'a+b/c "d"' }
    const agent = await agentOf('declared', env)
    const secrets = Object.values(env)
    for (const secret of secrets) await agent.call('stderr', { text: `before ${secret} after ${secret}` })
    await agent.call('stderr', { text: 'the last line' })
    const text = await until('it is logged', () => {
      const file = logs('server-declared.log').get('server-declared.log')
      return file?.includes('the last line') && file
    })
    expect(text).toContain('before [redacted] after [redacted]')
    expect(log.events('start')).toHaveLength(1)
    for (const [name, content] of logs())
      for (const secret of secrets) expect([name, content.includes(secret)]).toEqual([name, false])
  })

  it('is kept as it was otherwise, one file per server, readable by the user alone', async () => {
    verifies('POOL-2')
    defineServer(home, 'plain', 'session')
    const agent = await agentOf('plain')
    await agent.call('stderr', { text: 'a line é' })
    await until('it is logged', () =>
      logs('server-plain.log').get('server-plain.log')?.includes(' a line é\n'),
    )
    expect(statSync(join(home.paths.log, 'server-plain.log')).mode & 0o077).toBe(0)
  })
})

describe('a server that closes its stdout and lives on', () => {
  it.each(['session', 'shared'] as const)(
    'in %s mode counts as crashed: an error, and the next call works',
    async (mode) => {
      verifies('POOL-2')
      const log = defineServer(home, `closed-${mode}`, mode)
      const agent = await agentOf(`closed-${mode}`)
      void agent.request('tools/call', { name: 'close_stdout' }, '"closing"')
      expect((await agent.answerTo('"closing"')).error.code).toBe(-32004)
      expect(await agent.call('echo', { text: 'back' })).toBe('back')
      const first = log.events('start')[0]!.pid
      await until('the deaf one is gone', () => isGone(first))
    },
  )
})
