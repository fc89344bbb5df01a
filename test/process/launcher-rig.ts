import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject, onTestFinished } from 'vitest'
import { type Paths, pathsOf, preparePaths } from '../../src/core/config/paths.ts'
import { type LauncherParts, renderLauncher } from '../../src/core/launch/render.ts'

/** What every relay but nc sends when the agent closes its side; typed in here, because it is wire. */
export const MARKER = '\nmycelium-eof\n'

/** The relays a launcher can become. */
export const RELAYS = ['c', 'perl', 'nc', 'node'] as const
export type Relay = (typeof RELAYS)[number]

const here = fileURLToPath(new URL('.', import.meta.url))
/** The daemon that launchers start in tests. */
export const DAEMON_SCRIPT = join(here, '../fixtures/launcher-daemon.mjs')
export const RELAY_SCRIPT = join(here, '../../templates/relay.mjs')

/** Compiled for this run of the tests; empty where there is no C compiler. */
export const RELAY_BINARY = inject('relayBinary')

/** Says on stdout that it runs, then echoes: the original server of most launchers here. */
export const ORIGINAL = ['/bin/sh', '-c', 'echo direct "$#" && exec cat', 'original']

/** True when this program is installed. */
export function has(program: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'command -v "$1"', '-', program]).status === 0
}

/** True when launchers can become this relay here. */
export function isHere(relay: Relay): boolean {
  if (relay === 'c') return RELAY_BINARY !== ''
  return relay === 'node' || has(relay)
}

/** A root of its own with a launcher in it; gone after the test. */
export function makeLauncher(
  over: Partial<LauncherParts> = {},
  edit: (text: string) => string = (text) => text,
): { file: string; paths: Paths } {
  const paths = pathsOf(mkdtempSync(join(tmpdir(), 'my-')))
  onTestFinished(() => rmSync(paths.root, { recursive: true, force: true, maxRetries: 5 }))
  const file = join(paths.root, 'launcher')
  const parts: LauncherParts = {
    id: 'toy',
    argv: ORIGINAL,
    paths,
    nodePath: process.execPath,
    daemonScript: DAEMON_SCRIPT,
    relayScript: RELAY_SCRIPT,
    relayBinary: RELAY_BINARY,
    ...over,
  }
  writeFileSync(file, edit(renderLauncher(parts)), { mode: 0o700 })
  return { file, paths }
}

/** A hello as the daemon reads it, values byte-exact in latin1. */
export interface Hello {
  readonly header: ReadonlyMap<string, string>
  readonly args: readonly string[]
  readonly env: ReadonlyMap<string, string>
}

/** One connection the toy daemon took. */
export interface Session {
  readonly hello: Hello
  readonly stream: Socket
  /** Settled at EOF with all that arrived, unless the test's `talk` reads for itself. */
  readonly received: Promise<Buffer>
}

type Talk = (stream: Socket) => void

function decodeHello(hex: string): Hello {
  const records = Buffer.from(hex, 'hex').toString('latin1').split('\0')
  const gap = records.indexOf('')
  const pair = (record: string): [string, string] => {
    const at = record.indexOf('=')
    return [record.slice(0, at), record.slice(at + 1)]
  }
  const header = records.slice(0, gap).map(pair)
  return {
    header: new Map(header.filter(([key]) => key !== 'arg')),
    args: header.filter(([key]) => key === 'arg').map(([, value]) => value),
    env: new Map(records.slice(gap + 1).map(pair)),
  }
}

/** A daemon inside the test: takes hellos and tickets, then lets `talk` have the stream. `answer` null: silence. */
export async function listen(paths: Paths, talk: Talk = () => {}, answer: string | null = 'ok\n') {
  preparePaths(paths)
  const waiting: ((session: Session) => void)[] = []
  const sessions: Session[] = []
  const streams = new Set<Socket>()
  const servers: Server[] = []
  const open = async (path: string, take: Talk) => {
    const server = createServer({ allowHalfOpen: true }, (stream) => {
      streams.add(stream)
      stream.on('error', () => {})
      take(stream)
    })
    servers.push(server)
    await once(server.listen(path), 'listening')
  }
  const admit = (stream: Socket, hello: Hello) => {
    const chunks: Buffer[] = []
    const received = new Promise<Buffer>((resolve) => {
      stream.on('close', () => resolve(Buffer.concat(chunks)))
      stream.on('end', () => resolve(Buffer.concat(chunks)))
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    const session = { hello, stream, received }
    talk(stream)
    const next = waiting.shift()
    if (next) next(session)
    else sessions.push(session)
  }
  await open(paths.socket, (stream) => {
    let head = ''
    stream.on('data', async function greet(chunk: Buffer) {
      head += chunk.toString('latin1')
      if (!head.includes('\n')) return
      stream.off('data', greet)
      const [word, , hex = ''] = head.trimEnd().split(' ')
      if (answer === null) return
      if (answer !== 'ok\n') return stream.end(answer)
      const hello = decodeHello(hex)
      if (word === 'mycelium-hello') {
        stream.write(answer)
        return admit(stream, hello)
      }
      const path = join(paths.run, `t-${servers.length}.sock`)
      await open(path, (own) => admit(own, hello))
      stream.end(`ok ${path}\n`)
    })
  })
  onTestFinished(() => {
    for (const stream of streams) stream.destroy()
    for (const server of servers) server.close()
  })
  return {
    /** The next connection that was taken. */
    session: () =>
      new Promise<Session>((resolve) => {
        const ready = sessions.shift()
        if (ready) resolve(ready)
        else waiting.push(resolve)
      }),
  }
}

/** An agent's view of its server. */
export interface Agent {
  readonly child: ChildProcessWithoutNullStreams
  /** Settled when the process has ended and its output was read. */
  readonly done: Promise<{
    code: number | null
    signal: NodeJS.Signals | null
    stdout: Buffer
    stderr: string
  }>
}

/** Starts a command as agents do; ended with the test. */
export function agent(
  command: readonly string[],
  options: { relay?: Relay | 'direct'; env?: NodeJS.ProcessEnv; cwd?: string; detached?: boolean } = {},
): Agent {
  const env = { PATH: process.env.PATH, ...options.env, MYCELIUM_RELAY: options.relay }
  const child = spawn(command[0]!, command.slice(1), {
    env,
    cwd: options.cwd ?? tmpdir(),
    detached: options.detached ?? false,
  })
  const stdout: Buffer[] = []
  let stderr = ''
  child.stdin.on('error', () => {})
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const done = new Promise<Awaited<Agent['done']>>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout: Buffer.concat(stdout), stderr }))
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, done }
}

/** Resolves when the agent has read this many bytes. */
export async function readBytes(from: Agent, count: number): Promise<void> {
  let seen = 0
  await new Promise<void>((resolve) => {
    from.child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.length
      if (seen >= count) resolve()
    })
  })
}

/** Bytes that never repeat in step with a buffer, so that a lost or moved chunk changes the hash. */
export function noise(bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  let x = 88172645
  for (let at = 0; at + 4 <= bytes; at += 4) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    buffer.writeInt32LE(x, at)
  }
  return buffer
}
