/** A package asked for by name: `@scope/name`, `name@1.2.3`, `name@latest`. */
export interface NpmSpec {
  /** As written; npm names its cache directory after it. */
  readonly raw: string
  readonly name: string
  /** What follows the @; absent when only the name was given. */
  readonly wanted?: string
}

/** What `npx`, `npm exec`, `bunx`, `pnpm dlx` or `yarn dlx` was asked to run. */
export interface NpmCommand {
  readonly spec: NpmSpec
  /** The program inside the package; absent when the package decides. */
  readonly bin?: string
  readonly args: readonly string[]
  /** False when an option may change which program or version runs: then only the runner itself knows. */
  readonly plain: boolean
}

/** Options that change nothing about which program runs. */
const PLAIN = new Set([
  '-y',
  '--yes',
  '-q',
  '--quiet',
  '-s',
  '--silent',
  '--no-audit',
  '--no-fund',
  '--prefer-offline',
])
/** Options without a value that may change it. */
const SWITCHES = new Set([
  ...[
    '--offline',
    '--prefer-online',
    '--no-install',
    '--no',
    '--yes=true',
    '--yes=false',
    '--no-yes',
    '--bun',
  ],
  ...['--no-update-notifier', '--verbose', '--ignore-scripts', '--legacy-peer-deps', '--force', '-f'],
])
/** Options with a value that may change it. */
const VALUED = new Set([
  '--registry',
  '--cache',
  '--userconfig',
  '--prefix',
  '--loglevel',
  '--node-options',
  '--allow-build',
])
/** Programs that run something else than the package they were asked for with. */
const INTERPRETERS = new Set([
  'node',
  'sh',
  'bash',
  'zsh',
  'env',
  'python',
  'python3',
  'npx',
  'npm',
  'tsx',
  'ts-node',
  'bun',
  'deno',
])

/** The words that stand before the runner's own options, by runner name. */
const RUNNERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  npx: [[]],
  npm: [['exec'], ['x']],
  bunx: [[]],
  bun: [['x']],
  pnpx: [[]],
  pnpm: [['dlx']],
  yarn: [['dlx']],
}

/** Reads a package runner's command line; undefined when it is none, or holds anything not understood. */
export function readNpmCommand(runner: string, args: readonly string[]): NpmCommand | undefined {
  const prefix = RUNNERS[runner]?.find((words) => words.every((word, i) => args[i] === word))
  if (!prefix) return undefined
  const packages: string[] = []
  let plain = runner === 'npx' || runner === 'npm'
  let i = prefix.length
  for (; i < args.length; i += 1) {
    const arg = args[i]!
    if (!arg.startsWith('-')) break
    if (arg === '--') {
      i += 1
      break
    }
    const [key, value] = splitOption(arg)
    if (key === '--package' || key === '-p') {
      const name = value ?? args[++i]
      if (name === undefined) return undefined
      packages.push(name)
    } else if (PLAIN.has(arg)) {
      // nothing to remember
    } else if (SWITCHES.has(arg)) plain = false
    else if (VALUED.has(key)) {
      plain = false
      if (value === undefined) i += 1
    } else return undefined
  }
  const separated = args[i - 1] === '--'
  const [first, ...rest] = args.slice(i)
  if (first === undefined || packages.length > 1) return undefined
  const spec = readNpmSpec(packages[0] ?? first)
  if (!spec || (packages.length > 0 && INTERPRETERS.has(first))) return undefined
  const passed = runner === 'npm' && !separated ? argsOfNpmExec(rest) : rest
  if (!passed) return undefined
  return { spec, args: passed, plain, ...(packages.length > 0 && { bin: first }) }
}

/** `npm exec pkg …` still takes options after the package; only `--` ends them. */
function argsOfNpmExec(rest: readonly string[]): readonly string[] | undefined {
  const end = rest.indexOf('--')
  const before = end < 0 ? rest : rest.slice(0, end)
  if (before.some((arg) => arg.startsWith('-'))) return undefined
  return end < 0 ? rest : [...before, ...rest.slice(end + 1)]
}

/** `--key=value` in two; a short or valueless option has no second part. */
function splitOption(arg: string): [string, string | undefined] {
  const at = arg.indexOf('=')
  return at < 0 ? [arg, undefined] : [arg.slice(0, at), arg.slice(at + 1)]
}

/** A registry spec; undefined for paths, tarballs, git and aliases, which name no package of the registry. */
export function readNpmSpec(raw: string): NpmSpec | undefined {
  const found = /^((?:@[a-z0-9~_-][a-z0-9~._-]*\/)?[a-z0-9~_-][a-z0-9~._-]*)(?:@([^/:@]+))?$/i.exec(raw)
  if (!found || /\.(?:tgz|tar|tar\.gz)$/i.test(raw)) return undefined
  const [, name, wanted] = found
  return { raw, name: name!, ...(wanted !== undefined && { wanted }) }
}

/** True when a spec names exactly one version. */
export function isExactVersion(wanted: string): boolean {
  return /^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/.test(wanted)
}
