/** What `uvx`, `uv tool run`, `uv run`, `pipx run` or `python -m` was asked to run. */
export interface PythonCommand {
  /** Distribution (or module) name, normalised as PyPI does it. */
  readonly name: string
  /** A version or `latest` that was asked for. */
  readonly wanted?: string
  /** The program inside the distribution. */
  readonly bin: string
  readonly args: readonly string[]
  /** True for a `uvx` call whose options leave the choice of environment to the installed tools. */
  readonly plain: boolean
}

const UV_SWITCHES = new Set([
  ...[
    '--isolated',
    '--no-cache',
    '-n',
    '--refresh',
    '--upgrade',
    '-U',
    '--reinstall',
    '--no-config',
    '--native-tls',
  ],
  ...[
    '--managed-python',
    '--no-managed-python',
    '--no-python-downloads',
    '--no-index',
    '--no-build',
    '--no-binary',
  ],
  ...[
    '--no-sources',
    '--compile-bytecode',
    '--no-env-file',
    '--frozen',
    '--locked',
    '--no-project',
    '--no-sync',
  ],
  ...[
    '--all-extras',
    '--no-dev',
    '--dev',
    '--active',
    '--exact',
    '--only-dev',
    '--no-default-groups',
    '--inexact',
  ],
])
/** Options that change nothing about which program runs. */
const UV_PLAIN = new Set(['-q', '--quiet', '-v', '--verbose', '--offline', '--no-progress'])
const UV_VALUED = new Set([
  ...[
    '--with',
    '-w',
    '--with-editable',
    '--with-requirements',
    '-p',
    '--python',
    '--index',
    '--default-index',
    '-i',
  ],
  ...['--index-url', '--extra-index-url', '-f', '--find-links', '--env-file', '-P', '--upgrade-package'],
  ...['--refresh-package', '--reinstall-package', '--index-strategy', '--keyring-provider', '--resolution'],
  ...['--prerelease', '--link-mode', '-C', '--config-setting', '--cache-dir', '--config-file', '--directory'],
  ...[
    '--project',
    '--color',
    '--exclude-newer',
    '--allow-insecure-host',
    '-c',
    '--constraints',
    '--overrides',
  ],
  ...[
    '-b',
    '--build-constraints',
    '--python-platform',
    '--extra',
    '--group',
    '--package',
    '--no-extra',
    '--no-group',
  ],
])
const PIPX_SWITCHES = new Set([
  '--no-cache',
  '--verbose',
  '-v',
  '-q',
  '--quiet',
  '--pypackages',
  '--fetch-missing-python',
])
const PIPX_VALUED = new Set(['--python', '--pip-args', '--index-url', '-i'])
const INTERPRETER = /^(?:python|pypy)[0-9.]*$/

/** Reads the command line of a Python runner; undefined when it is none, or holds anything not understood. */
export function readPythonCommand(runner: string, args: readonly string[]): PythonCommand | undefined {
  if (runner === 'uvx') return uvTool(args)
  if (runner === 'pipx') return args[0] === 'run' ? pipxRun(args.slice(1)) : undefined
  if (INTERPRETER.test(runner) || runner === 'py') return pythonModule(args)
  if (runner !== 'uv') return undefined
  const global = readOptions(args, [])
  if (!global) return undefined
  const [verb, ...rest] = args.slice(global.end)
  const plain = global.plain
  if (verb === 'tool' && rest[0] === 'run') return demote(uvTool(rest.slice(1)), plain)
  if (verb === 'x') return undefined
  return verb === 'run' ? uvRun(rest) : undefined
}

function uvTool(args: readonly string[]): PythonCommand | undefined {
  const read = readOptions(args, ['--from'])
  if (!read) return undefined
  const [first, ...rest] = args.slice(read.end)
  if (first === undefined || INTERPRETER.test(first)) return undefined
  const from = read.values.get('--from')
  const asked = readRequirement(from ?? first)
  if (!asked) return undefined
  const bin = from === undefined ? asked.written : first
  return { name: asked.name, ...wantedOf(asked), bin, args: rest, plain: read.plain }
}

function uvRun(args: readonly string[]): PythonCommand | undefined {
  const read = readOptions(args, ['--module', '-m'])
  if (!read) return undefined
  const asModule = read.values.get('--module') ?? read.values.get('-m')
  if (asModule !== undefined) return moduleCommand(asModule, args.slice(read.end))
  const [first, ...rest] = args.slice(read.end)
  if (first === undefined) return undefined
  if (INTERPRETER.test(first)) return pythonModule(rest)
  const asked = /\.pyw?$/.test(first) ? undefined : readRequirement(first)
  if (!asked || asked.wanted !== undefined) return undefined
  return { name: asked.name, bin: first, args: rest, plain: false }
}

function pipxRun(args: readonly string[]): PythonCommand | undefined {
  const read = readOptions(args, ['--spec'], PIPX_SWITCHES, PIPX_VALUED)
  if (!read) return undefined
  const [first, ...rest] = args.slice(read.end)
  if (first === undefined || /\.py$/.test(first)) return undefined
  const asked = readRequirement(read.values.get('--spec') ?? first)
  return asked && { name: asked.name, ...wantedOf(asked), bin: first, args: rest, plain: false }
}

function pythonModule(args: readonly string[]): PythonCommand | undefined {
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i]!
    if (arg === '-X' || arg === '-W') i += 1
    else if (/^-[uBEsSIOqvbdx]*m$/.test(arg)) {
      const name = args[i + 1]
      return name === undefined ? undefined : moduleCommand(name, args.slice(i + 2))
    } else if (!/^-(?:[uBEsSIOqvbdx]+|[XW].+)$/.test(arg)) return undefined
  }
  return undefined
}

function moduleCommand(module: string, args: readonly string[]): PythonCommand | undefined {
  if (!/^[A-Za-z_]\w*$/.test(module)) return undefined
  return { name: normalise(module), bin: module, args, plain: false }
}

interface Options {
  readonly end: number
  readonly plain: boolean
  readonly values: ReadonlyMap<string, string>
}

function readOptions(
  args: readonly string[],
  kept: readonly string[],
  switches: ReadonlySet<string> = UV_SWITCHES,
  valued: ReadonlySet<string> = UV_VALUED,
): Options | undefined {
  const values = new Map<string, string>()
  let plain = true
  let i = 0
  for (; i < args.length; i += 1) {
    const arg = args[i]!
    if (arg === '--') return { end: i + 1, plain, values }
    if (!arg.startsWith('-')) break
    const at = arg.startsWith('--') ? arg.indexOf('=') : -1
    const key = at < 0 ? arg : arg.slice(0, at)
    if (kept.includes(key)) {
      const value = at < 0 ? args[++i] : arg.slice(at + 1)
      if (value === undefined) return undefined
      values.set(key, value)
    } else if (valued.has(key)) {
      plain = false
      if (at < 0) i += 1
    } else if (switches.has(arg)) plain = false
    else if (!UV_PLAIN.has(arg)) return undefined
  }
  return { end: i, plain, values }
}

interface Requirement {
  readonly written: string
  readonly name: string
  readonly wanted?: string
}

/** `name`, `name@1.2`, `name[extra]==1.2`, `name>=1`; undefined for URLs, paths and direct references. */
function readRequirement(raw: string): Requirement | undefined {
  const found =
    /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[\w,. -]*\])?(?:\s*(?:@|==|[<>=~!]{1,2})\s*([^/:\s][^/:]*))?$/.exec(
      raw,
    )
  if (!found) return undefined
  const [, written, wanted] = found
  return { written: written!, name: normalise(written!), ...(wanted !== undefined && { wanted }) }
}

function wantedOf(asked: Requirement): { wanted?: string } {
  return asked.wanted === undefined ? {} : { wanted: asked.wanted }
}

function demote(command: PythonCommand | undefined, plain: boolean): PythonCommand | undefined {
  return command && { ...command, plain: command.plain && plain }
}

/** The name PyPI files a distribution under (PEP 503). */
export function normalise(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}
