import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { afterAll, expect, onTestFinished } from 'vitest'
import { isAlive, rowOf } from '../../src/core/process.ts'

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url))

/** Path of a fixture server. */
export const serverFile = (name: string) => join(fixtures, 'servers', `${name}.mjs`)

/** The watcher's text. */
export const WATCHER = readFileSync(new URL('../../templates/watcher.sh', import.meta.url), 'utf8')

/** A short directory that is gone after the test. */
export function shortDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'my-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }))
  return dir
}

/** Compiles a program of test/fixtures/programs for plain node; call it at the top of a test file. */
export function compileProgram(name: string): string {
  // Below the package, so that DuckDB and templates/ are found from there.
  const cache = join(fixtures, '../../node_modules/.cache/mycelium-test')
  mkdirSync(cache, { recursive: true })
  const dir = mkdtempSync(join(cache, 'program-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const outfile = join(dir, `${name}.mjs`)
  buildSync({
    entryPoints: [join(fixtures, 'programs', `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@duckdb/node-api'],
    logLevel: 'error',
  })
  return outfile
}

type Message = Readonly<Record<string, unknown>>

/** A child that talks in JSON lines. */
export interface Talker {
  readonly pid: number
  readonly child: ChildProcess
  readonly messages: readonly Message[]
  send(line: string): void
  /** The first message, from now on or already there, that has this key and passes. */
  heard(key: string, passes?: (value: unknown) => boolean): Promise<unknown>
  /** The next message that has not been asked for. */
  next(): Promise<Message>
  readonly ended: Promise<void>
}

/** Starts a program of ours; it is killed by its pid after the test at the latest. */
export function startTalker(file: string, args: readonly string[], command = process.execPath): Talker {
  const child = spawn(command, [file, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH },
  })
  const messages: Message[] = []
  const listeners = new Set<() => void>()
  let taken = 0
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve()
      for (const listener of listeners) listener()
    })
  })
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    messages.push(JSON.parse(line))
    for (const listener of listeners) listener()
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const whenever = <T>(look: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const attempt = () => {
        const value = look()
        if (value === undefined && child.exitCode === null && child.signalCode === null) return
        listeners.delete(attempt)
        if (value === undefined) reject(new Error(`ended: ${child.signalCode ?? child.exitCode}`))
        else resolve(value)
      }
      listeners.add(attempt)
      attempt()
    })
  return {
    pid: child.pid!,
    child,
    messages,
    ended,
    send: (line) => child.stdin.write(`${line}\n`),
    heard: (key, passes = () => true) =>
      whenever(() => messages.find((m) => key in m && passes(m[key]))).then((m) => m[key]),
    next: () => whenever(() => (taken < messages.length ? messages[taken++] : undefined)),
  }
}

/** Waits until the condition holds; fails when it does not within the limit. */
export async function until(what: string, holds: () => boolean, limitMs = 10_000): Promise<void> {
  await expect.poll(holds, { timeout: limitMs, interval: 10, message: what }).toBe(true)
}

/** True when nobody runs under this pid (a zombie does not). */
export const isGone = (pid: number) => rowOf(pid)?.ended ?? true

/** Pids of running processes whose environment has this text. */
export const pidsWithEnvironment = (text: string) =>
  pidsWhere((pid) => readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text))

/** Pids of running processes whose command line has this text; arguments are apart by NUL. */
export const pidsWithCommand = (text: string) =>
  pidsWhere((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text))

/** Pids of running processes whose working directory this is. */
export const pidsWorkingIn = (dir: string) => pidsWhere((pid) => readlinkSync(`/proc/${pid}/cwd`) === dir)

function pidsWhere(holds: (pid: string) => boolean): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return holds(pid)
      } catch {
        return false
      }
    })
    .map(Number)
    .filter((pid) => !isGone(pid))
}

/** Ends by pid whatever a failed test left. */
export function killAfterTest(...pids: readonly number[]): void {
  const identities = pids.flatMap((pid) => rowOf(pid) ?? [])
  onTestFinished(() => {
    for (const identity of identities) {
      try {
        if (isAlive(identity)) process.kill(identity.pid, 'SIGKILL')
      } catch {
        // Gone in this instant.
      }
    }
  })
}
