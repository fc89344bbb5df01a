import { hasErrno, MyceliumError } from '../errors.ts'
import { colourPaint, type Paint, plainPaint } from './paint.ts'

/** What a command may touch of its process, handed in as a value so that a test can hand in another. */
export interface Io {
  /** The answer, to stdout. Text or bytes are written as they are: end lines yourself. */
  write(text: string | Uint8Array): void
  /** The talk (progress, notices, errors), to stderr. */
  talk(text: string): void
  /** One question on stderr, one line of stdin; undefined when nobody is there to answer (no terminal, end of input). Throws interrupted. */
  ask(question: string): Promise<string | undefined>
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  /** Columns a table on stdout may fill. */
  readonly width: number
  /** Whether a person watches: stdin can be asked, stdout is a screen, stderr can show progress. */
  readonly terminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean }
  /** Colours for stdout and stderr; they leave text as it is when that stream is no terminal or NO_COLOR is set. */
  readonly paint: { readonly stdout: Paint; readonly stderr: Paint }
  /**
   * Aborted by Ctrl-C. From the first read on, the command has promised to stop by it and to throw `interrupted`; until then Ctrl-C simply
   * ends the process.
   */
  readonly signal: AbortSignal
  /** From here on a signal ends the process at once. For what reckons for long without a pause, in which nobody could hear it, and leaves nothing half-done. */
  endBySignals(): void
}

/** The parts of `process` that an Io is made of. */
export interface ProcessLike {
  readonly env: NodeJS.ProcessEnv
  cwd(): string
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  removeAllListeners?(event: 'SIGINT' | 'SIGTERM'): unknown
}

/** Width of a table where the terminal does not say: files and pipes are read later, in wider windows. */
const PIPE_COLUMNS = 120

/**
 * The Io of a real process. `interruptible` is called once, when a command first reads `signal`. Streams are looked at only when asked about:
 * merely naming process.stdin opens it.
 */
export function ioOf(host: ProcessLike, interruptible: () => AbortSignal): Io {
  let signal: AbortSignal | undefined
  const terminal = {
    get stdin() {
      return host.stdin.isTTY === true
    },
    get stdout() {
      return host.stdout.isTTY === true
    },
    get stderr() {
      return host.stderr.isTTY === true
    },
  }
  return {
    write: (text) => void host.stdout.write(text),
    talk: (text) => void host.stderr.write(text),
    ask: (question) => askOnce(host, question),
    env: host.env,
    get cwd() {
      return cwdOf(host)
    },
    get width() {
      return terminal.stdout ? host.stdout.columns || 80 : Number(host.env.COLUMNS) || PIPE_COLUMNS
    },
    terminal,
    paint: {
      get stdout() {
        return paintFor(terminal.stdout, host.env)
      },
      get stderr() {
        return paintFor(terminal.stderr, host.env)
      },
    },
    get signal() {
      signal ??= interruptible()
      return signal
    },
    endBySignals: () => {
      host.removeAllListeners?.('SIGINT')
      host.removeAllListeners?.('SIGTERM')
    },
  }
}

/** A shell may stand in a directory that is gone, as worktrees go; nothing is read there then. */
function cwdOf(host: ProcessLike): string {
  try {
    return host.cwd()
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
    return host.env.PWD?.startsWith('/') ? host.env.PWD : '/'
  }
}

function paintFor(terminal: boolean, env: NodeJS.ProcessEnv): Paint {
  return terminal && !env.NO_COLOR && env.TERM !== 'dumb' ? colourPaint : plainPaint
}

async function askOnce(host: ProcessLike, question: string): Promise<string | undefined> {
  if (host.stdin.isTTY !== true || host.stderr.isTTY !== true) return undefined
  // Most commands never ask, and loading this takes milliseconds.
  const { createInterface } = await import('node:readline')
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: host.stdin, output: host.stderr })
    lines.once('close', () => resolve(undefined))
    // The terminal is in raw mode while a line is edited, so Ctrl-C arrives here and not as a signal.
    lines.once('SIGINT', () => {
      reject(new MyceliumError('interrupted', 'interrupted'))
      host.stderr.write('\n')
      lines.close()
    })
    lines.question(question, (answer) => {
      resolve(answer)
      lines.close()
    })
  })
}
