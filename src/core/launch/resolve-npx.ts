import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isExactVersion, type NpmCommand } from './npm-command.ts'
import { binsOf, defaultBin, type PackageJson, packageOf, readPackageJson, upwards } from './package-json.ts'
import { type Place, which } from './which.ts'

/** An installed program and how to start it without its runner. */
export interface Installed {
  readonly file: string
  readonly args: readonly string[]
  readonly package: string
  readonly version: string
  /** The runner puts this directory first in PATH. */
  readonly binDir: string
  readonly why: string
}

/**
 * The program `npx` would end up running, or the reason (a sentence) to leave the choice to npx.
 *
 * The order is npx's own: a program or package of the project, a global one, the npx cache. One thing differs: for a
 * name, tag or range npx asks the registry each time and may update; here the copy it cached last is used as it is,
 * so every session gets the same version until npx is run again. `package` and `version` say which.
 */
export function resolveNpx(command: NpmCommand, place: Place): Installed | string {
  if (!command.plain) return 'an option may change which program or version npx runs'
  if (command.spec.wanted !== undefined && !/^[\w.+^~-]+$/.test(command.spec.wanted))
    return 'an unusual version'
  const project = projectAt(place.cwd)
  return (
    projectDecides(command, project) ??
    fromProject(command, project, place) ??
    globalDecides(command, place) ??
    fromCache(command, project, place)
  )
}

/** The directory npm takes for the project: the nearest with a package.json or node_modules. */
function projectAt(cwd: string): string {
  return (
    upwards(cwd).find((dir) => isThere(join(dir, 'package.json')) || isThere(join(dir, 'node_modules'))) ??
    cwd
  )
}

/** Projects whose layout or settings only npm can weigh. */
function projectDecides({ spec, bin }: NpmCommand, project: string): string | undefined {
  const own = readPackageJson(project)
  if (own && bin === undefined && binsOf(own)[spec.raw] !== undefined)
    return `${project} itself provides ${spec.raw}`
  if (/^\s*(?:@[\w-]+:)?(?:registry|cache|prefix)\s*=/m.test(textOf(join(project, '.npmrc')))) {
    return `${project}/.npmrc has npm settings of its own`
  }
  const root = upwards(dirname(project)).find((dir) => readPackageJson(dir)?.workspaces !== undefined)
  return root === undefined ? undefined : `${project} may be a workspace of ${root}`
}

function fromProject(command: NpmCommand, project: string, place: Place): Installed | string | undefined {
  const { spec, bin } = command
  if (bin === undefined) {
    for (const dir of upwards(project)) {
      const binDir = join(dir, 'node_modules/.bin')
      if (isThere(join(binDir, spec.raw)))
        return start(command, spec.raw, binDir, place, `a program of ${dir}`)
    }
  }
  const found = readPackageJson(join(project, 'node_modules', spec.name))
  if (!found) return undefined
  if (spec.wanted !== undefined && !isExactVersion(spec.wanted))
    return `${project} has a copy, and only npx can weigh ${spec.raw} against it`
  if (spec.wanted !== undefined && spec.wanted !== found.version) return undefined
  return fromPackage(command, found, join(project, 'node_modules/.bin'), place, `installed in ${project}`)
}

function globalDecides({ spec, bin }: NpmCommand, { cwd, env }: Place): string | undefined {
  const node = which('node', { cwd, env })
  const own = npmSetting('prefix', env) ?? env.PREFIX ?? (node && dirname(dirname(node)))
  // Debian's npm moves its prefix to /usr/local in a file of its own.
  const found = [own, '/usr/local'].some((prefix) => {
    if (prefix === undefined) return false
    const program = bin === undefined && isThere(join(prefix, 'bin', spec.raw))
    return program || isThere(join(prefix, 'lib/node_modules', spec.name))
  })
  return found ? `a global ${spec.name} may come first` : undefined
}

function fromCache(command: NpmCommand, project: string, place: Place): Installed | string {
  const { spec } = command
  const home = place.env.HOME
  const cache = npmSetting('cache', place.env) ?? (home && join(home, '.npm'))
  if (cache === undefined) return 'no npm cache directory is known'
  // npm names the directory after the packages asked for (libnpmexec).
  const key = createHash('sha512').update(spec.raw).digest('hex').slice(0, 16)
  const dir = resolve(project, cache, '_npx', key)
  const asked = readPackageJson(dir)?._npx?.packages
  if (asked?.length !== 1 || asked[0] !== spec.raw) return 'not in the npx cache yet'
  // A lock that a killed npx left behind is swept by the next npx, which is the one this leads to.
  if (isThere(join(dir, 'concurrency.lock'))) return 'npx is installing it right now'
  const found = readPackageJson(join(dir, 'node_modules', spec.name))
  if (!found) return 'not in the npx cache yet'
  if (spec.wanted !== undefined && isExactVersion(spec.wanted) && spec.wanted !== found.version) {
    return `the npx cache holds ${found.version ?? 'an unknown version'}`
  }
  return fromPackage(command, found, join(dir, 'node_modules/.bin'), place, 'installed in the npx cache')
}

function fromPackage(command: NpmCommand, found: PackageJson, binDir: string, place: Place, why: string) {
  const name = command.bin ?? defaultBin(found)
  if (name === undefined) return `${command.spec.name} does not say which of its programs to run`
  return start(command, name, binDir, place, why)
}

/** Started by the path npx uses (a link in .bin), because programs compare it with their own. */
function start(
  command: NpmCommand,
  name: string,
  binDir: string,
  place: Place,
  why: string,
): Installed | string {
  const link = join(binDir, name)
  const owner = realPackageOf(link)
  if (owner?.name === undefined || owner.version === undefined) return `${link} is missing`
  // npx puts these directories first in PATH: a node in one of them is the node that runs.
  const nodes = [binDir, ...upwards(place.cwd).map((dir) => join(dir, 'node_modules/.bin'))]
  const ownNode = nodes.find((dir) => isThere(join(dir, 'node')))
  if (ownNode !== undefined) return `${ownNode} brings its own node`
  const common = { package: owner.name, version: owner.version, binDir, why }
  const shebang = firstLine(link)
  if (/^#!\s*\/usr\/bin\/env\s+node\s*$/.test(shebang)) {
    const node = which('node', place)
    return node === undefined ? 'no node on PATH' : { file: node, args: [link, ...command.args], ...common }
  }
  return which(link, place) === undefined
    ? `${link} is not executable`
    : { file: link, args: command.args, ...common }
}

/** A setting from npm's environment variables or the user's .npmrc, in npm's order. */
function npmSetting(key: 'cache' | 'prefix', env: NodeJS.ProcessEnv): string | undefined {
  const variable = (name: string) => {
    const found = Object.keys(env).find(
      (other) => other.toLowerCase() === `npm_config_${name}` && env[other] !== '',
    )
    return found && env[found]
  }
  const home = env.HOME
  const file = variable('userconfig') ?? (home && join(home, '.npmrc'))
  const line = file && new RegExp(`^\\s*${key}\\s*=\\s*(.+?)\\s*$`, 'm').exec(textOf(file))?.[1]
  const value = variable(key) ?? line?.replace(/^(["'])(.*)\1$/, '$2')
  return value
    ?.replace(/\$\{(\w+)\}/g, (whole, name: string) => env[name] ?? whole)
    .replace(/^~(?=\/)/, home ?? '~')
}

function realPackageOf(link: string): PackageJson | undefined {
  try {
    return packageOf(realpathSync(link))
  } catch {
    return undefined
  }
}

/** The first line of a file, at most 128 bytes of it, which is what the kernel reads of a shebang on older systems. */
function firstLine(file: string): string {
  const buffer = Buffer.alloc(128)
  const fd = openSync(file, 'r')
  try {
    return buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0)).split('\n', 1)[0]!
  } finally {
    closeSync(fd)
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
