import { spawn } from 'node:child_process'
import type { Clock } from '../../clock.ts'

/** One program, run to its end. */
export interface ProgramRun {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly input?: string
  readonly limitMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

const MAX_CHARS = 4_000_000

/** Its output; undefined when it could not be started or did not end in time. It and what it started are killed then, and on abort. */
export function runProgram({
  command,
  args,
  cwd,
  env,
  input,
  limitMs,
  clock,
  signal,
}: ProgramRun): Promise<string | undefined> {
  return new Promise((resolve) => {
    let out = ''
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
      done(undefined)
    }
    const cancel = clock.after(limitMs, kill)
    const done = (result: string | undefined): void => {
      cancel()
      signal.removeEventListener('abort', kill)
      resolve(result)
    }
    signal.addEventListener('abort', kill, { once: true })
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        if (out.length < MAX_CHARS) out += chunk
      })
    child.on('error', () => done(undefined))
    child.on('close', () => done(out))
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
    if (signal.aborted) kill()
  })
}
