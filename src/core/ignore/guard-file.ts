import { statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fingerprint } from '../hash.ts'
import { readRegular } from '../regular-file.ts'

/** What is hidden in one project, as the hook needs it: read at every tool use, so small and ready to be asked. */
export interface Guard {
  readonly version: 1
  /** Absolute, links followed. */
  readonly project: string
  /** Below the project; everything below these is hidden. */
  readonly directories: readonly string[]
  /** Hidden files that are in none of those. */
  readonly files: readonly string[]
}

/** A guard looked up by path. Pure; paths are absolute and normal. */
export interface Lookup {
  readonly guard: Guard
  /** The path below the project, if it is hidden. */
  hidden(path: string): string | undefined
  /** Hidden directories and files below a directory, or itself; below the project. */
  below(path: string): readonly string[]
}

const DEEPEST = 64

/** Where the guard of a project is. Pairs with isPlanName in config/own-names.ts. */
export function guardPath(directory: string, project: string): string {
  return join(directory, `${fingerprint([project])}.guard.json`)
}

/** Where Claude Code keeps work trees of a project, each a copy of it. */
export const WORK_TREES = '.claude/worktrees'

/**
 * The guard of the project that a directory belongs to: its own, or that of the nearest directory above it. A linked work tree of git has that of
 * the main one, if it has none itself.
 */
export function guardFor(directory: string, from: string): Guard | undefined {
  let at = from
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    const guard = readGuard(guardPath(directory, at))
    if (guard?.project === at) return guard
    const main = mainTreeOf(at)
    const shared = main === undefined ? undefined : readGuard(guardPath(directory, main))
    if (shared?.project === main && shared !== undefined) return { ...shared, project: at }
    if (dirname(at) === at) return undefined
    at = dirname(at)
  }
  return undefined
}

/** The main work tree of a linked one, whose `.git` is a file that names `MAIN/.git/worktrees/NAME`. */
function mainTreeOf(directory: string): string | undefined {
  const file = join(directory, '.git')
  try {
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return undefined
    const named = /^gitdir: (.+)$/m.exec(readRegular(file).toString('utf8'))?.[1]
    return named && /^(.+)\/\.git\/worktrees\/[^/]+$/.exec(resolve(directory, named.trim()))?.[1]
  } catch {
    return undefined
  }
}

/** Undefined where there is none, or none that can be understood: nothing is hidden then. */
export function readGuard(file: string): Guard | undefined {
  let text: string
  try {
    text = readRegular(file).toString('utf8')
  } catch {
    return undefined
  }
  try {
    const value = Object(JSON.parse(text))
    const sound = [value.directories, value.files].every(
      (list) => Array.isArray(list) && list.every((path) => typeof path === 'string'),
    )
    return value.version === 1 && typeof value.project === 'string' && sound ? (value as Guard) : undefined
  } catch {
    return undefined
  }
}

/** Makes a guard ready to be asked. */
export function lookupIn(guard: Guard): Lookup {
  const { project } = guard
  const files = new Set(guard.files)
  const directories = new Set(guard.directories)
  const all = [...guard.directories, ...guard.files]
  // Asked for each name in a directory, of thousands of hidden paths.
  const holding = new Set(all.flatMap((path) => [path, ...directoriesAbove(path)]))
  // `.claude/worktrees/NAME/`: a copy of the project in the project.
  const copyIn = (path: string): string => {
    const start = `${project}/${WORK_TREES}/`
    return path.startsWith(start) ? `${WORK_TREES}/${path.slice(start.length).split('/', 1)[0]}/` : ''
  }
  const inside = (path: string): string | undefined => {
    if (path === project) return ''
    if (!path.startsWith(`${project}/`)) return undefined
    return path.slice(project.length + 1 + copyIn(path).length)
  }
  return {
    guard,
    hidden: (path) => {
      const own = inside(path)
      if (own === undefined || own === '') return undefined
      if (files.has(own)) return own
      for (let at = own.length; at > 0; at = own.lastIndexOf('/', at - 1))
        if (directories.has(own.slice(0, at))) return own
      return undefined
    },
    below: (path) => {
      const own = inside(path)
      // A directory above the project holds it whole.
      const isAbove = own === undefined && (path === '/' || project.startsWith(`${path}/`))
      if (own === undefined && !isAbove) return []
      const copy = copyIn(path)
      const found =
        isAbove || own === ''
          ? all
          : holding.has(own!)
            ? all.filter((one) => one === own || one.startsWith(`${own}/`))
            : []
      return copy === '' ? found : found.map((one) => `${copy}${one}`)
    },
  }
}

function directoriesAbove(path: string): readonly string[] {
  const found: string[] = []
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
    found.push(path.slice(0, at))
  return found
}
