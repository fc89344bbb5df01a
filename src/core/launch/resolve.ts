import { basename } from 'node:path'
import { MyceliumError } from '../errors.ts'
import { readNpmCommand } from './npm-command.ts'
import { readPythonCommand } from './python-command.ts'
import { resolveNpx } from './resolve-npx.ts'
import { resolveUvx } from './resolve-uvx.ts'
import { type Place, searchPath, which } from './which.ts'

/** What to execute for a config entry. */
export interface ResolvedCommand {
  /** Absolute path. */
  readonly file: string
  readonly args: readonly string[]
  /** `npx`, `uvx`: the runner was left out. `path`: the command itself. `as-is`: a runner that has to decide itself. */
  readonly how: 'npx' | 'uvx' | 'path' | 'as-is'
  /** The installed package that runs, where the runner was left out: what drift is measured against. */
  readonly package?: string
  readonly version?: string
  /** Directory the runner would have put first in PATH; the spawn has to do it instead. */
  readonly binDir?: string
  readonly why: string
}

/**
 * The executable behind a command line: `npx` and `uvx` are left out where the program they would start is certain,
 * anything else is found on PATH. Reads the disk, starts nothing. Throws server_command_missing.
 */
export function resolveCommand({
  argv,
  cwd,
  env,
}: { readonly argv: readonly string[] } & Place): ResolvedCommand {
  const [command = '', ...args] = argv
  const place = { cwd, env }
  const file = which(command, place)
  if (file === undefined) throw commandMissing(command, place)
  const runner = basename(command)
  const npm = readNpmCommand(runner, args)
  if (npm) {
    const found = resolveNpx(npm, place)
    return typeof found === 'string' ? { file, args, how: 'as-is', why: found } : { how: 'npx', ...found }
  }
  if (runner === 'uvx' || runner === 'uv') {
    const python = readPythonCommand(runner, args)
    const found = python ? resolveUvx(python, place) : 'not a plain tool run'
    return typeof found === 'string' ? { file, args, how: 'as-is', why: found } : { how: 'uvx', ...found }
  }
  if (runner === 'npx') return { file, args, how: 'as-is', why: 'not a plain npx call' }
  return { file, args, how: 'path', why: command.includes('/') ? 'the path itself' : 'found on PATH' }
}

function commandMissing(command: string, place: Place): MyceliumError {
  if (command.includes('/')) {
    return new MyceliumError(
      'server_command_missing',
      `${command}: not an executable file (from ${place.cwd})`,
      { data: { command } },
    )
  }
  const searched = searchPath(place).length
  return new MyceliumError(
    'server_command_missing',
    `${command || 'an empty command'}: in none of the ${searched} directories of PATH`,
    { data: { command, searched } },
  )
}
