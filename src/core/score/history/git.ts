import { spawn } from 'node:child_process'
import type { Clock } from '../../clock.ts'

/** Where git runs, and by whose time. */
export interface GitPlace {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
}

/** How a run of git ended. */
export interface GitEnd {
  readonly how: 'done' | 'failed' | 'absent' | 'time'
  /** The start of what it said on stderr. */
  readonly complaint: string
}

/** What one run may be told besides its arguments. */
export interface GitRun {
  readonly limitMs: number
  readonly onOutput: (chunk: Buffer) => void
  readonly input?: string
}

const MAX_COMPLAINT_CHARS = 2_000

/**
 * Settings of the user that would change what is printed, run a program, or wait. Trust is not among them: whether a directory may be read
 * (`safe.directory`) stays what the user has decided.
 */
const PLAIN = [
  'core.quotePath=false',
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'diff.relative=false',
  'diff.renameLimit=1000',
  'diff.noprefix=false',
  'log.diffMerges=first-parent',
  'log.follow=false',
  'log.showSignature=false',
  'log.mailmap=false',
  'log.showRoot=true',
  'i18n.logOutputEncoding=UTF-8',
].flatMap((setting) => ['-c', setting])

/** Runs git to its end and hands over its output as it comes; never throws and never asks anyone anything. Killed after limitMs. */
export function runGit(args: readonly string[], place: GitPlace, run: GitRun): Promise<GitEnd> {
  return new Promise((resolve) => {
    let complaint = ''
    let timedOut = false
    const child = spawn('git', ['--no-pager', ...PLAIN, ...args], {
      cwd: place.cwd,
      env: plainEnv(place.env),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const cancel = place.clock.after(run.limitMs, () => {
      timedOut = true
      child.kill('SIGKILL')
    })
    child.stdout.on('data', (chunk: Buffer) => {
      if (!timedOut) run.onOutput(chunk)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (complaint.length < MAX_COMPLAINT_CHARS) complaint += text
    })
    // It may end before it has read everything; how it ended tells.
    child.stdin.on('error', () => {})
    child.stdin.end(run.input ?? '')
    child.once('error', (error) => {
      cancel()
      resolve({ how: 'absent', complaint: error.message })
    })
    // `close` and not `exit`: the last output may come after the exit, and git leaves nobody behind with its pipes.
    child.once('close', (code) => {
      cancel()
      resolve({ how: timedOut ? 'time' : code === 0 ? 'done' : 'failed', complaint: complaint.trim() })
    })
  })
}

/** Runs git and keeps its output, at most maxBytes of it. */
export async function gitText(
  args: readonly string[],
  place: GitPlace,
  { limitMs = 10_000, maxBytes = 64 << 20, input = '' } = {},
): Promise<{ readonly end: GitEnd; readonly bytes: Buffer }> {
  const chunks: Buffer[] = []
  let size = 0
  const onOutput = (chunk: Buffer): void => {
    size += chunk.length
    if (size <= maxBytes) chunks.push(chunk)
  }
  const end = await runGit(args, place, { limitMs, onOutput, input })
  return { end, bytes: Buffer.concat(chunks) }
}

/** Variables of git may point at another repository (as in a hook), trace into our output, or ask for a password. */
function plainEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('GIT_'))
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    // A partial clone would fetch what it lacks from the network.
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'none',
  }
}
