import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, systemClock } from '../clock.ts'
import type { Paths } from '../config/paths.ts'
import { hasErrno, MyceliumError } from '../errors.ts'
import { type Place, which } from './which.ts'

/** What the relay answers to --check; pairs with WORKS in templates/relay.c. */
const WORKS = 42
const COMPILERS = ['cc', 'gcc', 'clang'] as const
/** A static program starts faster and shares more. macOS has none, other systems may lack the library for it. */
const LINKING: readonly (readonly string[])[] = [['-static'], []]
/** For all attempts together. */
const COMPILE_LIMIT_MS = 20_000
const CHECK_LIMIT_MS = 2_000
const NAME = /^relay-[0-9a-f]{12}$/

/** Where and from what the relay is compiled. */
export interface Workshop extends Place {
  readonly paths: Paths
  /** relay.c of the package. */
  readonly source: string
  readonly platform: NodeJS.Platform
  /** Aborted: whatever runs is ended, and `interrupted` thrown. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

/**
 * The path of a compiled relay that runs on this machine, made now unless it is there; undefined where none can be made: launchers then
 * become another relay. Throws interrupted, and nothing else.
 */
export async function compiledRelay(workshop: Workshop): Promise<string | undefined> {
  try {
    const path = relayPath(workshop)
    if (!(await works(path, workshop)) && !(await compile(path, workshop))) return undefined
    return path
  } catch (error) {
    // The system's refusals (a full disk, a directory that cannot be written) concern init where it must write.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return undefined
  }
}

/** Removes relays made from other sources, once no launcher names them any more. */
export function removeOtherRelays(paths: Paths, kept: string): void {
  for (const name of readdirSync(paths.bin)) {
    const other = join(paths.bin, name)
    if (NAME.test(name) && other !== kept) rmSync(other, { force: true })
  }
}

/** What compiledRelay would most likely give, found out without making anything. */
export async function expectedRelay(workshop: Workshop): Promise<string | undefined> {
  const path = relayPath(workshop)
  return (await works(path, workshop)) || (await compilers(workshop)).length > 0 ? path : undefined
}

/** Where the relay of a source is, or would be. Another source has another name, so that an upgrade never overwrites a relay that runs. */
export function relayPath({ paths, source }: Pick<Workshop, 'paths' | 'source'>): string {
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex')
  return join(paths.bin, `relay-${hash.slice(0, 12)}`)
}

async function compilers(workshop: Workshop): Promise<readonly string[]> {
  const found = COMPILERS.flatMap((name) => which(name, workshop) ?? [])
  if (workshop.platform !== 'darwin') return found
  // Without its command line tools, macOS answers to the names in /usr/bin with a dialog that offers to install them.
  const select = which('xcode-select', workshop)
  const installed = select !== undefined && (await exitCode(select, ['-p'], CHECK_LIMIT_MS, workshop)) === 0
  return installed ? found : found.filter((path) => !path.startsWith('/usr/bin/'))
}

/** True once there is a relay at `path` that works. */
async function compile(path: string, workshop: Workshop): Promise<boolean> {
  const clock = workshop.clock ?? systemClock
  const deadlineMs = clock.now() + COMPILE_LIMIT_MS
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`
  const usable = await compilers(workshop)
  if (usable.length === 0) return false
  mkdirSync(workshop.paths.bin, { recursive: true, mode: 0o700 })
  try {
    for (const compiler of usable) {
      for (const linking of LINKING) {
        const args = ['-Os', ...linking, '-o', temporary, workshop.source]
        const leftMs = deadlineMs - clock.now()
        if (leftMs <= 0 || (await exitCode(compiler, args, leftMs, workshop)) !== 0) continue
        if (!(await works(temporary, workshop))) continue
        // Set apart from the linker, which applies the umask.
        chmodSync(temporary, 0o755)
        renameSync(temporary, path)
        return true
      }
    }
    return false
  } finally {
    rmSync(temporary, { force: true })
    removeIfEmpty(workshop.paths.bin)
  }
}

/** In a directory of our own and without PATH: what the system refuses is run by sh as a script. Pairs with launcher.sh. */
async function works(path: string, workshop: Workshop): Promise<boolean> {
  const place = { ...workshop, cwd: workshop.paths.bin, env: { ...workshop.env, PATH: '' } }
  return (await exitCode(path, ['--check'], CHECK_LIMIT_MS, place)) === WORKS
}

/** Undefined when it could not be started, was ended by a signal or went on for longer than `limitMs`. Throws interrupted. */
async function exitCode(
  command: string,
  args: readonly string[],
  limitMs: number,
  { cwd, env, signal, clock = systemClock }: Workshop,
): Promise<number | undefined> {
  if (signal?.aborted) throw interrupted()
  const child = started(command, args, { cwd, env })
  if (child === undefined) return undefined
  const kill = () => {
    if (child.pid !== undefined) killGroup(child.pid)
  }
  const cancel = clock.after(limitMs, kill)
  signal?.addEventListener('abort', kill)
  const code = await new Promise<number | undefined>((resolve) => {
    child.once('error', () => resolve(undefined))
    child.once('exit', (value) => resolve(value ?? undefined))
  })
  cancel()
  signal?.removeEventListener('abort', kill)
  if (signal?.aborted) throw interrupted()
  return code
}

/** Some refusals of the system come as an event, others are thrown. */
function started(
  command: string,
  args: readonly string[],
  place: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): ChildProcess | undefined {
  try {
    // A group of its own: a compiler is several processes.
    return spawn(command, args, { ...place, stdio: 'ignore', detached: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return undefined
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // It ended in this instant.
    if (!hasErrno(error, 'ESRCH', 'EPERM')) throw error
  }
}

function interrupted(): MyceliumError {
  return new MyceliumError('interrupted', 'stopped while the relay was compiled')
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch (error) {
    if (!hasErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error
  }
}
