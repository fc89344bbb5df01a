import { existsSync, realpathSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { readDockerCommand } from './docker-command.ts'
import { readNpmCommand } from './npm-command.ts'
import { packageOf } from './package-json.ts'
import { normalise, readPythonCommand } from './python-command.ts'
import { type Place, which } from './which.ts'

/** Where a program comes from: a registry, or only a name on PATH. */
export type ProgramKind = 'npm' | 'pypi' | 'docker' | 'bin'

/** What program an MCP entry really starts. */
export interface Program {
  readonly kind: ProgramKind
  readonly name: string
  /** Version, range or tag, as far as the entry or the installed package says. */
  readonly version?: string
}

const SHELLS = new Set([
  ...['sh', 'bash', 'zsh', 'dash', 'fish', 'ksh', 'cmd', 'powershell', 'pwsh', 'sudo', 'su', 'xargs', 'exec'],
  ...[
    'uv',
    'pipx',
    'npm',
    'pnpm',
    'yarn',
    'npx',
    'uvx',
    'bunx',
    'pnpx',
    'docker',
    'podman',
    'nerdctl',
    'finch',
    'deno',
  ],
])
const NODE_VALUED = new Set([
  '-r',
  '--require',
  '--import',
  '--loader',
  '--experimental-loader',
  '-C',
  '--conditions',
  '--env-file',
])

/**
 * What program a command line starts, looking through package runners, interpreters, `env`, containers and links.
 * Undefined whenever that is not certain: an unknown server is only isolated more, never less.
 */
export function identify(argv: readonly string[], place: Place): Program | undefined {
  const [command, ...args] = argv
  if (!command) return undefined
  const runner = basename(command)
    .replace(/\.(?:exe|cmd|bat)$/i, '')
    .toLowerCase()
  if (runner === 'env') return identifyAfterEnv(args, place)
  const npm = readNpmCommand(runner, args)
  if (npm) return program('npm', npm.spec.name, npm.spec.wanted)
  const python = readPythonCommand(runner, args)
  if (python)
    return shadowed(python.bin, args, place) ? undefined : program('pypi', python.name, python.wanted)
  const docker = readDockerCommand(runner, args)
  if (docker) return program('docker', docker.image, docker.tag)
  if (runner === 'node' || runner === 'nodejs' || runner === 'bun') return identifyScript(args, place)
  if (SHELLS.has(runner) || /^(?:python|pypy)[0-9.]*$/.test(runner)) return undefined
  return identifyBinary(command, runner, place)
}

/** `env [-i] [-u NAME] [NAME=value …] command …`. */
function identifyAfterEnv(args: readonly string[], place: Place): Program | undefined {
  let i = 0
  for (; i < args.length; i += 1) {
    const arg = args[i]!
    if (arg === '-u' || arg === '--unset') i += 1
    else if (arg === '--') return identify(args.slice(i + 1), place)
    else if (arg.startsWith('-') && arg !== '-i' && arg !== '-' && arg !== '--ignore-environment')
      return undefined
    else if (!arg.startsWith('-') && !/^[A-Za-z_]\w*=/.test(arg)) break
  }
  return identify(args.slice(i), place)
}

/** `node [options] script …`: the package the script belongs to. */
function identifyScript(args: readonly string[], place: Place): Program | undefined {
  let i = args[0] === 'run' ? 1 : 0
  for (; i < args.length && args[i]!.startsWith('-'); i += 1) {
    const arg = args[i]!
    if (NODE_VALUED.has(arg)) i += 1
    else if (
      !/^--(?:no-|enable-|experimental-|trace-|inspect|preserve-|expose-|stack-trace-limit=|[\w-]+=)/.test(
        arg,
      )
    )
      return undefined
  }
  const script = args[i]
  if (script === undefined) return undefined
  const found = packageAt(resolve(place.cwd, script))
  return found && program('npm', found.name, found.version)
}

function identifyBinary(command: string, name: string, place: Place): Program {
  const path = which(command, place)
  const found = path && packageAt(path, '/node_modules/')
  return found ? program('npm', found.name, found.version) : { kind: 'bin', name }
}

/** Name and version of the package a file (followed through links) lies in. */
function packageAt(file: string, below = '/'): { name: string; version: string | undefined } | undefined {
  try {
    const real = realpathSync(file)
    const found = real.includes(below) ? packageOf(real) : undefined
    return found?.name === undefined ? undefined : { name: found.name, version: found.version }
  } catch {
    return undefined
  }
}

/** True when `python -m name` would run a module of the working directory instead of an installed one. */
function shadowed(module: string, args: readonly string[], { cwd }: Place): boolean {
  const asModule = args.some((arg) => /^-\w*m$/.test(arg) || arg === '--module')
  return asModule && (existsSync(join(cwd, module)) || existsSync(join(cwd, `${module}.py`)))
}

function program(kind: ProgramKind, name: string, version: string | undefined): Program {
  const lower = kind === 'pypi' ? normalise(name) : name.toLowerCase()
  return { kind, name: lower, ...(version !== undefined && { version }) }
}
