import { spawn } from 'node:child_process'
import type { Clock } from '../clock.ts'
import { MyceliumError } from '../errors.ts'

/** How a program ended; no code means a signal. */
export interface ToolResult {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

const LIMIT_MS = 30_000
/** A crontab has some kilobytes. */
const MAX_BYTES = 16 * 1024 * 1024

/** Runs a scheduler's own program to its end. Throws scheduler_refused when it cannot be started or does not end. */
export function runTool(
  file: string,
  args: readonly string[],
  { env, clock, input }: { readonly env: NodeJS.ProcessEnv; readonly clock: Clock; readonly input?: Buffer },
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: '/', env, stdio: ['pipe', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const errors: Buffer[] = []
    let bytes = 0
    const refuse = (what: string, cause?: unknown) =>
      reject(new MyceliumError('scheduler_refused', `${file} ${what}`, { cause }))
    const keepIn = (list: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= MAX_BYTES) list.push(chunk)
    }
    const cancel = clock.after(LIMIT_MS, () => {
      child.kill('SIGKILL')
      refuse(`did not end within ${LIMIT_MS / 1_000} s`)
    })
    child.stdout.on('data', keepIn(out))
    child.stderr.on('data', keepIn(errors))
    child.once('error', (cause: NodeJS.ErrnoException) => {
      cancel()
      refuse(`did not start: ${cause.code}`, cause)
    })
    child.once('close', (code) => {
      cancel()
      if (bytes > MAX_BYTES) refuse(`said more than ${MAX_BYTES} bytes`)
      resolve({ code, stdout: Buffer.concat(out), stderr: Buffer.concat(errors).toString('utf8') })
    })
    // It may end without having read.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
