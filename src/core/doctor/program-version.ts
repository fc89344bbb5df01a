import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { packageOf } from '../launch/package-json.ts'
import type { Place } from '../launch/which.ts'

const LIMIT_MS = 3_000
const MAX_OUTPUT_CHARS = 4_096

/** The version of a program: its npm package says it, else the program is asked, for 3 s at most. Undefined when neither tells. */
export async function programVersion(file: string, place: Place, clock: Clock): Promise<string | undefined> {
  return packagedVersion(file) ?? versionIn(await said(file, place, clock))
}

function packagedVersion(file: string): string | undefined {
  try {
    const real = realpathSync(file)
    return real.includes('/node_modules/') ? packageOf(real)?.version : undefined
  } catch {
    return undefined
  }
}

function versionIn(text: string): string | undefined {
  return /\d+\.\d+(?:\.\d+)?(?:-[\w.]+)?/.exec(text)?.[0]
}

function said(file: string, place: Place, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const child = spawn(file, ['--version'], {
      ...place,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    const cancel = clock.after(LIMIT_MS, () => kill(child.pid))
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (text.length < MAX_OUTPUT_CHARS) text += chunk
    })
    const settle = (): void => {
      cancel()
      resolve(text)
    }
    child.once('error', settle)
    // Not `close`: a child of it may keep the pipe.
    child.once('exit', () => setImmediate(settle))
  })
}

/** The group: a client may be several processes. */
function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It ended in this instant.
  }
}
