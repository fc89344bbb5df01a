import catalog from '../../../templates/catalog.json' with { type: 'json' }
import type { Mode } from '../config/registry.ts'
import { identify, type Program } from './identify.ts'
import type { Place } from './which.ts'

/** One reviewed server: what it holds between calls, and therefore how it may be shared. */
export interface CatalogEntry {
  readonly id: string
  /** Names it is started under, lower case; PyPI names normalised, images without registry default and tag. */
  readonly match: {
    readonly npm?: readonly string[]
    readonly pypi?: readonly string[]
    readonly docker?: readonly string[]
    readonly bin?: readonly string[]
  }
  readonly mode: Mode
  /** One sentence about this server's state. */
  readonly reason: string
  /** What was looked at. */
  readonly source: string
  /** Whether the working directory changes what it does. */
  readonly cwd: 'ignored' | 'used'
  /** Files it reads in the working directory at start: where one is there, the directory counts after all. */
  readonly cwdFiles?: readonly string[]
  /** Whether it asks the client for its roots. */
  readonly roots: boolean
  /** Variables it reads besides the declared ones; a final * stands for any ending. */
  readonly env?: readonly string[]
  /** Most processes at once: 1 when it owns a file, a port or a lock. */
  readonly max?: number
  /** True when its calls spoil each other if they overlap, even in one process: one at a time, whoever asks. */
  readonly serial?: boolean
  /** Arguments or variables that make it keep state per session, whatever `mode` says. */
  readonly sessionWith?: readonly string[]
}

/** How a server is shared, and who said so. */
export interface ModeChoice {
  readonly mode: Mode
  readonly why: string
  readonly by: 'user' | 'catalog' | 'default'
  readonly entry?: CatalogEntry
}

/** Every reviewed server; it is part of the program, so nothing is read or checked at run time. */
export function loadCatalog(): readonly CatalogEntry[] {
  return catalog as readonly unknown[] as readonly CatalogEntry[]
}

/** The reviewed entry of a program. */
export function entryOf(program: Program): CatalogEntry | undefined {
  return loadCatalog().find((entry) => entry.match[program.kind]?.includes(program.name))
}

/** The mode of a server: the user's word, else the catalog's, else isolation. */
export function modeOf(
  argv: readonly string[],
  userMode?: Mode,
  at: Place = { cwd: '/', env: {} },
): ModeChoice {
  const program = identify(argv, at)
  const entry = program && entryOf(program)
  const known = entry && { entry }
  if (userMode) return { mode: userMode, why: 'set by the user', by: 'user', ...known }
  if (!entry) return { mode: 'session', why: whyUnknown(program), by: 'default' }
  const switched = entry.mode === 'session' ? undefined : stateSwitch(entry, argv, at.env)
  if (switched === undefined) return { mode: entry.mode, why: entry.reason, by: 'catalog', entry }
  return {
    mode: 'session',
    why: `${switched} makes ${entry.id} keep state per session`,
    by: 'catalog',
    entry,
  }
}

function whyUnknown(program: Program | undefined): string {
  return program
    ? `${program.kind} ${program.name} is not in the reviewed catalog`
    : 'what the command starts is not certain'
}

/** The argument or variable that makes an entry stateful in this call, if any. */
function stateSwitch(
  entry: CatalogEntry,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): string | undefined {
  const off = (value: string | undefined) => value === undefined || /^(?:|0|false|no|off)$/i.test(value)
  return entry.sessionWith?.find((name) => {
    if (!off(env[name])) return true
    return argv.some(
      (arg) => arg === name || (arg.startsWith(`${name}=`) && !off(arg.slice(name.length + 1))),
    )
  })
}
