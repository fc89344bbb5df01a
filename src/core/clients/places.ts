import { existsSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { hasErrno } from '../errors.ts'
import { namesIn } from '../names-in.ts'
import type { Client, ClientFile, FileScope, KeyPath } from './client.ts'
import type { Format } from './document.ts'

/** From where discovery looks: everything it would otherwise ask the process. */
export interface Where {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly platform: NodeJS.Platform
  readonly home: string
}

/** From that directory on this machine, for the user whose environment it is. */
export function whereFrom(env: NodeJS.ProcessEnv, cwd: string): Where {
  return { env, cwd, platform: process.platform, home: env.HOME || homedir() }
}

/** One existing config file of one client. */
export interface ConfigFile {
  readonly client: Client
  readonly scope: FileScope
  /** As the client opens it. */
  readonly file: string
  /** With links followed: two clients may share one file. */
  readonly realFile: string
  readonly format: Format
  readonly at: readonly KeyPath[]
  /** Directory whose project it belongs to. */
  readonly project?: string
}

/** A `*` in the table's paths expands to at most this many names of one directory. */
const MAX_NAMES = 1_000

/** The config files of these clients that exist here, each real file once: the client that stands first in the table has it. */
export function configFiles(clients: readonly Client[], where: Where): readonly ConfigFile[] {
  const found = new Map<string, ConfigFile>()
  for (const client of clients) {
    for (const row of client.files) {
      for (const { path, project } of expand(row, where)) {
        const realFile = realPath(path)
        if (realFile === undefined || found.has(realFile)) continue
        found.set(realFile, {
          client,
          scope: row.scope,
          file: path,
          realFile,
          format: formatOf(path),
          at: row.at ?? client.at,
          ...(project === undefined ? {} : { project }),
        })
      }
    }
  }
  return [...found.values()]
}

/** The language of a config file, by its name. */
export function formatOf(file: string): Format {
  if (file.endsWith('.toml')) return 'toml'
  return /\.ya?ml$/.test(file) ? 'yaml' : 'json'
}

/** The file behind all links; undefined when there is none. */
export function realPath(file: string): string | undefined {
  try {
    return realpathSync(file)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined
    // A directory that cannot be searched: reading the file reports it.
    if (hasErrno(error, 'EACCES')) return file
    throw error
  }
}

/** Stands for a `*` of the table: no path can hold it, so that one in the name of a directory is a letter like any other. */
const ANY = '\0'

function expand(row: ClientFile, where: Where): { path: string; project?: string }[] {
  if (!row.path.includes('{project}'))
    return pathOf(row.path, where, '').flatMap((path) =>
      matches(resolve(where.cwd, path)).map((file) => ({ path: file })),
    )
  return projectsOf(where).flatMap((project) =>
    pathOf(row.path, where, project).flatMap((path) =>
      matches(path).map((file) => ({ path: file, project })),
    ),
  )
}

/** In one pass: what a directory is called is never looked at again. None where a variable without a fallback is not set. */
function pathOf(pattern: string, { env, home, platform }: Where, project: string): readonly string[] {
  const config = env.XDG_CONFIG_HOME || join(home, '.config')
  const app = platform === 'darwin' ? join(home, 'Library/Application Support') : config
  const places: Readonly<Record<string, string>> = { config, app, project }
  const path = pattern
    .replaceAll('*', ANY)
    .replace(
      /\{(\w+)(?:\|([^}]*))?\}/g,
      (_, name: string, fallback = '') => places[name] ?? (env[name] || fallback),
    )
    .replace(/^~(?=\/|$)/, () => home)
  return path === '' ? [] : [path]
}

/** The working directory and the root of the git work tree around it. */
function projectsOf(where: Where): readonly string[] {
  const cwd = resolve(where.cwd)
  for (let directory = cwd; ; directory = dirname(directory)) {
    if (existsSync(join(directory, '.git'))) return [...new Set([cwd, directory])]
    if (directory === dirname(directory)) return [cwd]
  }
}

function matches(path: string): readonly string[] {
  const star = path.indexOf(ANY)
  if (star < 0) return [path]
  const slash = path.lastIndexOf('/', star)
  const end = path.indexOf('/', star)
  const directory = path.slice(0, slash)
  const [before = '', after = ''] = path.slice(slash + 1, end < 0 ? undefined : end).split(ANY)
  const rest = end < 0 ? '' : path.slice(end)
  return [...namesIn(directory)]
    .sort()
    .slice(0, MAX_NAMES)
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .flatMap((name) => matches(`${directory}/${name}${rest}`))
}
