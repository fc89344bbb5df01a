import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { identityOf, isAlive } from '../../src/core/process.ts'
import { type DaemonHome, daemonHome, until } from '../fixtures/daemon-home.ts'
import { verifies } from '../requirements.ts'

let home: DaemonHome
afterEach(() => home.close())

async function open(path: string): Promise<Socket> {
  const socket = createConnection({ path, allowHalfOpen: true })
  await once(socket, 'connect')
  return socket
}

async function line(socket: Socket): Promise<string> {
  let text = ''
  while (!text.includes('\n')) text += String((await once(socket, 'data'))[0])
  return text.trimEnd()
}

function hello(word: 'hello' | 'ticket'): string {
  const header = ['server=all', 'client=test-agent', 'cwd=/', 'relay=test', `pid=${process.pid}`]
  const env = Object.entries(home.env).map(([name, value]) => `${name}=${value}`)
  return `mycelium-${word} 1 ${Buffer.from([...header, '', ...env].join('\0')).toString('hex')}\n`
}

async function works(socket: Socket): Promise<void> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }
  socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`)
  expect(JSON.parse(await line(socket)).result.serverInfo).toBeDefined()
}

test('whoever has connected or has a one-time socket is still served by a daemon that hands over, and it ends after them', async () => {
  verifies('LAUNCH-4')
  home = daemonHome()
  home.define({ name: 'all' })
  const old = identityOf((await home.status()).pid)!
  const asking = await open(home.paths.socket)
  asking.write(hello('ticket'))
  const path = (await line(asking)).replace(/^ok /, '')
  const silent = await open(home.paths.socket)
  // Its connection waits to be accepted, or has just been.
  const early = createConnection({ path: home.paths.socket, allowHalfOpen: true })
  early.write(hello('hello'))
  expect(await home.ask('handover')).toMatchObject({ pid: old.pid })
  const { pid } = await home.status()
  expect(pid).not.toBe(old.pid)
  silent.write(hello('hello'))
  expect(await line(silent)).toBe('ok')
  expect(await line(early)).toBe('ok')
  const ticket = await open(path)
  for (const socket of [silent, early, ticket]) await works(socket)
  for (const socket of [silent, early]) socket.destroy()
  expect(isAlive(old)).toBe(true)
  await works(ticket)
  ticket.destroy()
  await until('the old daemon is gone', () => !isAlive(old))
  expect((await home.status()).pid).toBe(pid)
})

test('a one-time socket that nobody comes to does not keep a daemon that has handed over', async () => {
  verifies('LAUNCH-4')
  home = daemonHome()
  home.define({ name: 'all' })
  const old = identityOf((await home.status()).pid)!
  const asking = await open(home.paths.socket)
  asking.write(hello('ticket'))
  await line(asking)
  await home.ask('handover')
  await until('the old daemon is gone', () => !isAlive(old), 8_000)
})
