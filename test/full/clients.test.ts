import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { writeConfigs } from '../../src/core/bench/demo-clients.ts'
import type { DaemonStatus } from '../../src/core/daemon/wire.ts'
import { ended } from '../fixtures/built-cli.ts'
import { type ClientHome, clientHome } from '../fixtures/client-home.ts'
import type { Message } from '../fixtures/raw-agent.ts'
import { realClient } from '../fixtures/real-clients.ts'
import { verifies } from '../requirements.ts'

const SERVERS = ['everything', 'filesystem', 'memory', 'sequential-thinking']
const LIMIT_S = 120

/** What each client says of its servers, by name; true is connected. */
const LISTS: readonly (readonly [string, (home: ClientHome) => Promise<Record<string, boolean>>])[] = [
  [
    'Claude Code',
    async (home) => {
      const env = { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' }
      return named(await said(home, realClient('claude'), env), /^(\S+): .* - (✔ Connected)?/gm)
    },
  ],
  [
    'Gemini CLI',
    async (home) => {
      const env = { GEMINI_CLI_TRUST_WORKSPACE: 'true' }
      return named(await said(home, realClient('gemini'), env), /^\W*(\S+): .* - (Connected)?/gm)
    },
  ],
  [
    'opencode',
    async (home) => named(await said(home, realClient('opencode'), {}), /✓ (\S+) \W*\w*(connected)/gm),
  ],
  ['Codex', codexServers],
]

describe('real clients in one home', () => {
  let home: ClientHome
  beforeAll(() => {
    realClient('codex')
  }, 900_000)
  beforeEach(() => {
    home = clientHome(writeConfigs)
  })
  afterEach(() => home.close())

  it('each connects to every server through its launcher, and the daemon survives the way each ends them', async () => {
    verifies('LAUNCH-1', 'LAUNCH-4')
    expect(await home.mycelium('init', '--yes')).toMatchObject({ code: 0, stderr: '' })
    for (const [client, list] of LISTS) {
      // So that each client's launcher starts a daemon, which is then a descendant of the client.
      await home.mycelium('daemon', 'stop')
      expect(await list(home), client).toEqual(Object.fromEntries(SERVERS.map((server) => [server, true])))
      const pid = await daemonPid(home)
      expect(pid, `the daemon after ${client}`).toBeGreaterThan(0)
      await home.quiet()
      expect(await home.strangers(), `left by ${client}`).toEqual([])
      expect(await daemonPid(home), `the daemon after ${client}`).toBe(pid)
    }
    expect(await home.mycelium('undo')).toMatchObject({ code: 0, stderr: '' })
    for (const [client, list] of LISTS)
      expect(await list(home), `${client} after undo`).toEqual(
        Object.fromEntries(SERVERS.map((server) => [server, true])),
      )
  })
})

/** Undefined when none runs. */
async function daemonPid(home: ClientHome): Promise<number | undefined> {
  const { stdout } = await home.mycelium('daemon', 'status', '--json')
  return (JSON.parse(stdout) as Partial<DaemonStatus>).pid
}

async function said(home: ClientHome, client: string, env: Record<string, string>): Promise<string> {
  const limit = ['-s', 'KILL', String(LIMIT_S), client]
  const { stdout, stderr } = await ended(
    'timeout',
    [...limit, 'mcp', 'list'],
    { ...home.sandbox.env, ...env },
    home.sandbox.project,
  )
  // Colours would stand between the words.
  return `${stdout}\n${stderr}`.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d*m`, 'g'), '')
}

function named(text: string, line: RegExp): Record<string, boolean> {
  return Object.fromEntries(
    [...text.matchAll(line)].map(([, name, connected]) => [name, connected !== undefined]),
  )
}

/** `codex mcp list` only reads the config; the app server starts what is in it. */
function codexServers(home: ClientHome): Promise<Record<string, boolean>> {
  const limit = ['-s', 'KILL', String(LIMIT_S), realClient('codex')]
  const child = spawn('timeout', [...limit, 'app-server'], {
    cwd: home.sandbox.project,
    env: { ...home.sandbox.env },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const send = (message: Message): void =>
    void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  let answer: Message | undefined
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as Message
    if (message.id === 1) {
      send({ method: 'initialized' })
      send({ id: 2, method: 'mcpServerStatus/list', params: {} })
    } else if (message.id === 2) {
      answer = message
      child.stdin.end()
    }
  })
  send({ id: 1, method: 'initialize', params: { clientInfo: { name: 'test', version: '1' } } })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => {
      const rows = (answer?.result?.data ?? []) as { name: string; tools: object }[]
      const found = rows.filter(({ name }) => SERVERS.includes(name))
      resolve(Object.fromEntries(found.map(({ name, tools }) => [name, Object.keys(tools).length > 0])))
    })
  })
}
