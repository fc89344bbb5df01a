import { type ChildProcess, spawn } from 'node:child_process'
import type { Clock } from '../../clock.ts'
import { hasErrno } from '../../errors.ts'

/** Where git runs, and by whose time. */
export interface GitPlace {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  /** Ends every run at once. */
  readonly signal?: AbortSignal
}

/** How a run of git ended. */
export interface GitEnd {
  readonly how: 'done' | 'failed' | 'absent' | 'time' | 'stopped'
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
/** What git left behind with its pipes (a filter's child, a credential helper) may keep them for so long after its end. */
const GRACE_MS = 500

/**
 * Settings of the user that would change what is printed, run a program, or wait. Trust is not among them: whether a directory may be read
 * (`safe.directory`) stays what the user has decided.
 */
const PLAIN = [
  'core.quotePath=false',
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'diff.relative=false',
  'diff.orderFile=/dev/null',
  'diff.renameLimit=1000',
  'diff.noprefix=false',
  'log.diffMerges=first-parent',
  'log.follow=false',
  'log.showSignature=false',
  'log.mailmap=false',
  'log.showRoot=true',
  'i18n.logOutputEncoding=UTF-8',
].flatMap((setting) => ['-c', setting])

/** Runs git to its end and hands over its output as it comes; never throws and never asks anyone anything. Killed with all it started after limitMs. */
export function runGit(args: readonly string[], place: GitPlace, run: GitRun): Promise<GitEnd> {
  return new Promise((resolve) => {
    if (place.signal?.aborted) return resolve({ how: 'stopped', complaint: '' })
    let complaint = ''
    let isOver = false
    // A group of its own, so that filters and hooks end with it; a terminal's ^C comes by the signal then.
    const child = spawn('git', ['--no-pager', ...PLAIN, ...args], {
      cwd: place.cwd,
      env: plainEnv(place.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
    const end = (how: GitEnd['how'], said = complaint.trim()): void => {
      if (isOver) return
      isOver = true
      for (const cancel of cancels) cancel()
      place.signal?.removeEventListener('abort', stop)
      resolve({ how, complaint: said })
    }
    /** Whoever is not of the group may still hold the pipes: nobody waits for them. */
    const giveUp = (how: GitEnd['how']): void => {
      killGroup(child)
      for (const pipe of child.stdio) pipe?.destroy()
      end(how)
    }
    const stop = (): void => giveUp('stopped')
    const cancels = [place.clock.after(run.limitMs, () => giveUp('time'))]
    place.signal?.addEventListener('abort', stop)
    child.stdout.on('data', (chunk: Buffer) => {
      if (!isOver) run.onOutput(chunk)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (complaint.length < MAX_COMPLAINT_CHARS) complaint += text
    })
    // It may end before it has read everything; how it ended tells.
    child.stdin.on('error', () => {})
    child.stdin.end(run.input ?? '')
    child.once('error', (error) => end('absent', error.message))
    // The last output may come after the exit. Once nobody holds the pipes they end, and not a byte of it is lost.
    child.once('exit', () => cancels.push(place.clock.after(GRACE_MS, () => killGroup(child))))
    child.once('close', (code) => end(code === 0 ? 'done' : 'failed'))
  })
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (!hasErrno(error, 'ESRCH', 'EPERM')) throw error
  }
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

/** Where the user's settings are, trust among them, and how far up a repository is looked for. */
const OF_THE_USER =
  /^GIT_(CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM)$/

/** Other variables of git may point at another repository (as in a hook), trace into our output, or ask for a password. */
function plainEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('GIT_') || OF_THE_USER.test(name))
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
