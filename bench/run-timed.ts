import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** How a command is run. */
export interface TimedRun {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Called with the command's pid and those of its children, every so many ms. */
  readonly onPids?: (pids: readonly number[]) => void
  readonly everyMs?: number
}

/** Milliseconds from spawn to exit. Rejects when it does not end with 0. */
export function runTimed(
  [command, ...args]: readonly string[],
  { cwd, env, onPids, everyMs }: TimedRun,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const since = performance.now()
    const child = spawn(command!, args, { cwd, env, stdio: ['ignore', 'ignore', 'ignore'] })
    const timer = onPids && setInterval(() => onPids([child.pid!, ...childrenOf(child.pid!)]), everyMs)
    child.once('error', reject)
    child.once('exit', (code) => {
      clearInterval(timer)
      if (code === 0) resolve(performance.now() - since)
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}`))
    })
  })
}

/** Linux. */
function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number)
  } catch {
    return []
  }
}
